"""Mixtures of factor analysers: one component is factor analysis, what was drawn is found, and where there is no density."""

import math

import numpy as np
import pytest

from engine.algorithms.squarem import Squarem
from engine.datasets.factor_clusters import FactorClusters
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.models.factor_analysis import FactorAnalysis
from engine.models.mixture_of_factor_analysers import MixtureOfFactorAnalysers
from engine.objective import Problem
from engine.run import Route, run
from engine.stopping import Stop
from tests.engine.models.cases import correlated_data, random_parameters, real_data


@pytest.mark.parametrize("weighted", [False, True])
def test_one_component_is_factor_analysis(weighted: bool) -> None:
    data = correlated_data(1, weighted)
    mixture, single = MixtureOfFactorAnalysers(components=1, factors=2), FactorAnalysis(factors=2)
    one, other = (Problem(model, model.prepare(data), 1) for model in (mixture, single))
    here = random_parameters(single, other.prepared, 3)
    described = single.describe(here)
    names = {"mean": "means", "loadings": "loadings", "uniquenesses": "uniquenesses"}
    as_mixture = {names[name]: block[None] for name, block in described.items()}
    there = mixture.accept(one.prepared, {"weights": np.ones(1), **as_mixture})
    (found, slope), (known, wanted) = one.gradient(there), other.gradient(here)
    assert found.log_likelihood == pytest.approx(known.log_likelihood, rel=1e-12)
    moved = mixture.describe(mixture.m_step(found.statistics, there))
    for name, block in single.describe(single.m_step(known.statistics, here)).items():
        assert moved[names[name]][0] == pytest.approx(block, rel=1e-9)
        place, same = there.layout.places[names[name]], here.layout.places[name]
        assert slope[place] == pytest.approx(wanted[same], rel=1e-9, abs=1e-9)


def test_what_was_drawn_is_found() -> None:
    data = FactorClusters(size=20_000, seed=2).generate()
    model = MixtureOfFactorAnalysers(components=2, factors=1)
    prepared = model.prepare(data)
    assert data.truth is not None
    start = model.accept(prepared, data.truth.parameters)
    last = list(run(Problem(model, prepared, 1), Route(Squarem()), start, Stop(max_iterations=100)))[-1]
    assert last.status == "converged"
    found, true = model.describe(last.parameters), data.truth.parameters
    assert found["weights"] == pytest.approx(true["weights"], abs=0.02)
    assert found["means"] == pytest.approx(true["means"], abs=0.06)
    assert found["uniquenesses"] == pytest.approx(true["uniquenesses"], abs=0.03)
    squares = [each["loadings"] @ np.swapaxes(each["loadings"], 1, 2) for each in (found, true)]
    assert squares[0] == pytest.approx(squares[1], abs=0.06)


def test_where_a_component_has_no_density_it_is_told() -> None:
    model = MixtureOfFactorAnalysers(components=2)
    problem = Problem(model, model.prepare(real_data(4, False)), 1)
    here = random_parameters(model, problem.prepared, 1)
    noise = np.array(here["uniquenesses"])
    noise[1, 0] = 0.0
    assert math.isfinite(problem.log_likelihood(here.replaced({"uniquenesses": noise})))
    noise[1, :2] = 0.0
    with pytest.raises(UndefinedLikelihood, match="component 2 shrank onto fewer directions") as undefined:
        problem.log_likelihood(here.replaced({"uniquenesses": noise}))
    assert undefined.value.kind == "collapsed"
    noise[1, 2] = -9.0
    with pytest.raises(UndefinedLikelihood, match="uniqueness 3 of component 2 became -9") as undefined:
        problem.log_likelihood(here.replaced({"uniquenesses": noise}))
    assert undefined.value.kind == "left-constraints"


def test_too_few_columns_are_refused() -> None:
    with pytest.raises(
        InputError, match="2 columns, too few to tell apart 1 factor in each component"
    ) as refused:
        MixtureOfFactorAnalysers().check(real_data(2, False))
    assert str(refused.value).endswith(".")
    MixtureOfFactorAnalysers().check(real_data(3, False))


def test_a_start_from_centres_explains_half_of_the_spread() -> None:
    model = MixtureOfFactorAnalysers(components=2, factors=2)
    prepared = model.prepare(real_data(6, True))
    spread = np.linspace(0.2, 0.8, 6)
    start = model.from_centres(prepared, np.zeros((2, 6)), spread)
    assert np.sum(np.square(start["loadings"][0])) == pytest.approx(0.5 * np.sum(spread))
    assert start["uniquenesses"][1] == pytest.approx(0.5 * spread)
