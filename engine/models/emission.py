"""What each state of a chain gives to be seen: densities of a row, and what an E step's sums make of their parameters.

Sums are (2, K, F): for each state those of the features over rows, each row counted by the probability of the state,
and what rounding took from them. The first feature is the constant 1, the next d are the columns themselves.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.models.base import Frame
from engine.parameters import Array, Block, Parameters


class Emission(ABC):
    """The densities f_k(x) of K states; every method speaks of the blocks of the emission alone."""

    blocks: ClassVar[tuple[str, ...]]

    @abstractmethod
    def check(self, dataset: Dataset) -> None:
        """Raises InputError where a dataset without missing cells has no such densities."""

    @abstractmethod
    def frame(self, dataset: Dataset) -> Frame:
        """The units in which the columns are fitted."""

    @abstractmethod
    def layout(self, states: int, dataset: Dataset, frame: Frame) -> tuple[Block, ...]:
        """The blocks, none of them held."""

    @abstractmethod
    def features(self, columns: Array) -> Array:
        """(F, m) at columns (d, m) in the frame."""

    @abstractmethod
    def log_densities(self, parameters: Parameters, features: Array) -> Array:
        """log f_k(x), (K, m). Raises UndefinedLikelihood where a state has no density."""

    def sums(self, parameters: Parameters, features: Array, shares: Array) -> Array:
        """The sums (2, K, F) under probabilities (K, m) of the states."""
        table = shares @ features.T
        return np.stack((table, np.zeros_like(table)))

    @abstractmethod
    def gradient(self, sums: Array, parameters: Parameters) -> dict[str, Array]:
        """The gradient of the expected log densities in each block."""

    @abstractmethod
    def m_step(self, sums: Array, parameters: Parameters, names: tuple[str, ...]) -> dict[str, Array]:
        """The blocks `names` that maximise the expected log densities, others staying; a state without rows stays."""

    @abstractmethod
    def expected_log_density(self, sums: Array, parameters: Parameters) -> float:
        """The sum over rows and states of the probability of the state times log f_k(x)."""

    @abstractmethod
    def mean_sums(self, counts: Array, parameters: Parameters) -> Array:
        """The sums (2, K, F) that are expected of `counts` (K,) rows from each state."""

    @abstractmethod
    def solve_information(
        self, sums: Array, parameters: Parameters, gradient: Mapping[str, Array]
    ) -> dict[str, Array]:
        """The inverse Fisher information of rows whose states are known, times a gradient in each block."""

    def em_remainder(self, moves: Mapping[str, Array]) -> dict[str, Array]:
        """What an EM step does beyond these moves, in blocks where that is anything."""
        return {}

    @abstractmethod
    def from_centres(self, blocks: tuple[Block, ...], centres: Array, spread: Array) -> dict[str, Array]:
        """Blocks in the frame with the given centres (K, d) and variances `spread` (d,)."""

    @abstractmethod
    def accept(
        self, model: str, names: tuple[str, ...], blocks: tuple[Block, ...], values: Mapping[str, Any]
    ) -> dict[str, Array]:
        """Checked blocks in the data's units; `names` are all blocks of the model. Raises InputError."""

    @abstractmethod
    def free_dimension(self, name: str, block: Block) -> int:
        """How many numbers of a block are free."""
