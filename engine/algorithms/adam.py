"""Adam on the full batch."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class AdamState(GradientState):
    """A gradient state with the moments of the mean log-likelihood's gradient and the number of steps."""

    first_moment: Array
    second_moment: Array
    steps: int


@dataclass(frozen=True)
class Adam(CoordinateGradientAlgorithm):
    """Gradient ascent with a step length of its own for every coordinate.

    With g the gradient of the mean log-likelihood on all the data: m <- b1 m + (1 - b1) g,
    v <- b2 v + (1 - b2) g^2, x <- x + rate * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon). Kingma & Ba
    (2015), algorithm 1. A coordinate moves by about the rate at each step, however small its gradient, so
    near the maximum it circles unless the rate is lowered.

    The right one where coordinates are badly scaled and gradients noisy; on a full batch L-BFGS is faster.
    """

    name: ClassVar[str] = "adam"
    source: ClassVar[str] = "Kingma & Ba (2015), Int. Conf. on Learning Representations, algorithm 1"

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

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        state = self.starting_state(problem, parameters)
        zeros = np.zeros_like(state.x)
        zeros.setflags(write=False)
        return _with_moments(state, zeros, zeros, 0)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, AdamState)
        gradient, steps = state.gradient / problem.total_weight, state.steps + 1
        first = self.beta1 * state.first_moment + (1.0 - self.beta1) * gradient
        second = self.beta2 * state.second_moment + (1.0 - self.beta2) * np.square(gradient)
        rate = self.learning_rate / (1.0 - self.beta1**steps)
        spread = np.sqrt(second) / math.sqrt(1.0 - self.beta2**steps) + self.epsilon
        reached = self.evaluate(problem, state.chart, state.x + rate * first / spread)
        first.setflags(write=False)
        second.setflags(write=False)
        return _with_moments(reached, first, second, steps), NOTHING_TO_TELL


def _with_moments(state: GradientState, first: Array, second: Array, steps: int) -> AdamState:
    return AdamState(state.position, state.chart, state.x, state.gradient, first, second, steps)
