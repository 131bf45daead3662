"""How points of any dimension are put on a canvas of at most two."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.dataset import Dataset
from engine.parameters import Array


@dataclass(frozen=True, eq=False)
class Projection:
    """How points of d dimensions are put on a canvas of at most two: (x - origin) @ matrix.T."""

    matrix: Array
    origin: Array
    labels: tuple[str, ...]

    @property
    def dimension(self) -> int:
        return len(self.matrix)

    @property
    def is_identity(self) -> bool:
        """Whether values already are where they stand on the canvas."""
        return not np.any(self.origin) and np.array_equal(self.matrix, np.eye(len(self.origin)))

    @cached_property
    def chosen(self) -> tuple[int, ...] | None:
        """The places of the columns that the axes show as they are; None where they mix columns."""
        alone = (np.count_nonzero(self.matrix, axis=1) == 1) & (np.max(self.matrix, axis=1) == 1.0)
        if np.any(self.origin) or not np.all(alone):
            return None
        return tuple(np.argmax(self.matrix, axis=1).tolist())

    def points(self, values: Array) -> Array:
        """Values (..., d) on the canvas, (..., 1 or 2); NaN where a cell is missing that is seen there."""
        if self.chosen is not None:
            # In a product a cell that is missing would take those of other columns with it.
            return np.asarray(values[..., list(self.chosen)])
        return np.asarray((values - self.origin) @ self.matrix.T)

    def covariances(self, covariances: Array) -> Array:
        """Covariances (..., d, d) on the canvas."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.matrix @ covariances @ self.matrix.T)


def projection(dataset: Dataset, shown: tuple[int, int] | None) -> Projection:
    """Two columns (indices), or the two principal directions of the standardised columns for None."""
    d = dataset.dimension
    if d == 1:
        return Projection(np.eye(1), np.zeros(1), dataset.columns)
    if shown is not None or d == 2 or not dataset.rows:
        first, second = shown or (0, 1)
        matrix = np.zeros((2, d))
        matrix[0, first] = matrix[1, second] = 1.0
        return Projection(matrix, np.zeros(d), (dataset.columns[first], dataset.columns[second]))
    sample = dataset.values[:: max(1, dataset.rows // 100_000)]
    if dataset.missing and np.isnan(sample).all(axis=0).any():
        sample = dataset.values
    centre, deviation = np.nanmean(sample, axis=0), np.nanstd(sample, axis=0)
    scaled = np.nan_to_num((sample - centre) / deviation)
    _, vectors = np.linalg.eigh(scaled.T @ scaled)
    directions = vectors[:, :-3:-1].T
    # An eigenvector's sign is arbitrary; the largest loading is made positive.
    signs = np.sign(directions[np.arange(2), np.argmax(np.abs(directions), axis=1)])
    return Projection(
        signs[:, None] * directions / deviation,
        centre,
        ("1st principal direction", "2nd principal direction"),
    )
