"""EM written as gradient ascent with a matrix in front of the gradient."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.models.base import Model
from engine.models.exponential_family import CompleteExponentialFamily
from engine.objective import Problem
from engine.parameters import Array, Layout, Parameters, Simplex
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class EMAsGradientState(State):
    """A position with the gradient of the summed log-likelihood there, flat, in natural blocks."""

    gradient: Array


@dataclass(frozen=True)
class EMAsGradient(Algorithm):
    """Multiplies the gradient by a matrix P and adds it, which is EM but for one small term.

    theta <- theta + P(theta) grad l(theta), where P is the inverse Fisher information of the complete data, with
    the E step's counts n_k. For a Gaussian mixture of n observations:

        weights      (diag pi - pi pi') / n
        means        Sigma_k / n_k
        covariances  (2 / n_k) Sigma_k (x) Sigma_k

    (Xu & Jordan 1996, theorem 1). P is positive definite within the constraints, so EM always goes uphill, and
    its step needs no learning rate. Weights and means are those of EM; a covariance is larger than EM's by
    exactly (mu+ - mu)(mu+ - mu)', because it is centred at the old mean. `centre_at_new_means` takes that term
    away, and then this is EM step for step. Without it the log-likelihood never falls either: it is an ECM step,
    covariances first and means second. One iteration costs one gradient.

    The right one where one wants to see that EM is a gradient method whose matrix comes for free.
    """

    name: ClassVar[str] = "em-as-gradient"
    source: ClassVar[str] = "Xu & Jordan (1996), Neural Computation 8, 129-151"
    formula: ClassVar[str] = r"""
        \pi^{+} - \pi = \frac{1}{n} \left(\mathrm{diag}\,\pi - \pi \pi^\top\right) \frac{\partial \ell}{\partial \pi}
        \mu_k^{+} - \mu_k = \frac{1}{n_k} \Sigma_k \frac{\partial \ell}{\partial \mu_k}
        \Sigma_k^{+} - \Sigma_k = \frac{2}{n_k} \Sigma_k \frac{\partial \ell}{\partial \Sigma_k} \Sigma_k
    """
    family: ClassVar[str] = "em"
    promises: ClassVar[str | None] = "log-likelihood"

    centre_at_new_means: bool = setting(
        False,
        label="Centre at the new means",
        help="Take (mu+ - mu)(mu+ - mu)' from every covariance, as EM does; then this is EM step for step.",
    )

    requires: ClassVar[str] = (
        "the information matrix of complete data, and parameters that are averages of it"
    )

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if not isinstance(model, CompleteExponentialFamily):
            return (
                f"{self.name} needs the information matrix of complete data, which {model.name} does not offer; "
                "choose em, which does the same by its M step."
            )
        if not model.em_is_an_information_step:
            return (
                f"{self.name} is EM only where parameters are averages, as means and weights are, and some of "
                f"{model.name} are not; choose em or natural-gradient."
            )
        return None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        return self._state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, EMAsGradientState)
        model, here = problem.model, state.position
        assert isinstance(model, CompleteExponentialFamily)
        statistics, parameters = here.expectation.statistics, here.parameters
        move = model.solve_information(statistics, parameters, state.gradient)
        if self.centre_at_new_means:
            move = move + model.em_remainder(statistics, parameters, move)
        vector = _projected(parameters.layout, parameters.vector + move)
        vector.setflags(write=False)
        return self._state(problem, Parameters(parameters.layout, vector)), NOTHING_TO_TELL

    def _state(self, problem: Problem, parameters: Parameters) -> State:
        expectation, gradient = problem.gradient(parameters)
        return EMAsGradientState(Position(parameters, expectation.log_likelihood, expectation), gradient)


def _projected(layout: Layout, vector: Array) -> Array:
    """A vector with its free blocks projected onto their supports: a floor keeps covariances above it."""
    projected = np.array(vector)
    for block in layout.constrained:
        values = projected[layout.places[block.name]].reshape(block.shape)
        # Weights sum to 1 already; the projection would lift one that is exactly 0 by the rounding of the sum.
        if block.held or (isinstance(block.support, Simplex) and values.min() >= 0.0):
            continue
        values[...] = block.support.project(values)
    return projected
