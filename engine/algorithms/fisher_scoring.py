"""Newton's method with the expected information in place of the observed one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.arc import NO_STEP_RISES, backtracked
from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.algorithms.hessian import checked, directions_of
from engine.algorithms.trust_region import newton_step
from engine.errors import CannotRun
from engine.models.base import Model
from engine.models.expected_information import ExpectedInformation
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True)
class FisherScoring(CoordinateGradientAlgorithm):
    """Goes by the gradient times the inverse of the information that the data are expected to hold.

    x <- x + I(x)^-1 g, with I the Fisher information of the observed data at x, pulled back to the lane's coordinates:
    the method of scoring. Unlike Newton's Hessian I is never indefinite, so the step always points uphill, and the
    step is the same in all coordinates but for what is curved. Near the maximum each step multiplies the error by
    what I differs from the observed information, so it gains a steady number of digits, and many where the model
    fits the data. `natural-gradient` takes the information of complete data instead, which is larger.

    The information is summed over all data that might have been seen, without a pass; only a model whose data take
    few values can do that. Backtracking halves a step until it rises by 1e-4 of what the slope promises; without it
    nothing is promised, and where the data hardly tell components apart the step may lead anywhere.

    The right one for a few parameters and counts in a few cells, where it was invented.
    """

    name: ClassVar[str] = "fisher-scoring"
    source: ClassVar[str] = (
        "Fisher (1925), Proc. Cambridge Philos. Soc. 22, 700-725; Rao (1965), Linear Statistical Inference, section 5g"
    )
    formula: ClassVar[str] = r"""
        x_{t+1} = x_t + I(x_t)^{-1} \nabla\ell(x_t), \qquad I = n\, E\left[\nabla \log f\; \nabla \log f^\top\right]
    """
    refuses_raw_weights: ClassVar[bool] = True

    backtracking: bool = setting(
        True,
        label="Backtracking",
        help="Halve a step until the log-likelihood rises enough; without it the step is Fisher's, wherever it leads.",
        adjustable=True,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.backtracking else None

    requires: ClassVar[str] = (
        "a gradient, coordinates for every free block, in which the weights sum to 1, and the information that data "
        "yet to be seen would carry"
    )

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if not isinstance(model, ExpectedInformation):
            return (
                f"{self.name} sums over all data that might have been seen, and there are too many for {model.name}; "
                "choose newton or natural-gradient."
            )
        return super().refusal(model, free)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        model = problem.model
        assert isinstance(model, ExpectedInformation)
        if model.expected_information(problem.prepared, parameters) is None:
            raise CannotRun(
                f"{self.name} sums over all data that might have been seen, and there are too many for "
                f"{model.name} here; choose newton or natural-gradient."
            )
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        way = self._way(problem, state)
        if not self.backtracking:
            return self.evaluate(problem, state.chart, state.x + way), NOTHING_TO_TELL
        here = state.position.log_likelihood
        found = backtracked(self, problem, state, lambda share: state.x + share * way, 1.0, at_least=here)
        if isinstance(found, GradientState):
            return found, NOTHING_TO_TELL
        if found is not None:
            raise found
        return state, Info((Event("fallback", NO_STEP_RISES),), Ended("converged", NO_STEP_RISES))

    def _way(self, problem: Problem, state: GradientState) -> Array:
        """I^-1 g in the coordinates, along the directions in which they change the parameters."""
        model, chart, x = problem.model, state.chart, state.x
        assert isinstance(model, ExpectedInformation)
        natural = model.expected_information(problem.prepared, state.position.parameters)
        assert natural is not None
        pulled = np.array([chart.pull_back(x, row) for row in natural])
        both = np.array([chart.pull_back(x, column) for column in pulled.T])
        directions = directions_of(chart, x)
        information = checked(directions.T @ both @ directions, state)
        return np.asarray(directions @ newton_step(information, directions.T @ state.gradient))
