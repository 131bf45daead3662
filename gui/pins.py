"""Runs that were pinned: what stays of them in the plots while settings change. No Qt here."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.experiment import Experiment
from engine.parameters import Array


@dataclass(frozen=True, eq=False)
class PinnedLane:
    """One lane of a pinned run, as far as it had come.

    `clocks` has the horizontal axes by their names; `weights_path` is (m, K) at `path_iterations` (m,);
    `means` (K, p) and `covariances` (K, p, p) are its last components on the canvas.
    """

    index: int
    title: str
    status: str
    iterations: int
    value: float
    clocks: dict[str, Array]
    log_likelihood: Array
    is_likelihood: npt.NDArray[np.bool_]
    path_iterations: npt.NDArray[np.intp]
    weights_path: Array
    means: Array
    covariances: Array

    @property
    def result(self) -> str:
        """What came out, in a few words."""
        value = f"{self.value:.4f}".replace("-", "\u2212") if np.isfinite(self.value) else "no likelihood"
        return f"{self.title} {value}, {self.status} at {self.iterations}"


@dataclass(frozen=True, eq=False)
class Pin:
    """A run that stays, faint and named, with the whole experiment that it came from."""

    name: str
    experiment: Experiment
    path: Path | None
    lanes: tuple[PinnedLane, ...]
    shown: bool = True

    def compares_with(self, experiment: Experiment) -> bool:
        """Whether its log-likelihoods are of the same data, so that the curves mean something together."""
        return self.experiment.data == experiment.data

    @property
    def result(self) -> str:
        """All lanes' results in a line."""
        return "; ".join(lane.result for lane in self.lanes)
