"""Covariances by their Cholesky factor as it is."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.triangles import NO_FACTOR, packed, unpacked
from engine.parameters import Array, Block, PositiveDefinite, Support, Variance


@dataclass(frozen=True)
class Cholesky(Coordinates):
    """Cholesky factor L as it is, covariance = LL': never indefinite, but singular where its diagonal has a 0.

    A matrix (.., d, d) is written as its packed lower factor (.., d(d+1)/2), a variance as its standard
    deviation. Signs of the diagonal may turn on the way: each covariance has 2^d factors, and between them
    lies a singular one. Where a floor is set, it is what lies above it that is written, and the floor itself
    can be reached. Pinheiro & Bates (1996), Statistics and Computing 6, 289-296, section 2.1.

    The right one to see what the logarithm in log-cholesky is good for: where a variance goes to 0, steps
    here stumble over it.
    """

    name: ClassVar[str] = "cholesky"
    formula: ClassVar[str] = r"""
        \Sigma = L L^\top
    """
    supports: ClassVar[tuple[type[Support], ...]] = (PositiveDefinite, Variance)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = True

    matrices: bool = True

    @classmethod
    def of(cls, block: Block) -> "Cholesky":
        return cls(matrices=isinstance(block.support, PositiveDefinite))

    def refusal(self, block: Array) -> str | None:
        if not self.matrices:
            return None if np.min(block) >= 0 else NO_FACTOR
        try:
            _factor(block)
        except np.linalg.LinAlgError:
            return NO_FACTOR
        return None

    def write(self, block: Array) -> Array:
        return packed(_factor(block)) if self.matrices else np.asarray(np.sqrt(block))

    def read(self, x: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            if not self.matrices:
                return np.asarray(np.square(x))
            factor = unpacked(x)
            return np.asarray(factor @ np.swapaxes(factor, -1, -2))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        if not self.matrices:
            return np.asarray(2.0 * x * gradient)
        return packed(2.0 * gradient @ unpacked(x))


def _factor(matrices: Array) -> Array:
    """Lower L (.., d, d) with LL' = the matrices, which may be singular; LinAlgError for indefinite ones."""
    try:
        return np.asarray(np.linalg.cholesky(matrices))
    except np.linalg.LinAlgError:
        single = matrices.reshape(-1, *matrices.shape[-2:])
        return np.stack([_singular_factor(each) for each in single]).reshape(matrices.shape)


def _singular_factor(matrix: Array) -> Array:
    """The factor of one positive semidefinite matrix: a pivot of 0 leaves a column of zeros (Higham 2002, 10.3)."""
    rest, factor = np.array(matrix), np.zeros_like(matrix)
    rounding = len(matrix) * np.finfo(float).eps * float(np.max(np.abs(np.diagonal(matrix)), initial=0.0))
    for j in range(len(matrix)):
        if rest[j, j] > rounding:
            factor[j:, j] = rest[j:, j] / np.sqrt(rest[j, j])
            rest[j:, j:] -= np.outer(factor[j:, j], factor[j:, j])
        elif rest[j, j] < -rounding or np.any(np.abs(rest[j:, j]) > np.sqrt(rounding)):
            raise np.linalg.LinAlgError("the matrix is indefinite")
    return factor
