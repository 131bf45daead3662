"""Covariances by their matrix logarithm."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.triangles import diagonal_places, packed, unpacked
from engine.parameters import Array, Block, PositiveDefinite, Support, Variance

SQRT_TWO = float(np.sqrt(2.0))


@dataclass(frozen=True)
class MatrixLogarithm(Coordinates):
    """The symmetric matrix A with covariance = exp(A): always positive definite, no axis treated apart.

    With eigenvectors V and eigenvalues a of A, exp(A) = V exp(a) V'. Its derivative along H is
    V (F * V'HV) V' with the divided differences F_ij = (exp(a_i) - exp(a_j)) / (a_i - a_j), F_ii = exp(a_i)
    (Daleckii & Krein 1965, AMS Translations 47, 1-30; Higham 2008, Functions of Matrices, theorem 3.11), so
    a gradient G pulls back to V (F * V'GV) V'. Written as the packed lower triangle (.., d(d+1)/2), entries
    beside the diagonal times sqrt 2, so that lengths are those of A: turning the data's axes turns the path
    and does not change it. A variance is written as its logarithm. Leonard & Hsu (1992), Ann. Statist. 20,
    1669-1696.

    The right one where the order of the columns should not matter, as it does for a Cholesky factor.
    """

    name: ClassVar[str] = "matrix-logarithm"
    formula: ClassVar[str] = r"""
        \Sigma = \exp(A) = \sum_{m=0}^{\infty} \frac{A^m}{m!}, \qquad A = A^\top
    """
    supports: ClassVar[tuple[type[Support], ...]] = (PositiveDefinite, Variance)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    matrices: bool = True

    @classmethod
    def of(cls, block: Block) -> "MatrixLogarithm":
        return cls(matrices=isinstance(block.support, PositiveDefinite))

    def refusal(self, block: Array) -> str | None:
        smallest = np.linalg.eigvalsh(block) if self.matrices else block
        if np.min(smallest) > 0:
            return None
        return "a covariance that is not above its floor has no logarithm; start with wider components."

    def write(self, block: Array) -> Array:
        if not self.matrices:
            return np.asarray(np.log(block))
        eigenvalues, vectors = np.linalg.eigh(block)
        return _isometric(_rebuilt(vectors, np.log(eigenvalues)))

    def read(self, x: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            if not self.matrices:
                return np.asarray(np.exp(x))
            matrices = _symmetric(x)
            if not np.isfinite(matrices).all():
                return np.full_like(matrices, np.nan)
            eigenvalues, vectors = np.linalg.eigh(matrices)
            return _rebuilt(vectors, np.exp(eigenvalues))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        if not self.matrices:
            return np.asarray(gradient * self.read(x))
        eigenvalues, vectors = np.linalg.eigh(_symmetric(x))
        turned = np.swapaxes(vectors, -1, -2)
        inner = _divided_differences(eigenvalues) * (turned @ gradient @ vectors)
        return _isometric(vectors @ inner @ turned)


def _rebuilt(vectors: Array, eigenvalues: Array) -> Array:
    """V diag(eigenvalues) V', symmetric to the last bit."""
    product = (vectors * eigenvalues[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return np.asarray(0.5 * (product + np.swapaxes(product, -1, -2)))


def _divided_differences(a: Array) -> Array:
    """(exp(a_i) - exp(a_j)) / (a_i - a_j), as exp of the larger times (1 - exp(-h)) / h with their distance h."""
    distance = np.abs(a[..., :, None] - a[..., None, :])
    apart = np.where(distance > 0, distance, 1.0)
    shares = np.where(distance > 0, -np.expm1(-apart) / apart, 1.0)
    return np.asarray(np.exp(np.maximum(a[..., :, None], a[..., None, :])) * shares)


def _isometric(matrices: Array) -> Array:
    x = SQRT_TWO * packed(matrices)
    x[..., diagonal_places(matrices.shape[-1])] /= SQRT_TWO
    return x


def _symmetric(x: Array) -> Array:
    lower = unpacked(x) / SQRT_TWO
    diagonal = np.arange(lower.shape[-1])
    lower[..., diagonal, diagonal] *= SQRT_TWO * 0.5
    return lower + np.swapaxes(lower, -1, -2)
