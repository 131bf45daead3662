"""The clocks that a horizontal axis and the cursor can count: iterations, passes, CPU seconds."""

import numpy as np

from engine.parameters import Array
from engine.trace import Trace

_counted = np.zeros(0)


def iterations(count: int) -> Array:
    """0, 1, ..., count - 1 as floats, to be read only: a part of one column that all traces share."""
    global _counted
    if count > len(_counted):
        _counted = np.arange(max(1024.0, 2.0 * count))
        _counted.setflags(write=False)
    return _counted[:count]


def clock_column(trace: Trace, clock: str) -> Array:
    """The clock at each entry of a trace: 'iteration', 'passes' or 'cpu' (seconds)."""
    if clock == "iteration":
        return iterations(trace.count)
    return trace.floats("passes" if clock == "passes" else "cpu_seconds")


def iteration_at(trace: Trace, clock: str, cursor: float) -> int:
    """The iteration that a lane shows at a cursor position: the last one the clock has reached."""
    if clock == "iteration":
        return max(0, min(int(cursor + 1e-9), trace.count - 1))
    reached = np.searchsorted(clock_column(trace, clock), cursor * (1 + 1e-12) + 1e-15, side="right")
    return max(0, int(reached) - 1)
