"""Weights as squares of a point on the sphere."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class Sphere(Coordinates):
    """Weights as squares divided by their sum: always on the simplex, at a weight of 0 too.

    pi_k = x_k^2 / sum_j x_j^2, written at length 1: x_k = sqrt(pi_k). A finite step can reach a weight of 0,
    but the gradient in x_k is a multiple of x_k: what is 0 stays 0, whatever the likelihood wants. Half the
    angle between two such points is a distance of distributions (Rao 1945, Bull. Calcutta Math. Soc. 37,
    81-91), so the sphere has the geometry that the Fisher information of the labels gives to the simplex.

    The right one where weights come close to 0 and logarithms would run away to infinity.
    """

    name: ClassVar[str] = "sphere"
    formula: ClassVar[str] = r"""
        \pi_k = \frac{x_k^2}{\sum_j x_j^2}
    """
    try_it: ClassVar[str] = (
        "Let a weight come near 0: steps become short there, because the gradient is a multiple of the "
        "coordinate."
    )
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = True

    def write(self, block: Array) -> Array:
        return np.asarray(np.sqrt(block))

    def read(self, x: Array) -> Array:
        squares = np.square(x)
        return np.asarray(squares / np.sum(squares, axis=-1, keepdims=True))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        length = np.sum(np.square(x), axis=-1, keepdims=True)
        mean = np.sum(self.read(x) * gradient, axis=-1, keepdims=True)
        return np.asarray(2.0 * x * (gradient - mean) / length)
