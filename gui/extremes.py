"""The lowest and the highest of any stretch of a column that grows, without going through all of it each time."""

import numpy as np
import numpy.typing as npt

from engine.parameters import Array

BLOCK = 1024


class Extremes:
    """Keeps the extremes of each full block of a column that only grows; None of its entries changes any more."""

    def __init__(self) -> None:
        self._lows: list[float] = []
        self._highs: list[float] = []

    def between(
        self, values: Array, usable: npt.NDArray[np.bool_], first: int, stop: int
    ) -> tuple[float, float]:
        """Lowest and highest finite value from `first` to before `stop`, of entries that are `usable`.

        Infinity and minus infinity where there is none. `values` and `usable` (m,) hold what was given before,
        and what has been added since.
        """
        for block in range(len(self._lows), stop // BLOCK):
            low, high = _extremes(values, usable, block * BLOCK, (block + 1) * BLOCK)
            self._lows.append(low)
            self._highs.append(high)
        first_block, stop_block = -(-first // BLOCK), stop // BLOCK
        if first_block >= stop_block:
            return _extremes(values, usable, first, stop)
        before = _extremes(values, usable, first, first_block * BLOCK)
        behind = _extremes(values, usable, stop_block * BLOCK, stop)
        return (
            min(before[0], behind[0], *self._lows[first_block:stop_block]),
            max(before[1], behind[1], *self._highs[first_block:stop_block]),
        )


def _extremes(values: Array, usable: npt.NDArray[np.bool_], first: int, stop: int) -> tuple[float, float]:
    part = values[first:stop]
    seen = part[usable[first:stop] & np.isfinite(part)]
    return (float(seen.min()), float(seen.max())) if seen.size else (np.inf, -np.inf)
