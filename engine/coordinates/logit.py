"""Probabilities by their log-odds."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.parameters import Array, Support, UnitInterval


@dataclass(frozen=True)
class Logit(Coordinates):
    """The logarithm of the odds p / (1 - p): always between 0 and 1, never at either.

    A maximum with a probability of exactly 0 or 1 lies at infinity: the lane climbs towards it for ever, and
    each step is shorter than the last. Cox & Snell (1989), Analysis of Binary Data, section 1.2.
    """

    name: ClassVar[str] = "logit"
    formula: ClassVar[str] = r"""
        x = \log \frac{p}{1 - p}, \qquad p = \frac{1}{1 + \mathrm{e}^{-x}}
    """
    try_it: ClassVar[str] = (
        "Ask for one class too many: some answers become certain, and their log-odds run away."
    )
    supports: ClassVar[tuple[type[Support], ...]] = (UnitInterval,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        if np.min(block) > 0 and np.max(block) < 1:
            return None
        edge = 0 if np.min(block) <= 0 else 1
        return (
            f"a probability of {edge} has no log-odds; start with probabilities between 0 and 1 or choose raw "
            "probability coordinates."
        )

    def write(self, block: Array) -> Array:
        return np.asarray(np.log(block) - np.log1p(-block))

    def read(self, x: Array) -> Array:
        # By the exponential of -|x|, which never overflows.
        small = np.exp(-np.abs(x))
        return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        small = np.exp(-np.abs(x))
        return np.asarray(gradient * (small / np.square(1.0 + small)))
