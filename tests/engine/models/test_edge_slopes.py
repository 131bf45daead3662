"""Slopes at probabilities and rates of exactly 0 or 1, against differences taken inwards."""

from typing import Any

import numpy as np
import pytest

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.algorithms.lbfgs_b import LimitedMemoryBfgsBounded
from engine.datasets.role_conflict import RoleConflict
from engine.models.bernoulli_mixture import BernoulliMixture
from engine.models.binomial_mixture import BinomialMixture
from engine.models.coins import Coins
from engine.models.multinomial_mixture import MultinomialMixture
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import Parameters
from engine.run import Route, run
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from engine.stopping import Stop
from tests.engine.models.cases import Case, data_for

MODELS: list[tuple[Any, str, tuple[float, ...]]] = [
    (BernoulliMixture(components=3), "probabilities", (0.0, 1.0)),
    (BinomialMixture(components=3), "probabilities", (0.0, 1.0)),
    (Coins(components=3), "heads", (0.0, 1.0)),
    (BinomialMixture(components=3, trials_column="trials"), "probabilities", (0.0, 1.0)),
    (Coins(components=3, trials_column="trials"), "heads", (0.0, 1.0)),
    (MultinomialMixture(components=3), "probabilities", (0.0,)),
    (PoissonMixture(components=3), "rates", (0.0,)),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("model", "block", "edges"), MODELS, ids=lambda value: getattr(value, "name", ""))
def test_the_slope_is_that_of_differences_inwards(
    model: Any, block: str, edges: tuple[float, ...], weighted: bool
) -> None:
    case = Case("edge", model, data_for(model, 2, weighted))
    problem, layout = case.problem(), case.parameters.layout
    first = layout.places[block].start
    for place in (first, first + layout.by_name[block].size // 2):
        for edge in edges:
            vector = np.array(case.parameters.vector)
            vector[place] = edge
            inwards = 1.0 if edge == 0.0 else -1.0

            def value(
                step: float, vector: Any = vector, place: int = place, inwards: float = inwards
            ) -> float:
                moved = np.array(vector)
                moved[place] += inwards * step
                return problem.log_likelihood(Parameters(layout, moved))

            gradient = problem.gradient(Parameters(layout, vector))[1]
            step = 1e-3 / max(100.0, abs(float(gradient[place])))
            values = [value(each * step) for each in range(5)]
            wanted = inwards * float(np.dot([-25, 48, -36, 16, -3], values)) / (12 * step)
            assert gradient[place] == pytest.approx(wanted, rel=2e-5, abs=1e-4)


def test_parts_of_the_rows_add_to_the_whole() -> None:
    model = BernoulliMixture(components=3)
    case = Case("edge", model, data_for(model, 2, True))
    vector = np.array(case.parameters.vector)
    vector[[3, 8]] = 0.0, 1.0
    parameters, problem = Parameters(case.parameters.layout, vector), case.problem()
    whole = problem.expect(parameters)
    parts = problem.expect(parameters, np.arange(20)) + problem.expect(parameters, np.arange(20, 60))
    assert whole.edges is not None
    assert parts.edges is not None
    assert np.any(whole.edges[3])
    assert parts.edges == pytest.approx(whole.edges, rel=1e-12)
    assert whole.scaled(2.0).edges == pytest.approx(2 * whole.edges)


def test_who_meets_a_bound_too_early_leaves_it_again() -> None:
    """Three classes where nothing is certain: bounded steps may hit 0 or 1 on the way, but may not end there."""
    model = BernoulliMixture(components=3)
    prepared = model.prepare(RoleConflict().generate())
    ends = {}
    for algorithm in (LimitedMemoryBfgs(), LimitedMemoryBfgsBounded(probability_coordinates="raw")):
        start = KMeansPlusPlus().choose(model, prepared)
        stop = Stop(rule="gradient", tolerance=1e-7, max_iterations=2000)
        ends[algorithm.name] = list(run(Problem(model, prepared, 1), Route(algorithm), start, stop))[-1]
    assert ends["lbfgs-b"].status == "converged"
    assert ends["lbfgs-b"].log_likelihood == pytest.approx(ends["lbfgs"].log_likelihood, abs=1e-6)
