"""Symmetric and lower triangular matrices as packed rows of their lower triangle."""

from functools import cache

import numpy as np
import numpy.typing as npt

from engine.parameters import Array


@cache
def lower_places(dimension: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the lower triangle of a (d, d) matrix, row by row."""
    return np.tril_indices(dimension)


@cache
def diagonal_places(dimension: int) -> npt.NDArray[np.intp]:
    """Places of the diagonal within the packed lower triangle."""
    return np.cumsum(np.arange(1, dimension + 1)) - 1


def packed(matrices: Array) -> Array:
    """The lower triangles (.., d(d+1)/2) of matrices (.., d, d)."""
    return np.asarray(matrices[(..., *lower_places(matrices.shape[-1]))])


def unpacked(lower: Array) -> Array:
    """Lower triangular matrices (.., d, d) from what `packed` gives."""
    dimension = int((np.sqrt(8 * lower.shape[-1] + 1) - 1) / 2)
    matrices = np.zeros((*lower.shape[:-1], dimension, dimension))
    matrices[(..., *lower_places(dimension))] = lower
    return matrices


NO_FACTOR = "a covariance that is not above its floor has no Cholesky factor; start with wider components."
"""The end of a sentence that refuses a start."""
