"""A lane's numbers along its clock, as far as they are computed."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.parameters import Array
from engine.trace import Trace
from gui.clock import iterations
from gui.extremes import Extremes

COUNTS = ("e_steps", "m_steps", "gradients", "log_likelihoods", "trials", "quadratic_programs")


@dataclass(frozen=True, eq=False)
class Curve:
    """A lane's columns as far as they are computed, entry j for iteration j (views of the trace).

    `counts` are evaluations by kind, see `COUNTS`.
    """

    log_likelihood: Array
    passes: Array
    cpu_seconds: Array
    is_likelihood: npt.NDArray[np.bool_]
    decreased: npt.NDArray[np.bool_]
    counts: Mapping[str, npt.NDArray[np.int64]]
    extremes: Extremes = field(default_factory=Extremes)

    def __len__(self) -> int:
        return len(self.passes)

    def clock(self, name: str) -> Array:
        """The horizontal axis: 'iteration', 'passes' or 'cpu' (seconds)."""
        if name == "passes":
            return self.passes
        return self.cpu_seconds if name == "cpu" else iterations(len(self.passes))

    def comparable(self, part: slice = slice(None)) -> npt.NDArray[np.bool_]:
        """Which entries have a log-likelihood and may be compared with another lane's."""
        return np.asarray(self.is_likelihood[part] & np.isfinite(self.log_likelihood[part]))

    def between(self, first: int, stop: int) -> tuple[float, float]:
        """The lowest and the highest comparable log-likelihood of some entries; see `Extremes`."""
        return self.extremes.between(self.log_likelihood, self.is_likelihood, first, stop)


_extremes_of: weakref.WeakKeyDictionary[Trace, Extremes] = weakref.WeakKeyDictionary()


def curve(trace: Trace, count: int) -> Curve:
    """The first `count` entries of a trace; what is known of their extremes is kept as long as the trace is."""
    return Curve(
        log_likelihood=trace.column("log_likelihood")[:count],
        passes=trace.column("passes")[:count],
        cpu_seconds=trace.column("cpu_seconds")[:count],
        is_likelihood=trace.column("is_likelihood")[:count],
        decreased=trace.column("decreased")[:count],
        counts={name: trace.column(name)[:count] for name in COUNTS},
        extremes=_extremes_of.setdefault(trace, Extremes()),
    )
