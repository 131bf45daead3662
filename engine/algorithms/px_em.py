"""Parameter-expanded EM: the M step of a larger model, in which the latent variables may be rescaled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.models.base import Model
from engine.models.expanded import Expanded
from engine.objective import Problem
from engine.parameters import Parameters


@dataclass(frozen=True)
class ParameterExpandedEM(Algorithm):
    """Maximises over one parameter more, which the data say nothing about, and divides by it again.

    E step as EM's. M step in the expanded model: for Student t distributions the mean of the factors u is free, too; it
    corrects the M step for what the imputed factors got wrong. Mapped back, that is EM with the scale matrices divided
    by sum r u in place of the counts. It costs what EM costs, never lowers the log-likelihood, and its rate is never
    the larger one, because there is less missing information per parameter (Liu, Rubin & Wu 1998, theorem 2).

    The right one wherever a model offers it: there is no reason to prefer EM.
    """

    name: ClassVar[str] = "px-em"
    source: ClassVar[str] = "Liu, Rubin & Wu (1998), Biometrika 85, 755-770"
    formula: ClassVar[str] = r"""
        \Sigma_k^{\mathrm{new}} = \frac{\sum_i r_{ik} u_{ik} (x_i - \mu_k)(x_i - \mu_k)^\top}{\sum_i r_{ik} u_{ik}}
    """
    family: ClassVar[str] = "em"
    promises: ClassVar[str | None] = "log-likelihood"
    requires: ClassVar[str] = "a model that can be expanded by a scale of its latent variables"

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if isinstance(model, Expanded):
            return None
        return f"{self.name} needs a model that can be expanded, as student-t-mixture can; choose em for {model.name}."

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        return State(self._e_step(problem, parameters))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        model, here = problem.model, state.position
        assert isinstance(model, Expanded)
        problem.meter.m_steps += 1
        parameters = model.expanded_m_step(here.expectation.statistics, here.parameters)
        return State(self._e_step(problem, parameters)), NOTHING_TO_TELL

    def _e_step(self, problem: Problem, parameters: Parameters) -> Position:
        expectation = problem.expect(parameters)
        return Position(parameters, expectation.log_likelihood, expectation)
