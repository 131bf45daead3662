"""Weights as exponentials that are divided by their sum."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class Softmax(Coordinates):
    """Weights as exp(x) divided by its sum: always on the simplex, never at a weight of 0.

    pi_k = exp(x_k) / sum_j exp(x_j); a maximum with a weight of 0 lies at infinity. Written centred, so
    that the logarithms sum to 0. Bridle (1990), Neurocomputing, 227-236.
    """

    name: ClassVar[str] = "softmax"
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        if np.min(block) > 0:
            return None
        return (
            f"softmax cannot write weight {int(np.argmin(block)) % block.shape[-1] + 1}, which is 0; "
            "start inside the simplex or choose other weight coordinates."
        )

    def write(self, block: Array) -> Array:
        logs = np.log(block)
        return np.asarray(logs - np.mean(logs, axis=-1, keepdims=True))

    def read(self, x: Array) -> Array:
        powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
        return np.asarray(powers / np.sum(powers, axis=-1, keepdims=True))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        weights = self.read(x)
        scaled = weights * gradient
        return np.asarray(scaled - weights * np.sum(scaled, axis=-1, keepdims=True))
