"""The step length that Barzilai & Borwein learn from the last step, and the memory that keeps it safe.

With s the last step and y the fall of the gradient of the mean log-likelihood along it, the rate s's / s'y is the
one number that would have told the fall from the step, a Newton step with a multiple of the identity for its Hessian
(Barzilai & Borwein 1988, IMA J. Numer. Anal. 8, 141-148). The value then falls now and again on a way that is much
shorter, so that a line search must let it: a step is halved until the value is above the lowest of the last 10
(Raydan 1997, SIAM J. Optim. 7, 26-33).
"""

from dataclasses import dataclass

import numpy as np

from engine.algorithms.gradient import GradientState
from engine.objective import Problem

LOOKS_BACK = 10
SMALLEST_RATE, LARGEST_RATE = 1e-10, 1e10


@dataclass(frozen=True, slots=True, eq=False)
class SpectralState(GradientState):
    """A gradient state with the rate that Barzilai & Borwein take next, and the last log-likelihoods."""

    rate: float
    recent: tuple[float, ...]


def with_first_rate(state: GradientState, rate: float) -> SpectralState:
    """The state at the start, where the rate is not learnt but given."""
    return _remembered(state, rate, (state.position.log_likelihood,))


def with_next_rate(
    problem: Problem, before: SpectralState, after: GradientState, rate: float
) -> SpectralState:
    """The state at the end of a step, with the rate that it taught.

    Where the gradient does not fall along a step, the rate stays as it is, and is at least the one given.
    """
    step, fall = after.x - before.x, (before.gradient - after.gradient) / problem.total_weight
    length, product = float(np.dot(step, step)), float(np.dot(step, fall))
    learnt = length / product if product > 0.0 and length > 0.0 else max(before.rate, rate)
    recent = (*before.recent, after.position.log_likelihood)[-LOOKS_BACK:]
    return _remembered(after, min(max(learnt, SMALLEST_RATE), LARGEST_RATE), recent)


def _remembered(state: GradientState, rate: float, recent: tuple[float, ...]) -> SpectralState:
    return SpectralState(state.position, state.chart, state.x, state.gradient, rate, recent)
