"""How fast a lane got where it went, read off its trace: cost to reach a level, and the observed linear rate."""

import math

import numpy as np

from engine.parameters import Array
from engine.roundoff import EPSILON

GAPS = (1e-2, 1e-4, 1e-8)
"""The gaps to the best known maximum at which it is told what a lane had spent."""
TAIL = 12
"""So many of the last ratios of gaps decide the observed rate."""

LEAST_RATIOS = 4
NOISE = 1e5


def cost_to_reach(log_likelihood: Array, costs: Array, level: float) -> float:
    """The cost at the first entry whose log-likelihood is at least `level`; infinity where none is.

    Both arrays are (m,); entries that are no likelihood are NaN.
    """
    reached = np.flatnonzero(log_likelihood >= level)
    return float(costs[reached[0]]) if reached.size else math.inf


def observed_rate(log_likelihood: Array, best: float) -> float:
    """The factor by which the gap to `best` shrinks in an iteration, at the end of a trace (m,).

    Near the maximum EM's gap shrinks by the square of its linear rate (Dempster, Laird & Rubin 1977, section
    3), since the log-likelihood is flat there. The geometric mean of the last ratios of gaps that rounding
    does not hide; NaN where there are too few of them.
    """
    gaps = best - log_likelihood[np.isfinite(log_likelihood)]
    noise = NOISE * EPSILON * max(1.0, abs(best))
    seen = gaps > noise
    # What follows the first gap that rounding hides says nothing.
    usable = gaps[: int(np.argmin(seen))] if not np.all(seen) else gaps
    if len(usable) < LEAST_RATIOS + 1:
        return math.nan
    tail = usable[-min(TAIL + 1, len(usable)) :]
    return float((tail[-1] / tail[0]) ** (1.0 / (len(tail) - 1)))
