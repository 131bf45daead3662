"""Plain gradient ascent, with a fixed learning rate or a backtracking line search."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import (
    CoordinateGradientAlgorithm,
    GradientState,
    slope_along,
    within_roundoff,
)
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Parameters
from engine.roundoff import roundoff_bound
from engine.settings import setting

SUFFICIENT_INCREASE = 1e-4
SHORTEST_SHARE = 2.0**-40


@dataclass(frozen=True)
class GradientAscent(CoordinateGradientAlgorithm):
    """Moves along the gradient; the learning rate decides whether it climbs, creeps or stumbles.

    x <- x + rate * gradient / n, with the gradient of the log-likelihood. With backtracking the rate is
    halved until the log-likelihood rises by at least 1e-4 of what the slope promises (Armijo 1966); each
    trial is one pass that gives value and gradient together, so the accepted one is not paid twice.

    The right one to understand what a gradient does; where speed matters take L-BFGS.
    """

    name: ClassVar[str] = "gradient-ascent"
    source: ClassVar[str] = "Cauchy (1847); Armijo (1966), Pacific J. Math. 16, 1-3"

    learning_rate: float = setting(
        0.5,
        label="Learning rate",
        help="Length of a step, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    line_search: str = setting(
        "none",
        label="Line search",
        help="Backtracking halves a step until the log-likelihood rises enough.",
        choices=("none", "backtracking"),
        adjustable=True,
    )

    @property
    def fixed_rate(self) -> float | None:
        return self.learning_rate if self.line_search == "none" else None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        if self.line_search == "backtracking":
            return self._backtracking_step(problem, state)
        x = state.x + (self.learning_rate / problem.total_weight) * state.gradient
        return self.evaluate(problem, state.chart, x), NOTHING_TO_TELL

    def _backtracking_step(self, problem: Problem, state: GradientState) -> tuple[State, Info]:
        start = state.position.log_likelihood
        bound = roundoff_bound(start, problem.total_weight)
        direction = state.gradient / problem.total_weight
        slope = slope_along(state, direction)
        undefined: UndefinedLikelihood | None = None
        rate = self.learning_rate
        while slope > 0.0 and rate >= SHORTEST_SHARE * self.learning_rate:
            trial = self.attempt(problem, state.chart, state.x + rate * direction)
            if isinstance(trial, UndefinedLikelihood):
                undefined = trial
            else:
                value, slope_there = trial.position.log_likelihood, slope_along(trial, direction)
                risen = value >= start + SUFFICIENT_INCREASE * rate * slope
                if risen or within_roundoff(value, start, bound, slope_there, slope):
                    return trial, NOTHING_TO_TELL
            rate *= 0.5
        if undefined is not None:
            raise undefined
        reason = "no step along the gradient raises the log-likelihood any more"
        return state, Info((Event("fallback", reason),), Ended("converged", reason))
