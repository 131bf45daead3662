"""Covariances by their Cholesky factor, the logarithm taken of its diagonal."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.triangles import NO_FACTOR, diagonal_places, order_of, packed, unpacked
from engine.parameters import Array, Block, PositiveDefinite, Support, Variance


@dataclass(frozen=True)
class LogCholesky(Coordinates):
    """Cholesky factor L with log diagonal, covariance = LL': always positive definite.

    A matrix (.., d, d) is written as its packed lower factor (.., d(d+1)/2); a variance as half its
    logarithm, which is the same in one dimension. Pinheiro & Bates (1996), Statistics and Computing 6, 289.
    """

    name: ClassVar[str] = "log-cholesky"
    formula: ClassVar[str] = r"""
        \Sigma = L L^\top, \qquad L_{jj} = \mathrm{e}^{x_{jj}}
    """
    supports: ClassVar[tuple[type[Support], ...]] = (PositiveDefinite, Variance)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    matrices: bool = True

    @classmethod
    def of(cls, block: Block) -> "LogCholesky":
        return cls(matrices=isinstance(block.support, PositiveDefinite))

    def refusal(self, block: Array) -> str | None:
        if not self.matrices:
            return None if np.min(block) > 0 else NO_FACTOR
        try:
            np.linalg.cholesky(block)
        except np.linalg.LinAlgError:
            return NO_FACTOR
        return None

    def write(self, block: Array) -> Array:
        if not self.matrices:
            return np.asarray(0.5 * np.log(block))
        x = packed(np.asarray(np.linalg.cholesky(block)))
        places = diagonal_places(block.shape[-1])
        x[..., places] = np.log(x[..., places])
        return x

    def _factor(self, x: Array) -> Array:
        entries, places = np.array(x), diagonal_places(order_of(x.shape[-1]))
        entries[..., places] = np.exp(x.take(places, axis=-1))
        return unpacked(entries)

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
        lower = packed(factor)
        pulled = packed(2.0 * gradient @ factor)
        places = diagonal_places(factor.shape[-1])
        pulled[..., places] *= lower.take(places, axis=-1)
        return pulled
