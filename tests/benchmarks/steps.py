"""What a gradient costs beside an EM step, and a whole step through `run` with its trace."""

import statistics
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.gradient import CoordinateGradientAlgorithm, coordinates_for
from engine.algorithms.gradient_ascent import GradientAscent
from engine.parameters import PositiveDefinite, Simplex
from engine.run import Route, run
from engine.stopping import Stop
from engine.trace import Trace
from tests.benchmarks.em_iterations import Case, ground
from tests.benchmarks.measurement import Figure, Row, at_most, compared, in_pairs, median_ratio

STEPS = 2_000


def gradient_and_em(rows: int, weights: str, covariances: str) -> Row:
    """One evaluation in some coordinates against one EM step."""
    here = ground(Case(rows, 2, 3, 1.0))
    climber: Any = GradientAscent(weight_coordinates=weights, covariance_coordinates=covariances)
    em, problem = ExpectationMaximization(), here.problem
    state = climber.init(problem, here.start, 0)
    at = em.init(problem, here.start, 0)
    assert isinstance(climber, CoordinateGradientAlgorithm)
    ours, reference = in_pairs(
        lambda: climber.evaluate(problem, state.chart, state.x.copy()), lambda: em.step(problem, at)
    )
    ratio = median_ratio(ours, reference)
    outcome = at_most(ratio, 1.2)
    return compared(
        f"gradient / EM step, {weights} and {covariances}, n = {rows:,}",
        "us",
        {"gradient": ours, "em": reference},
        ratio,
        outcome,
        "",
    )


def whole_step(algorithm: Any, goal: float) -> Row:
    """Microseconds of a step through `run` with its trace, n = 500, d = 2, K = 3."""
    here = ground(Case(500, 2, 3, 1.0))
    samples = []
    for _ in range(7):
        trace = Trace(here.problem.layout)
        lane = run(here.problem, Route(algorithm), here.start, Stop(tolerance=0.0, max_iterations=STEPS))
        trace.append(next(lane))
        began = time.perf_counter()
        for step in lane:
            trace.append(step)
        samples.append((time.perf_counter() - began) / (trace.count - 1))
    figure = 1e6 * statistics.median(samples)
    words, met = at_most(figure, goal)
    return Row(
        f"one step of {algorithm.name} through run() with its trace, n = 500",
        "us",
        figure,
        None,
        figure,
        words,
        met,
        "",
        {"seconds": samples},
    )


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    for weights in coordinates_for(Simplex):
        yield f"gradient / EM step, {weights}", partial(_gradients, weights, "log-cholesky")
    for covariances in coordinates_for(PositiveDefinite):
        yield f"gradient / EM step, {covariances}", partial(_gradients, "softmax", covariances)
    yield "one step of em through run()", lambda: [whole_step(ExpectationMaximization(), 25)]
    yield (
        "one step of gradient-ascent through run()",
        lambda: [whole_step(GradientAscent(learning_rate=0.05), 40)],
    )


def _gradients(weights: str, covariances: str) -> list[Row]:
    return [gradient_and_em(rows, weights, covariances) for rows in (2_000, 20_000)]
