"""Weights without the last one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class DropLast(Coordinates):
    """The first K-1 weights; the last is 1 minus their sum. The sum is kept, the signs are not.

    An algorithm may let another weight than the last one take that place: the one at `dropped`.
    """

    name: ClassVar[str] = "drop-last"
    formula: ClassVar[str] = r"""
        x_k = \pi_k \;\; (k < K), \qquad \pi_K = 1 - \sum_{k<K} x_k
    """
    try_it: ClassVar[str] = (
        "Raise the learning rate near an edge of the simplex: the path walks out of it, and the lane "
        "ends there."
    )
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = False
    reaches_boundary: ClassVar[bool] = True

    dropped: int | None = None

    def write(self, block: Array) -> Array:
        return self._without(block)

    def read(self, x: Array) -> Array:
        rest = 1.0 - np.sum(x, axis=-1, keepdims=True)
        place = x.shape[-1] if self.dropped is None else self.dropped
        return np.concatenate((x[..., :place], rest, x[..., place:]), axis=-1)

    def pull_back(self, x: Array, gradient: Array) -> Array:
        place = x.shape[-1] if self.dropped is None else self.dropped
        return np.asarray(self._without(gradient) - gradient[..., place : place + 1])

    def _without(self, values: Array) -> Array:
        """All values along the last axis but that of the dropped weight."""
        if self.dropped is None:
            return values[..., :-1]
        return np.concatenate((values[..., : self.dropped], values[..., self.dropped + 1 :]), axis=-1)
