"""Steps along an arc x(rate) that keeps the constraints, and how far along it is far enough."""

from collections.abc import Callable

import numpy as np

from engine.algorithms.gradient import GradientAlgorithm, GradientState, slope_along, within_roundoff
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array

SUFFICIENT_INCREASE = 1e-4
SHORTEST_SHARE = 2.0**-40
NO_STEP_RISES = "no step along the gradient raises the log-likelihood any more"


def backtracked(
    algorithm: GradientAlgorithm,
    problem: Problem,
    state: GradientState,
    arc: Callable[[float], Array],
    longest: float,
    at_least: float,
) -> GradientState | UndefinedLikelihood | None:
    """The state at x(rate) for the first rate of longest, longest/2, ... that rises enough; else why none does.

    Enough is `at_least` + 1e-4 grad'(x(rate) - x), where `at_least` is the value here or, for a search that may
    go down for a while, the lowest of the last values (Bertsekas 1976, IEEE Trans. Automatic Control 21,
    174-184; Grippo, Lampariello & Lucidi 1986, SIAM J. Numer. Anal. 23, 707-716). Every trial is one pass that
    gives value and gradient together, so the accepted one is not paid twice.
    """
    here = state.position.log_likelihood
    bound = problem.roundoff_bound(here)
    undefined: UndefinedLikelihood | None = None
    rate = longest
    while rate >= SHORTEST_SHARE * longest:
        x = arc(rate)
        way = x - state.x
        slope = slope_along(state, way)
        if np.all(np.isfinite(x)) and not slope > 0.0:
            break
        trial = algorithm.attempt(problem, state.chart, x)
        if isinstance(trial, UndefinedLikelihood):
            undefined = trial
        else:
            value, slope_there = trial.position.log_likelihood, slope_along(trial, way)
            risen = value >= at_least + SUFFICIENT_INCREASE * slope
            if risen or within_roundoff(value, here, bound, slope_there, slope):
                return trial
        rate *= 0.5
    return undefined
