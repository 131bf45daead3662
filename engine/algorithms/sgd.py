"""Stochastic gradient ascent."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Ended, Info
from engine.algorithms.stochastic_gradient import Moments, StochasticGradientAlgorithm, batch_size_setting
from engine.parameters import Array
from engine.settings import setting


@dataclass(frozen=True)
class StochasticGradientAscent(StochasticGradientAlgorithm):
    """Follows the gradient of a few rows at a time: cheap steps in about the right direction.

    v <- momentum * v + g, x <- x + rate_t * v, with g the gradient of the mean log-likelihood on a mini-batch. At a
    `constant` rate it soon comes near the maximum and then hovers in a cloud whose size is that of the rate. With
    `inverse-time`, rate_t = rate / (1 + t / half), the noise is averaged away and it converges, the gap falling as
    1 / t at best (Robbins & Monro 1951): the sum of the rates is infinite, that of their squares is not. `cosine`,
    rate_t = rate (1 + cos(pi t / end)) / 2, takes large steps for long and ends at 0 (Loshchilov & Hutter 2017,
    equation 5 without restarts). t counts iterations, parts of them included.

    The right one where rows are so many that one pass over all of them is dear, and 1e-3 for each is near enough.
    """

    name: ClassVar[str] = "sgd"
    source: ClassVar[str] = (
        "Robbins & Monro (1951), Ann. Math. Statist. 22, 400-407; Loshchilov & Hutter (2017), ICLR"
    )

    batch_size: int = batch_size_setting(100)
    learning_rate: float = setting(
        0.1,
        label="Learning rate",
        help="Length of the first step, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    schedule: str = setting(
        "constant",
        label="Schedule",
        help="How the rate goes on: constant, falling like one over time, or along half a cosine to 0.",
        choices=("constant", "inverse-time", "cosine"),
    )
    half_after: float = setting(
        30.0,
        label="Halved after",
        help="Iterations after which an inverse-time rate is a half of the first.",
        above=0.0,
        maximum=1e6,
        logarithmic=True,
    )
    ends_after: int = setting(
        200,
        label="Ends after",
        help="Iterations after which a cosine rate is 0, and the lane ends.",
        minimum=1,
        maximum=1_000_000,
        logarithmic=True,
    )
    momentum: float = setting(
        0.0,
        label="Momentum",
        help="Share of the last step's direction that is kept at each step.",
        minimum=0.0,
        maximum=0.9999,
        adjustable=True,
    )

    @property
    def fixed_rate(self) -> float | None:
        plain = self.batch_size == 0 and self.momentum == 0.0 and self.schedule == "constant"
        return self.learning_rate if plain else None

    def rate(self, count: int) -> float:
        """The rate of update number `count` (from 0)."""
        time = self._iterations(count)
        if self.schedule == "inverse-time":
            return self.learning_rate / (1.0 + time / self.half_after)
        if self.schedule == "cosine":
            return 0.5 * self.learning_rate * (1.0 + math.cos(math.pi * min(1.0, time / self.ends_after)))
        return self.learning_rate

    def at_rest(self, x: Array) -> Moments:
        return (np.zeros_like(x),)

    def update(self, gradient: Array, moments: Moments, count: int) -> tuple[Array, Moments]:
        velocity = self.momentum * moments[0] + gradient
        return self.rate(count) * velocity, (velocity,)

    def ends(self, count: int) -> Info:
        if self.schedule != "cosine" or self._iterations(count) < self.ends_after:
            return NOTHING_TO_TELL
        reason = f"the cosine schedule ran its {self.ends_after} iterations, and the learning rate is 0 now"
        return Info(ended=Ended("iteration-limit", reason))

    def _iterations(self, count: int) -> float:
        return count if self.batch_size == 0 else count / self.updates
