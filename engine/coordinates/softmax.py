"""Weights as exponentials that are divided by their sum."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.closure import closure, closure_pull_back, refusal_of_zeros
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class Softmax(Coordinates):
    """Weights as exp(x) divided by its sum: always on the simplex, never at a weight of 0.

    pi_k = exp(x_k) / sum_j exp(x_j); a maximum with a weight of 0 lies at infinity. Written centred, so
    that the logarithms sum to 0: these are the centred log-ratios log pi_k - mean_j log pi_j (Aitchison
    1986, The Statistical Analysis of Compositional Data, section 4.6). The gradient sums to 0 as well and a
    common shift of x changes no weight, so centring again after each step would change no path: there are
    no centred coordinates beside these. Bridle (1990), Neurocomputing, 227-236.

    The right one where all weights are inside and no weight should be treated apart.
    """

    name: ClassVar[str] = "softmax"
    formula: ClassVar[str] = r"""
        \pi_k = \frac{\mathrm{e}^{x_k}}{\sum_j \mathrm{e}^{x_j}}
    """
    try_it: ClassVar[str] = (
        "Start with a component that the data do not have: its weight shrinks for ever and never is 0."
    )
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        return refusal_of_zeros(self.name, block)

    def write(self, block: Array) -> Array:
        logs = np.log(block)
        return np.asarray(logs - np.mean(logs, axis=-1, keepdims=True))

    def read(self, x: Array) -> Array:
        return closure(x)

    def pull_back(self, x: Array, gradient: Array) -> Array:
        return closure_pull_back(closure(x), gradient)
