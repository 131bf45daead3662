"""Nesterov's accelerated gradient with restarts."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Event, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class NesterovState(GradientState):
    """A gradient state at an extrapolated point y, with what the next extrapolation needs.

    `reached` is where the last gradient step ended, before it was extrapolated; `theta` is 1 at a restart and falls
    with every step; `rise` is by how much the last step changed the log-likelihood.
    """

    reached: Array
    theta: float
    rise: float


@dataclass(frozen=True)
class Nesterov(CoordinateGradientAlgorithm):
    """Steps along the gradient, then runs on a little, and starts anew where that begins to lead down.

    x_k+1 = y_k + rate * gradient(y_k) / n,  y_k+1 = x_k+1 + beta (x_k+1 - x_k),  beta = theta_k (1 - theta_k) /
    (theta_k^2 + theta_k+1), theta_k+1 the root in (0, 1) of theta^2 = (1 - theta) theta_k^2, theta_0 = 1: beta grows
    towards 1 (Nesterov 1983). On a concave function the gap falls like 1 / k^2 instead of 1 / k. But with beta too
    large for the curvature at hand it swings around the maximum; `gradient` restarts (theta = 1) where the gradient
    at y points against the step x_k+1 - x_k, `function` where the log-likelihood fell, and the rate becomes linear
    without any knowledge of the curvature (O'Donoghue & Candès 2015, section 3.2).

    One pass a step: what is shown are the points y, where value and gradient are known. They overshoot, so the
    value may fall; it promises nothing.

    The right one where a gradient method must be simple, its rate is known, and plain ascent takes too long.
    """

    name: ClassVar[str] = "nesterov"
    source: ClassVar[str] = (
        "Nesterov (1983), Soviet Math. Dokl. 27, 372-376; O'Donoghue & Candès (2015), Found. Comput. Math. 15, 715-732"
    )

    learning_rate: float = setting(
        0.1,
        label="Learning rate",
        help="Length of a gradient step, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    restart: str = setting(
        "gradient",
        label="Restart",
        help="Forget the momentum where the gradient points against the step, where the value fell, or never.",
        choices=("gradient", "function", "none"),
        adjustable=True,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        state = self.starting_state(problem, parameters)
        return _extrapolated(state, state.x, 1.0, 0.0)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, NesterovState)
        reached = state.x + (self.learning_rate / problem.total_weight) * state.gradient
        step = reached - state.reached
        restarts = self._restarts(state, step)
        theta = 1.0 if restarts else state.theta
        next_theta = 0.5 * theta * (math.sqrt(theta * theta + 4.0) - theta)
        beta = theta * (1.0 - theta) / (theta * theta + next_theta)
        found = self.evaluate(problem, state.chart, reached + beta * step)
        rise = found.position.log_likelihood - state.position.log_likelihood
        reached.setflags(write=False)
        info = NOTHING_TO_TELL
        if restarts:
            why = (
                "the log-likelihood fell"
                if self.restart == "function"
                else "the gradient points against the step"
            )
            info = Info((Event("restart", f"{why}: the momentum is forgotten"),))
        return _extrapolated(found, reached, next_theta, rise), info

    def _restarts(self, state: NesterovState, step: Array) -> bool:
        """Whether the momentum is forgotten at a step; where there is none, there is nothing to forget."""
        if state.theta == 1.0 or self.restart == "none":
            return False
        if self.restart == "function":
            return state.rise < 0.0
        return float(np.dot(state.gradient, step)) < 0.0


def _extrapolated(state: GradientState, reached: Array, theta: float, rise: float) -> NesterovState:
    return NesterovState(state.position, state.chart, state.x, state.gradient, reached, theta, rise)
