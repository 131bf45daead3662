"""Is a stationary point a maximum? A probe for a direction upwards, never charged to a lane."""

import numpy as np

from engine.algorithms.base import Position
from engine.analysis.curvature import largest_eigenvalue
from engine.coordinates.base import Chart, Coordinates
from engine.coordinates.log import Log
from engine.coordinates.log_cholesky import LogCholesky
from engine.coordinates.logit import Logit
from engine.coordinates.raw import Raw
from engine.coordinates.softmax import Softmax
from engine.errors import CannotRun
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Block, Parameters, Simplex
from engine.wording import number_text

MULTIPLIER_MARGIN = 1e-6
PROBE_LENGTHS = (1e-3, 1e-2, 1e-1)
SMALLEST_CURVATURE = 1e-6


def direction_upwards(problem: Problem, position: Position) -> str | None:
    """Where the log-likelihood rises from a stationary point, in words; None where the probe finds nothing.

    Two things are looked for: a weight of 0 whose multiplier (mean of f_k/f) is above 1, and a direction
    in which the log-likelihood is convex, confirmed by evaluating it on both sides.
    """
    return weight_to_raise(problem, position) or _convex_direction(problem.uncharged(), position)


def weight_to_raise(problem: Problem, position: Position) -> str | None:
    """A weight of exactly 0 that the likelihood wants above 0 (the multiplier's sign is wrong)."""
    ratios = position.expectation.ratios
    if ratios is None or "weights" not in problem.layout.free:
        return None
    multipliers = np.where(position.parameters["weights"] == 0, ratios / problem.total_weight, 0.0)
    best = int(np.argmax(multipliers))
    if multipliers[best] <= 1 + MULTIPLIER_MARGIN:
        return None
    return (
        f"weight {best + 1} is 0 and the mean of f{best + 1}/f is {number_text(multipliers[best], 7)}, above 1: "
        "raising it would raise the log-likelihood"
    )


def _convex_direction(problem: Problem, position: Position) -> str | None:
    parameters = position.parameters
    chart = _interior_chart(parameters)
    if chart is None or chart.size == 0:
        return None
    x = chart.write(parameters)
    found = largest_eigenvalue(problem, chart, x, 1.0)
    if found is None or found.value < SMALLEST_CURVATURE:
        return None
    bound = problem.roundoff_bound(position.log_likelihood)
    here = position.log_likelihood
    for length in PROBE_LENGTHS:
        try:
            ahead = problem.log_likelihood(chart.read(x + length * found.direction)) - here
            behind = problem.log_likelihood(chart.read(x - length * found.direction)) - here
        except UndefinedLikelihood:
            return None
        if ahead + behind > 4 * bound and max(ahead, behind) > 2 * bound:
            alike = (
                "the components are all alike, and no step can tell them apart; "
                if _alike(parameters)
                else ""
            )
            return (
                f"{alike}a saddle: a small move to one side raises the log-likelihood by "
                f"{number_text(max(ahead, behind), 2)}"
            )
    return None


def _interior_chart(parameters: Parameters) -> Chart | None:
    """Keeping coordinates for every free block that lies inside its support."""
    layout = parameters.layout
    inside: dict[str, Coordinates] = {}
    for name in layout.free:
        writing = _keeping(layout.by_name[name])
        if writing.refusal(parameters[name]) is None:
            inside[name] = writing
    held_out = tuple(name for name in layout.free if name not in inside)
    try:
        return Chart(parameters, inside, True, "the probe", without=held_out)
    except CannotRun:
        return None


def _keeping(block: Block) -> Coordinates:
    if isinstance(block.support, Simplex):
        return Softmax()
    if block.support.coordinates_setting == "covariance_coordinates":
        return LogCholesky.of(block)
    if block.support.coordinates_setting == "rate_coordinates":
        return Log()
    if block.support.coordinates_setting == "probability_coordinates":
        return Logit()
    return Raw()


def _alike(parameters: Parameters) -> bool:
    """Whether all components have the same parameters."""
    blocks = [parameters[block.name] for block in parameters.layout.blocks if block.name != "weights"]
    k = len(parameters["weights"]) if "weights" in parameters else 0
    per_component = [block for block in blocks if block.ndim and block.shape[0] == k]
    return k > 1 and all(np.allclose(block, block[:1], rtol=1e-9, atol=1e-12) for block in per_component)
