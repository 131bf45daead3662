"""RMSprop, on all rows or on mini-batches."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.stochastic_gradient import Moments, StochasticGradientAlgorithm
from engine.parameters import Array
from engine.settings import setting


@dataclass(frozen=True)
class RmsProp(StochasticGradientAlgorithm):
    """Divides every coordinate's gradient by its own recent size, so that all coordinates move alike.

    With g the gradient of the mean log-likelihood, on all rows or on a mini-batch: v <- decay v + (1 - decay) g^2,
    x <- x + rate * g / (sqrt v + epsilon). Tieleman & Hinton (2012). It is the sign of the gradient made smooth: a
    step does not get shorter as the gradient does, and at a constant rate it comes to within about a rate of the
    maximum and circles there. Adam is this with momentum and a correction of the first steps.

    The right one where coordinates are badly scaled and gradients noisy, and the last digits do not matter.
    """

    name: ClassVar[str] = "rmsprop"
    source: ClassVar[str] = "Tieleman & Hinton (2012), Neural Networks for Machine Learning, lecture 6.5"

    learning_rate: float = setting(
        0.01,
        label="Learning rate",
        help="About how far each coordinate moves in one step.",
        above=0.0,
        maximum=100.0,
        logarithmic=True,
        adjustable=True,
    )
    decay: float = setting(
        0.9,
        label="Square memory",
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
        return (np.zeros_like(x),)

    def update(self, gradient: Array, moments: Moments, count: int) -> tuple[Array, Moments]:
        squares = self.decay * moments[0] + (1.0 - self.decay) * np.square(gradient)
        return self.learning_rate * gradient / (np.sqrt(squares) + self.epsilon), (squares,)
