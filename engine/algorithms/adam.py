"""Adam, on all rows or on mini-batches."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.stochastic_gradient import Moments, StochasticGradientAlgorithm
from engine.parameters import Array
from engine.settings import setting


@dataclass(frozen=True)
class Adam(StochasticGradientAlgorithm):
    """Gradient ascent with a step length of its own for every coordinate.

    With g the gradient of the mean log-likelihood, on all rows or on a mini-batch: m <- b1 m + (1 - b1) g,
    v <- b2 v + (1 - b2) g^2, x <- x + rate * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon). Kingma & Ba
    (2015), algorithm 1. A coordinate moves by about the rate at each step, however small its gradient, so
    near the maximum it circles unless the rate is lowered.

    The right one where coordinates are badly scaled and gradients noisy; on all rows L-BFGS is faster.
    """

    name: ClassVar[str] = "adam"
    source: ClassVar[str] = "Kingma & Ba (2015), Int. Conf. on Learning Representations, algorithm 1"
    formula: ClassVar[str] = r"""
        m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2
        x_t = x_{t-1} + \eta\, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \varepsilon}
    """
    try_it: ClassVar[str] = (
        "Let it circle near the maximum, then lower the learning rate: the circle shrinks with it."
    )

    learning_rate: float = setting(
        0.05,
        label="Learning rate",
        help="About how far each coordinate moves in one step.",
        above=0.0,
        maximum=100.0,
        logarithmic=True,
        adjustable=True,
    )
    beta1: float = setting(
        0.9,
        label="Gradient memory (beta1)",
        help="Share of the averaged gradient that is kept at each step.",
        minimum=0.0,
        maximum=0.9999,
    )
    beta2: float = setting(
        0.999,
        label="Square memory (beta2)",
        help="Share of the averaged squared gradient that is kept at each step.",
        minimum=0.0,
        maximum=0.99999,
    )
    epsilon: float = setting(
        1e-8,
        label="Epsilon",
        help="Keeps the division finite where the gradient vanishes.",
        above=0.0,
        maximum=1.0,
        logarithmic=True,
    )

    def at_rest(self, x: Array) -> Moments:
        return np.zeros_like(x), np.zeros_like(x)

    def update(self, gradient: Array, moments: Moments, count: int) -> tuple[Array, Moments]:
        first = self.beta1 * moments[0] + (1.0 - self.beta1) * gradient
        second = self.beta2 * moments[1] + (1.0 - self.beta2) * np.square(gradient)
        rate = self.learning_rate / (1.0 - self.beta1 ** (count + 1))
        spread = np.sqrt(second) / math.sqrt(1.0 - self.beta2 ** (count + 1)) + self.epsilon
        return rate * first / spread, (first, second)
