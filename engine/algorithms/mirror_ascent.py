"""Mirror ascent in the mean parameters of the complete data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.models.base import Model, UndefinedLikelihood
from engine.models.exact_sums import Pair
from engine.models.exponential_family import CompleteExponentialFamily
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True)
class MirrorAscent(Algorithm):
    """Moves the mean parameters towards what the E step found; all the way is EM.

    The complete data form an exponential family with natural parameters eta and mean parameters
    m = E[s(x, z)]. Mirror ascent with that family's entropy as its distance steps along the gradient in eta,
    but in m:

        m <- m + step * d(l/n)/d eta,   with d(l/n)/d eta = s/n - m by Fisher's identity,

    where s are the E step's statistics, and the M step turns the new m into parameters. With step 1 that is
    m <- s/n, EM exactly (Kunstner, Kumar & Schmidt 2021). The log-likelihood is 1-smooth in this
    geometry, so no step up to 1 loses any of it, and the gain is at least the complete data's Kullback-Leibler
    divergence between two iterates, at step 1; a longer step may lose, and may leave the constraints. For a
    Gaussian mixture m holds pi_k, pi_k mu_k and pi_k (Sigma_k + mu_k mu_k'). One iteration costs one E step.

    The right one where one wants to see EM's step length: 1, neither tuned nor arbitrary.
    """

    name: ClassVar[str] = "mirror-ascent"
    source: ClassVar[str] = "Kunstner, Kumar & Schmidt (2021), AISTATS, PMLR 130, 3295-3303"
    formula: ClassVar[str] = r"""
        m_t = \mathrm{E}_{\theta_t}[s(x, z)]
        m_{t+1} = m_t + \gamma \Bigl(\frac{1}{n} \sum_i \mathrm{E}[s(x_i, z) \mid x_i, \theta_t] - m_t\Bigr)
    """
    family: ClassVar[str] = "em"

    step_size: float = setting(
        1.0,
        label="Step",
        help="Share of the way from the mean parameters to the E step's statistics; 1 is EM.",
        above=0.0,
        maximum=10.0,
        logarithmic=True,
        adjustable=True,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.step_size <= 1.0 else None

    requires: ClassVar[str] = "the mean parameters of complete data"

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if isinstance(model, CompleteExponentialFamily):
            return None
        return (
            f"{self.name} needs the mean parameters of complete data, which {model.name} does not offer; choose em, "
            "which is its step 1."
        )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        return _state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        model, here = problem.model, state.position
        assert isinstance(model, CompleteExponentialFamily)
        mean = model.mean_statistics(problem.prepared, here.parameters)
        mixed = _mixed(mean, here.expectation.statistics, self.step_size)
        parameters = problem.m_step(mixed, here.parameters)
        state = _state(problem, parameters)
        # A mixture with a negative weight may still have a density everywhere in the data.
        violation = problem.layout.violation(parameters.vector)
        if violation is not None:
            raise UndefinedLikelihood("left-constraints", violation, parameters)
        return state, NOTHING_TO_TELL


def _state(problem: Problem, parameters: Parameters) -> State:
    expectation = problem.expect(parameters)
    return State(Position(parameters, expectation.log_likelihood, expectation))


def _mixed(mean: Array, found: Array, step: float) -> Array:
    """(1 - step) times the mean statistics plus step times those found, with what rounding takes from them."""
    old, new = mean.reshape(2, -1), found.reshape(2, -1)
    mixed = Pair(old[0], old[1]).times(1.0 - step) + Pair(new[0], new[1]).times(step)
    return np.concatenate((mixed.high, mixed.low))
