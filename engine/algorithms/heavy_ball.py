"""Gradient ascent with momentum."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class HeavyBallState(GradientState):
    """A gradient state with the last step, which is 0 at the start."""

    last_step: Array


@dataclass(frozen=True)
class HeavyBall(CoordinateGradientAlgorithm):
    """A ball that keeps rolling: each step adds a share of the last one to the gradient's.

    x <- x + rate * gradient / n + momentum * (x - x_before). Along a slope that stays, steps grow up to 1 / (1 -
    momentum) times the gradient's; across a ridge they cancel. On a parabola whose curvatures lie between m and M,
    the best rate and momentum, 4 / (sqrt M + sqrt m)^2 and ((sqrt M - sqrt m) / (sqrt M + sqrt m))^2, take the error
    down by (sqrt M - sqrt m) / (sqrt M + sqrt m) a step, where plain ascent takes it down by (M - m) / (M + m) at
    best (Polyak 1964, theorem 9). It overshoots and goes down now and again: it promises nothing.

    The right one to understand momentum: where a plain gradient zigzags or creeps along a ridge, it does not.
    """

    name: ClassVar[str] = "heavy-ball"
    source: ClassVar[str] = "Polyak (1964), USSR Comput. Math. Math. Phys. 4, 1-17"

    learning_rate: float = setting(
        0.1,
        label="Learning rate",
        help="Length of a step without momentum, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    momentum: float = setting(
        0.9,
        label="Momentum",
        help="Share of the last step that is added to each step.",
        minimum=0.0,
        maximum=0.9999,
        adjustable=True,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        state = self.starting_state(problem, parameters)
        return _with_step(state, np.zeros_like(state.x))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, HeavyBallState)
        step = (self.learning_rate / problem.total_weight) * state.gradient + self.momentum * state.last_step
        return _with_step(self.evaluate(problem, state.chart, state.x + step), step), NOTHING_TO_TELL


def _with_step(state: GradientState, step: Array) -> HeavyBallState:
    step.setflags(write=False)
    return HeavyBallState(state.position, state.chart, state.x, state.gradient, step)
