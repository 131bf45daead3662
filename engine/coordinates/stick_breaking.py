"""Weights broken off a stick, one after the other."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.closure import refusal_of_zeros
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class StickBreaking(Coordinates):
    """Weights broken one after the other off a stick of length 1: always inside the simplex.

    pi_k = v_k (1 - v_1) ... (1 - v_{k-1}), and the last weight is what is left; the fraction is
    v_k = 1 / (1 + exp(-x_k) (K - k)), so that x = 0 gives equal weights. The breaks are those of Sethuraman
    (1994), Statistica Sinica 4, 639-650; the shift is that of Stan's simplex (Carpenter et al. 2017, J.
    Statist. Software 76).

    The right one to see that coordinates matter: the first weights move more easily than the last ones.
    """

    name: ClassVar[str] = "stick-breaking"
    formula: ClassVar[str] = r"""
        \pi_k = v_k \prod_{j<k} (1 - v_j), \qquad v_k = \frac{1}{1 + (K - k)\, \mathrm{e}^{-x_k}}
    """
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        return refusal_of_zeros(self.name, block)

    def write(self, block: Array) -> Array:
        left = np.cumsum(block[..., :0:-1], axis=-1)[..., ::-1]
        return np.asarray(np.log(block[..., :-1] / left) + _shift(left.shape[-1]))

    def read(self, x: Array) -> Array:
        broken, kept = _fractions(x)
        ones = np.ones((*x.shape[:-1], 1))
        left = np.concatenate((ones, np.cumprod(kept, axis=-1)), axis=-1)
        return np.asarray(left * np.concatenate((broken, ones), axis=-1))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        broken, kept = _fractions(x)
        scaled = self.read(x) * gradient
        behind = np.cumsum(scaled[..., :0:-1], axis=-1)[..., ::-1]
        return np.asarray(kept * scaled[..., :-1] - broken * behind)


def _shift(breaks: int) -> Array:
    """log(K - k) for k = 1 ... K-1."""
    return np.asarray(np.log(np.arange(breaks, 0, -1.0)))


def _fractions(x: Array) -> tuple[Array, Array]:
    """The fractions v that are broken off and 1 - v, neither by a subtraction from 1."""
    logits = x - _shift(x.shape[-1])
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-logits)), 1.0 / (1.0 + np.exp(logits))
