"""Symmetric and lower triangular matrices as packed rows of their lower triangle."""

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from engine.parameters import Array


@cache
def lower_places(dimension: int) -> npt.NDArray[np.intp]:
    """Places of the lower triangle within a flat (d, d) matrix, row by row."""
    rows, columns = np.tril_indices(dimension)
    return rows * dimension + columns


@cache
def diagonal_places(dimension: int) -> npt.NDArray[np.intp]:
    """Places of the diagonal within the packed lower triangle."""
    return np.cumsum(np.arange(1, dimension + 1)) - 1


@cache
def order_of(entries: int) -> int:
    """d of a packed triangle with d(d+1)/2 entries."""
    return (math.isqrt(8 * entries + 1) - 1) // 2


def packed(matrices: Array) -> Array:
    """The lower triangles (.., d(d+1)/2) of matrices (.., d, d)."""
    *stacked, d, _ = matrices.shape
    return matrices.reshape(*stacked, d * d).take(lower_places(d), axis=-1)


def unpacked(lower: Array) -> Array:
    """Lower triangular matrices (.., d, d) from what `packed` gives."""
    *stacked, entries = lower.shape
    d = order_of(entries)
    matrices = np.zeros((*stacked, d * d))
    matrices[..., lower_places(d)] = lower
    return matrices.reshape(*stacked, d, d)


NO_FACTOR = "a covariance that is not above its floor has no Cholesky factor; start with wider components."
"""The end of a sentence that refuses a start."""
