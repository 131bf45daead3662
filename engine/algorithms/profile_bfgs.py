"""BFGS on the profile likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.bfgs_update import BfgsState, InverseCurvature
from engine.algorithms.gradient import GradientState
from engine.algorithms.profile import REQUIRED, profile_refusal
from engine.algorithms.strong_wolfe import StrongWolfeAlgorithm
from engine.coordinates.base import Chart
from engine.models.base import Model
from engine.models.profiled import Profiled
from engine.objective import Problem
from engine.parameters import Array, Parameters


@dataclass(frozen=True)
class ProfileBfgs(InverseCurvature, StrongWolfeAlgorithm):
    """Climbs in some blocks alone, the others always at the maximum that they have given these.

    For factor analysis: in the logarithms of the uniquenesses, with the loadings of the largest eigenvalues of
    Psi^-1/2 S Psi^-1/2. Where the inner blocks are at their maximum, the slope of the profile is that of the
    log-likelihood in the outer ones, so an evaluation costs what a gradient costs and the eigenvalues. The first step
    only brings the inner blocks to their maximum; from there on it is BFGS, as Jöreskog (1967) did it by the method of
    Fletcher and Powell.

    The right one for factor analysis: few numbers are left, rotations are gone, and EM's slow directions with them.
    """

    name: ClassVar[str] = "profile-bfgs"
    source: ClassVar[str] = "Jöreskog (1967), Psychometrika 32, 443-482"
    formula: ClassVar[str] = r"""
        \ell_{\mathrm{p}}(\theta_2) = \max_{\theta_1} \ell(\theta_1, \theta_2)
        \nabla \ell_{\mathrm{p}}(\theta_2) = \nabla_{\theta_2} \ell(\hat\theta_1(\theta_2), \theta_2)
    """
    requires: ClassVar[str] = REQUIRED

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        return super().refusal(model, free) or profile_refusal(self.name, model, free)

    def uncharted(self, model: Model) -> tuple[str, ...]:
        assert isinstance(model, Profiled)
        return model.profiled_blocks

    def parameters_at(self, problem: Problem, chart: Chart, x: Array) -> Parameters:
        assert isinstance(problem.model, Profiled)
        return problem.model.profiled(problem.prepared, chart.read(x))

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        if isinstance(state, BfgsState):
            return super().step(problem, state)
        assert isinstance(state, GradientState)
        return self.forgetful(self.evaluate(problem, state.chart, state.x)), NOTHING_TO_TELL
