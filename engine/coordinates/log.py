"""Positive numbers by their logarithm."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Positive, Support


@dataclass(frozen=True)
class Log(Coordinates):
    """The logarithm of a positive number: always positive, never 0."""

    name: ClassVar[str] = "log"
    formula: ClassVar[str] = r"""
        x = \log\lambda, \qquad \lambda = \mathrm{e}^{x}
    """
    supports: ClassVar[tuple[type[Support], ...]] = (Positive,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        if np.min(block) > 0:
            return None
        return "a rate of 0 has no logarithm; start with positive rates or choose raw rate coordinates."

    def write(self, block: Array) -> Array:
        return np.asarray(np.log(block))

    def read(self, x: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(x))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        return np.asarray(gradient * self.read(x))
