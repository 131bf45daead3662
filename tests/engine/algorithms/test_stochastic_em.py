"""Stochastic EM: a Markov chain around the maximum, with the variance that theory gives it."""

import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.stochastic_em import DrawnState, StochasticEM
from engine.datasets.three_clusters import ThreeClusters
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.posterior import Sampled
from tests import textbook
from tests.engine.algorithms.starts import Beginning, collapsing, faithful, first_experiment, separated_by


def test_a_step_fits_the_drawn_rows() -> None:
    start = first_experiment()
    steps = start.steps(StochasticEM(), key=4, tolerance=0.0, max_iterations=6)
    problem = start.problem()
    for draw, (before, step) in enumerate(itertools.pairwise(steps)):
        drawn = problem.expect(before.parameters, posterior=Sampled(4, draw))
        assert np.array_equal(
            problem.model.m_step(drawn.statistics, before.parameters).vector, step.parameters.vector
        )
        # A drawn row is a whole one.
        counts = problem.total_weight * step.parameters["weights"]
        assert counts == pytest.approx(np.round(counts), abs=1e-9)


def test_the_key_decides_the_path() -> None:
    paths = [
        faithful().steps(StochasticEM(), key=key, tolerance=0.0, max_iterations=5)[-1].parameters.vector
        for key in (1, 1, 2)
    ]
    assert np.array_equal(paths[0], paths[1])
    assert not np.array_equal(paths[0], paths[2])


def test_around_the_maximum_it_wanders_as_far_as_theory_says() -> None:
    """With one free weight p the chain is nearly p <- M(p) + noise, an autoregression around EM's limit.

    The noise has the variance sum_i r_i (1 - r_i) / n^2 and M has the slope of EM's rate there, so the chain
    has the variance noise / (1 - rate^2) (Celeux & Diebolt 1985; Nielsen 2000).
    """
    given = separated_by(2.0)
    start = Beginning(
        GaussianMixture(components=2, hold=("means", "covariances")),
        given.dataset,
        weights=[0.4, 0.6],
        means=[[-1.0], [1.0]],
        covariances=[[[1.0]]] * 2,
    )
    limit = start.steps(ExpectationMaximization(), tolerance=1e-12)[-1]
    described = start.problem().model.describe(limit.parameters)
    shares = textbook.e_step(given.dataset.values, described).responsibilities[:, 0].astype(float)
    p, n = float(described["weights"][0]), len(shares)
    assert p == pytest.approx(0.5, abs=1e-6)
    noise = float(np.sum(shares * (1 - shares))) / n**2
    rate = float(np.sum(shares * (1 - shares))) / (n * p * (1 - p))
    problem, algorithm = start.problem(), StochasticEM()
    state, weights = algorithm.init(problem, limit.parameters, 1), []
    for _ in range(1500):
        state, _ = algorithm.step(problem, state)
        weights.append(state.position.parameters["weights"][0])
    chain = np.array(weights)
    spread = noise / (1 - rate**2)
    # So many draws with this correlation are worth (1 - rate) / (1 + rate) times as many independent ones.
    worth = len(chain) * (1 - rate) / (1 + rate)
    assert abs(float(np.mean(chain)) - p) < 4 * np.sqrt(spread / worth)
    assert float(np.var(chain)) == pytest.approx(spread, rel=4 * np.sqrt(2 / worth))
    assert float(np.corrcoef(chain[1:], chain[:-1])[0, 1]) == pytest.approx(rate, abs=0.08)


def test_it_leaves_the_saddle_where_em_stays() -> None:
    data = ThreeClusters().generate()
    mean, variance = np.mean(data.values, axis=0), np.cov(data.values.T)
    start = Beginning(
        GaussianMixture(components=3),
        data,
        weights=[1 / 3] * 3,
        means=[mean] * 3,
        covariances=[variance] * 3,
    )
    em = start.steps(ExpectationMaximization(), max_iterations=50)[-1]
    assert em.status == "stuck"
    drawn = start.steps(StochasticEM(), max_iterations=50)[-1]
    assert drawn.log_likelihood > em.log_likelihood + 300
    assert drawn.status == "iteration-limit"


def test_a_draw_with_too_few_rows_is_replaced_by_em_s_step_for_one_more_pass() -> None:
    start, algorithm = first_experiment(), StochasticEM(smallest_count=250.0)
    steps = start.steps(algorithm, tolerance=0.0, max_iterations=8)
    problem, replaced = start.problem(), 0
    for before, step in itertools.pairwise(steps):
        if not step.events:
            assert np.min(problem.total_weight * step.parameters["weights"]) >= 250 - 1e-6
            assert step.passes - before.passes == 1
            continue
        replaced += 1
        assert step.events[0].kind == "fallback"
        assert "rows): an EM step instead" in step.events[0].detail
        image = problem.model.m_step(problem.expect(before.parameters).statistics, before.parameters)
        assert np.array_equal(step.parameters.vector, image.vector)
        assert step.passes - before.passes == 2
    assert replaced


def test_a_draw_that_collapses_is_replaced_too() -> None:
    """Of six points a component often draws one alone, and then has no density."""
    start = collapsing(4.0)
    steps = start.steps(StochasticEM(smallest_count=0.0), key=1, tolerance=0.0, max_iterations=6)
    details = [event.detail for step in steps for event in step.events if event.kind == "fallback"]
    assert any("shrank onto a point" in detail for detail in details)
    state = steps[-1].state
    assert isinstance(state, DrawnState)
    assert state.draw == 6
