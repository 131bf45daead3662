"""The best known maximum: where a lane ended, improved until rounding hides any gain; never charged."""

import math

from engine import catalogue
from engine.errors import CannotRun
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Parameters

SMALLEST_GAIN = 1e-13
STILL_STEPS = 3
MOST_PASSES = 1500.0
CLIMBERS = (("em", 0.1), ("lbfgs", 0.6), ("em", 0.3))
"""Algorithms by turns, with their shares of the passes: EM settles, L-BFGS goes fast where EM crawls, and
EM again, since it climbs on where a weight is 0 and cannot be written for L-BFGS."""


def polished_maximum(problem: Problem, parameters: Parameters, most_passes: float = MOST_PASSES) -> float:
    """The highest log-likelihood found from `parameters` upwards, at most `most_passes` passes later.

    The climb ends where the relative gain stays below 1e-13. Where it runs into a collapse the likelihood
    has no maximum; what counts is then the value it began that climb with. NaN where there is none at all.
    """
    free = problem.uncharged()
    try:
        best = free.log_likelihood(parameters)
    except UndefinedLikelihood:
        return math.nan
    for name, share in CLIMBERS:
        best, parameters = _climbed(free, name, parameters, best, share * most_passes)
    return best


def _climbed(
    problem: Problem, name: str, parameters: Parameters, value: float, most_passes: float
) -> tuple[float, Parameters]:
    """The highest log-likelihood on an algorithm's way from `parameters`, and where it was."""
    algorithm = catalogue.get("algorithms", name)()
    best, place, still = value, parameters, 0
    limit = problem.meter.passes + most_passes
    try:
        state = algorithm.init(problem, parameters, 0)
        while still < STILL_STEPS and problem.meter.passes < limit:
            # A pass over few rows is one block, within which nothing is asked.
            problem.workspace.checkpoint()
            state, info = algorithm.step(problem, state)
            reached = state.position.log_likelihood
            still = 0 if reached - best > SMALLEST_GAIN * abs(reached) else still + 1
            if reached > best:
                best, place = reached, state.position.parameters
            if info.ended is not None:
                break
    except CannotRun:
        return value, parameters
    except UndefinedLikelihood:
        return value, parameters
    return best, place
