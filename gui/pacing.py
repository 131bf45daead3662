"""How long the window rests from one tick to the next, so that its engines get their share. No Qt and no clock in it."""

import statistics
from collections import deque

FLAT_OUT_SECONDS = 0.016
PLAYED_SECONDS = 1 / 30
"""While the cursor goes at a speed that was chosen more frames would show nothing new, and cost the engines time."""

LEAST_REST_SECONDS = 0.004
SHARE = 1.5
"""From one tick to the next it takes at least so many times what a tick usually takes: the engines get a third or more."""

REMEMBERED = 9


class Pacing:
    """Knows how long the newest ticks took."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque(maxlen=REMEMBERED)

    def rest_after(self, taken: float, shortest: float) -> float:
        """Seconds until the next tick after one that took so long; ticks are at least `shortest` seconds apart.

        It goes by what ticks usually take, so that a single long one is not followed by a long pause as well.
        """
        self._taken.append(taken)
        period = max(shortest, SHARE * statistics.median(self._taken))
        return max(period - taken, LEAST_REST_SECONDS)
