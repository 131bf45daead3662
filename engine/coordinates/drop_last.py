"""Weights without the last one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class DropLast(Coordinates):
    """The first K-1 weights; the last is 1 minus their sum. The sum is kept, the signs are not."""

    name: ClassVar[str] = "drop-last"
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = False
    reaches_boundary: ClassVar[bool] = True

    def write(self, block: Array) -> Array:
        return block[..., :-1]

    def read(self, x: Array) -> Array:
        return np.concatenate((x, 1.0 - np.sum(x, axis=-1, keepdims=True)), axis=-1)

    def pull_back(self, x: Array, gradient: Array) -> Array:
        return np.asarray(gradient[..., :-1] - gradient[..., -1:])
