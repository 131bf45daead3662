"""EM where little is missing, conjugate gradients where much is."""

import dataclasses
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import Algorithm, Event, Info, Position, State
from engine.algorithms.gradient import GradientState
from engine.algorithms.polak_ribiere import ConjugateState, PolakRibiere
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting
from engine.wording import number_text


@dataclass(frozen=True, slots=True, eq=False)
class HybridState(ConjugateState):
    """A conjugate state, and whether the step that led here was one of conjugate gradients.

    Where EM led to parameters that the coordinates cannot write (a weight of 0, a covariance on its floor), x
    and the gradient in it are not finite.
    """

    conjugate: bool


@dataclass(frozen=True)
class EMConjugateGradient(PolakRibiere):
    """EM while the posterior is sure of the components, conjugate gradients while it is not.

    Near a maximum EM closes in by the fraction of information that is missing, and the entropy of the posterior
    tells of that fraction: H = -sum_ik w_i r_ik log r_ik / (n log K) is 0 where every row is sure of its
    component and 1 where no row knows anything. Before every step: below `threshold` an EM step is taken, else a
    step along conjugate directions (Polak & Ribière, with the line search of Moré & Thuente) in the coordinates
    chosen, whose gradient comes from the same E step (Salakhutdinov, Roweis & Ghahramani 2003). They switch at
    0.5; here it is 0.2, because two Gaussians 2 standard deviations apart have 0.3, and with them EM crawls.
    The directions are forgotten at every EM step. An EM step is taken too where the search meets no likelihood,
    and where EM has led to parameters that the coordinates cannot write.

    The right one where it is not known beforehand whether the clusters overlap.
    """

    name: ClassVar[str] = "em-conjugate-gradient"
    source: ClassVar[str] = "Salakhutdinov, Roweis & Ghahramani (2003), ICML 20, 672-679"
    formula: ClassVar[str] = r"""
        H = -\frac{1}{n \log K} \sum_{i=1}^{n} \sum_{k=1}^{K} r_{ik} \log r_{ik}
    """
    family: ClassVar[str] = "em"
    requires: ClassVar[str] = f"{Algorithm.requires}, and {PolakRibiere.requires}"

    threshold: float = setting(
        0.2,
        label="Switch at entropy",
        help="Above this share of the largest entropy of the posterior, conjugate gradients take over from EM.",
        minimum=0.0,
        maximum=1.0,
        adjustable=True,
    )

    def along(self, state: GradientState, bent: Array | None, rise: float) -> HybridState:
        return HybridState(state.position, state.chart, state.x, state.gradient, bent, rise, True)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        state = super().init(problem, parameters, key)
        assert isinstance(state, HybridState)
        return dataclasses.replace(state, conjugate=False)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, HybridState)
        entropy = normalised_entropy(problem, state.position)
        conjugate = entropy >= self.threshold and bool(np.isfinite(state.x).all())
        events: tuple[Event, ...] = ()
        if conjugate != state.conjugate:
            method = "conjugate gradients" if conjugate else "EM"
            detail = f"the posterior's entropy is {number_text(entropy)} of its largest: {method} from here"
            events = (Event("switch", detail),)
        if not conjugate:
            return self._em_step(problem, state), Info(events)
        try:
            found, info = super().step(problem, state)
        except UndefinedLikelihood as undefined:
            event = Event(
                "fallback", f"along the gradient there was no likelihood ({undefined.detail}): an EM step"
            )
            return self._em_step(problem, state), Info((*events, event))
        return found, Info((*events, *info.events), info.ended)

    def _em_step(self, problem: Problem, state: GradientState) -> HybridState:
        parameters = problem.m_step(state.position.expectation.statistics, state.position.parameters)
        expectation = problem.expect(parameters)
        x = self._written(state, parameters)
        gradient = np.full_like(x, np.nan)
        if np.isfinite(x).all():
            gradient = state.chart.pull_back(x, problem.model.gradient(expectation, parameters))
        for array in (x, gradient):
            array.setflags(write=False)
        position = Position(parameters, expectation.log_likelihood, expectation)
        rise = position.log_likelihood - state.position.log_likelihood
        return HybridState(position, state.chart, x, gradient, None, max(rise, 0.0), False)

    def _written(self, state: GradientState, parameters: Parameters) -> Array:
        """The coordinates of the parameters, NaN where they cannot be written."""
        with np.errstate(divide="ignore", invalid="ignore"):
            try:
                return state.chart.write(parameters)
            except np.linalg.LinAlgError:
                return np.full_like(state.x, np.nan)


def normalised_entropy(problem: Problem, position: Position) -> float:
    """The entropy of the posterior at a position, divided by n log K; no pass. 0 where there is one component."""
    found = position.expectation
    components = 1 if found.ratios is None else found.ratios.shape[-1]
    if components == 1:
        return 0.0
    q = problem.model.expected_log_likelihood(problem.prepared, found.statistics, position.parameters)
    return (found.log_likelihood - q) / (problem.total_weight * math.log(components))
