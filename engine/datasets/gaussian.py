"""What the stories drawn from a Gaussian mixture share: the draw, the truth and the labels."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen


@dataclass(frozen=True, eq=False)
class Mixture:
    """A Gaussian mixture's weights (K,), means (K, d) and covariances (K, d, d) in the data's units."""

    weights: Any
    means: Any
    covariances: Any

    def blocks(self) -> dict[str, Array]:
        """The three blocks by name, as read-only arrays."""
        return {
            "weights": frozen(self.weights),
            "means": frozen(self.means),
            "covariances": frozen(self.covariances),
        }

    def lists(self) -> dict[str, Any]:
        """The three blocks by name, as lists of numbers for an experiment file."""
        return {name: block.tolist() for name, block in self.blocks().items()}


@dataclass(frozen=True)
class GaussianMixtureStory(GeneratedStory):
    """A story drawn from a known Gaussian mixture: a concrete one only says which."""

    columns: ClassVar[tuple[str, ...]] = ("x", "y")

    @abstractmethod
    def mixture(self) -> Mixture:
        """The mixture that the points are drawn from: the truth."""

    def generate(self) -> Dataset:
        truth = self.mixture().blocks()
        values, labels = draw_gaussian_mixture(self.generator(), self.size, **truth)
        return Dataset(
            self.name,
            self.columns,
            values,
            labels=labels,
            label_names=tuple(f"component {k + 1}" for k in range(len(truth["weights"]))),
            truth=Truth("gaussian-mixture", truth),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gaussian-mixture", "components": len(self.mixture().weights)}}


def round_clusters(means: Any, scale: float = 1.0) -> Array:
    """Covariances (K, d, d) of round clusters: scale² times the identity for each of the means (K, d)."""
    count, dimension = np.shape(means)
    return np.tile(scale**2 * np.eye(dimension), (count, 1, 1))


def draw_gaussian_mixture(
    generator: np.random.Generator, size: int, weights: Array, means: Array, covariances: Array
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Points (size, d) of a Gaussian mixture and the component codes (size,) that they were drawn from.

    The points are transformed in place, block by block of rows and column by column (x = μ + Lz with
    Σ = LLᵀ): nothing of the size of the data is held twice, and no sum depends on how a matrix product
    happens to be split.
    """
    labels = draw_labels(generator, size, weights)
    values = generator.standard_normal((size, means.shape[1]))
    factors: Array = np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)
    for rows in row_blocks(size):
        _place(values[rows], labels[rows], means, factors)
    return values, labels


def _place(points: Array, codes: npt.NDArray[np.int64], means: Array, factors: Array) -> None:
    # From the last column backwards, because column j of x needs the columns up to j of z.
    for j in reversed(range(means.shape[1])):
        column = means[codes, j]
        for i in range(j + 1):
            if np.any(factors[:, j, i]):
                column += factors[codes, j, i] * points[:, i]
        points[:, j] = column
