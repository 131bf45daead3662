"""The lower bound that EM climbs, from statistics alone and never by a second pass."""

from dataclasses import dataclass
from typing import Any, Protocol

from engine.algorithms.base import Position
from engine.algorithms.gradient import GradientState
from engine.models.base import Expectation, Model
from engine.parameters import Parameters


class Ground(Protocol):
    """What holds a model on prepared data, such as a Problem."""

    @property
    def model(self) -> Model: ...

    @property
    def prepared(self) -> Any: ...


def posterior_entropy(ground: Ground, at: Parameters, expectation: Expectation) -> float:
    """Entropy of q(z) = p(z | x, at): the log-likelihood there minus Q, because the bound touches."""
    q = ground.model.expected_log_likelihood(ground.prepared, expectation.statistics, at)
    return expectation.log_likelihood - q


def lower_bound(ground: Ground, at: Parameters, expectation: Expectation, parameters: Parameters) -> float:
    """Jensen's bound Q(q, parameters) + entropy(q), for the posterior q that `expectation` holds at `at`.

    It equals the log-likelihood at `at` and lies below it everywhere else (Neal & Hinton 1998).
    """
    q = ground.model.expected_log_likelihood(ground.prepared, expectation.statistics, parameters)
    return q + posterior_entropy(ground, at, expectation)


@dataclass(frozen=True, slots=True)
class Stair:
    """One iteration of EM as a stair in the log-likelihood.

    `before` is l(theta_t), which the bound touches after the E step; `bound` is where the M step has lifted
    the bound, at theta_t+1; `after` is l(theta_t+1), to which the next E step lifts it.
    """

    before: float
    bound: float
    after: float

    @property
    def m_step_rise(self) -> float:
        """By how much the M step raises the bound."""
        return self.bound - self.before

    @property
    def gap(self) -> float:
        """The Kullback-Leibler divergence of q from the posterior at theta_t+1: what the next E step gains."""
        return self.after - self.bound


def stair(ground: Ground, position: Position, following: Parameters, after: float) -> Stair:
    """The stair from a position to the parameters that the next step produced, with their log-likelihood."""
    bound = lower_bound(ground, position.parameters, position.expectation, following)
    return Stair(position.log_likelihood, bound, after)


def predicted_gain(state: GradientState, following: GradientState) -> float:
    """What the gradient promises for a step: its product with the step, in the lane's own coordinates."""
    return float(state.gradient @ (following.x - state.x))
