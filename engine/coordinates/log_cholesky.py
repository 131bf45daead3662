"""Covariances by their Cholesky factor, the logarithm taken of its diagonal."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Block, PositiveDefinite, Support, Variance


@cache
def _lower(dimension: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    return np.tril_indices(dimension)


@cache
def _diagonal_places(dimension: int) -> npt.NDArray[np.intp]:
    """Places of the diagonal within the packed lower triangle."""
    return np.cumsum(np.arange(1, dimension + 1)) - 1


@dataclass(frozen=True)
class LogCholesky(Coordinates):
    """Cholesky factor L with log diagonal, covariance = LL': always positive definite.

    A matrix (.., d, d) is written as its packed lower factor (.., d(d+1)/2); a variance as half its
    logarithm, which is the same in one dimension. Pinheiro & Bates (1996), Statistics and Computing 6, 289.
    """

    name: ClassVar[str] = "log-cholesky"
    supports: ClassVar[tuple[type[Support], ...]] = (PositiveDefinite, Variance)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    matrices: bool = True

    @classmethod
    def of(cls, block: Block) -> "LogCholesky":
        return cls(matrices=isinstance(block.support, PositiveDefinite))

    def refusal(self, block: Array) -> str | None:
        sentence = (
            "a covariance that is not above its floor has no Cholesky factor; start with wider components."
        )
        if not self.matrices:
            return None if np.min(block) > 0 else sentence
        try:
            np.linalg.cholesky(block)
        except np.linalg.LinAlgError:
            return sentence
        return None

    def write(self, block: Array) -> Array:
        if not self.matrices:
            return np.asarray(0.5 * np.log(block))
        dimension = block.shape[-1]
        packed = np.linalg.cholesky(block)[(..., *_lower(dimension))]
        places = _diagonal_places(dimension)
        packed[..., places] = np.log(packed[..., places])
        return np.asarray(packed)

    def _factor(self, x: Array) -> Array:
        dimension = int((np.sqrt(8 * x.shape[-1] + 1) - 1) / 2)
        packed = np.array(x)
        places = _diagonal_places(dimension)
        packed[..., places] = np.exp(packed[..., places])
        factor = np.zeros((*x.shape[:-1], dimension, dimension))
        factor[(..., *_lower(dimension))] = packed
        return factor

    def read(self, x: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            if not self.matrices:
                return np.asarray(np.exp(2.0 * x))
            factor = self._factor(x)
            return np.asarray(factor @ np.swapaxes(factor, -1, -2))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        if not self.matrices:
            return np.asarray(2.0 * gradient * self.read(x))
        factor = self._factor(x)
        dimension = factor.shape[-1]
        packed = (2.0 * gradient @ factor)[(..., *_lower(dimension))]
        places = _diagonal_places(dimension)
        packed[..., places] *= np.diagonal(factor, axis1=-2, axis2=-1)
        return np.asarray(packed)
