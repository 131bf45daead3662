"""Annealed EM: its schedule, its promise at each beta, EM at its end, and the maxima that EM misses."""

import itertools

import numpy as np
import pytest

from engine.algorithms.annealed_em import AnnealedEM, AnnealedState
from engine.algorithms.em import ExpectationMaximization
from engine.datasets.ten_dimensions import TenDimensions
from engine.datasets.three_clusters import ThreeClusters
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.posterior import Tempered
from engine.objective import Problem
from engine.roundoff import roundoff_bound
from engine.run import Route, run
from engine.starts.random_points import RandomPoints
from engine.stopping import Stop
from engine.trace import Step
from tests import textbook
from tests.engine.algorithms.paths import follows, same_bit_for_bit, twenty_steps
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment
from tests.textbook import extended

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


def state_of(step: Step) -> AnnealedState:
    assert isinstance(step.state, AnnealedState)
    return step.state


@pytest.mark.parametrize("name", STARTS)
def test_with_a_first_beta_of_1_it_is_em_bit_for_bit(name: str) -> None:
    one = twenty_steps(STARTS[name], AnnealedEM(first_beta=1.0))
    other = twenty_steps(STARTS[name], ExpectationMaximization())
    same_bit_for_bit(one, other)
    assert [step.e_steps for step in one] == [step.e_steps for step in other]


def test_beta_grows_by_stages_and_ends_at_1() -> None:
    algorithm = AnnealedEM(first_beta=0.5, growth=1.25, steps_each=3)
    steps = first_experiment().steps(algorithm, tolerance=0.0, max_iterations=16)
    wanted = [0.5] * 3 + [0.625] * 3 + [0.78125] * 3 + [0.9765625] * 3 + [1.0] * 5
    assert [state_of(step).beta for step in steps] == pytest.approx(wanted)
    assert [step.e_steps for step in steps] == [step.iteration + 1 for step in steps]
    # From beta = 1 on every step is EM's, with EM's own E step.
    problem = first_experiment().problem()
    for before, step in itertools.pairwise(steps[12:]):
        image = problem.model.m_step(problem.expect(before.parameters).statistics, before.parameters)
        assert np.array_equal(step.parameters.vector, image.vector)
        assert state_of(step).objective == step.log_likelihood


@pytest.mark.parametrize("name", STARTS)
def test_it_takes_the_textbooks_steps(name: str) -> None:
    start = STARTS[name]
    algorithm = AnnealedEM(first_beta=0.4, growth=1.3, steps_each=2, perturbation=0.0)
    steps = start.steps(algorithm, tolerance=0.0, max_iterations=10)
    data = start.dataset
    path = [start.problem().model.describe(start.start)]
    for step in steps[:-1]:
        described, beta = path[-1], extended(state_of(step).beta)
        joint = textbook.log_densities(data.values, described) + np.log(extended(described["weights"]))
        powers = np.exp(beta * (joint - np.max(joint, axis=1, keepdims=True)))
        shares = powers / np.sum(powers, axis=1, keepdims=True)
        path.append(textbook.m_step(data.values, shares, described, data.row_weights))
    follows(start, steps, path, rel=1e-9)


@pytest.mark.parametrize("name", STARTS)
def test_at_each_beta_the_annealed_objective_never_falls(name: str) -> None:
    problem, compared = STARTS[name].problem(), 0
    steps = STARTS[name].steps(AnnealedEM(steps_each=4), tolerance=0.0, max_iterations=70)
    for before, step in itertools.pairwise(steps):
        beta, objective = state_of(step).beta, state_of(step).objective
        found = problem.expect(step.parameters, posterior=Tempered(beta))
        assert objective == found.log_likelihood
        if beta == state_of(before).beta:
            bound = roundoff_bound(objective, problem.total_weight)
            assert state_of(before).objective - objective <= bound
            compared += 1
    assert compared > 50


def from_a_symmetric_start() -> Beginning:
    data = ThreeClusters().generate()
    mean, variance = np.mean(data.values, axis=0), np.cov(data.values.T, bias=True)
    return Beginning(
        GaussianMixture(components=3),
        data,
        weights=[1 / 3] * 3,
        means=[mean] * 3,
        covariances=[variance] * 3,
    )


def test_no_rule_ends_it_before_beta_is_1() -> None:
    """Where all components are alike every step is stationary; without a random move it ends stuck there."""
    algorithm = AnnealedEM(first_beta=0.5, growth=1.2, steps_each=2, perturbation=0.0)
    steps = from_a_symmetric_start().steps(algorithm)
    assert all(step.stationarity < 1e-10 for step in steps)
    assert steps[-1].status == "stuck"
    assert state_of(steps[-2]).beta < 1.0 == state_of(steps[-1]).beta


def test_components_that_have_become_one_part_again() -> None:
    steps = from_a_symmetric_start().steps(AnnealedEM())
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-2263.8997954895, abs=1e-6)


def test_the_key_decides_the_random_moves() -> None:
    ends = [
        first_experiment().steps(AnnealedEM(), key=key, tolerance=0.0, max_iterations=8)[-1].parameters.vector
        for key in (1, 1, 2)
    ]
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_where_em_s_end_depends_on_its_start_annealing_s_does_not() -> None:
    """Three components for five clusters in ten dimensions, from random points."""
    model = GaussianMixture(components=3)
    prepared = model.prepare(TenDimensions(size=1000).generate())
    values: dict[str, list[float]] = {"em": [], "annealed-em": []}
    for seed in range(3):
        start = RandomPoints(seed=seed).choose(model, prepared)
        for algorithm in (ExpectationMaximization(), AnnealedEM()):
            lane = Problem(model, prepared, 1)
            *_, last = run(lane, Route(algorithm), start, Stop(rule="gain", tolerance=1e-8))
            values[algorithm.name].append(last.log_likelihood)
    annealed, em = values["annealed-em"], values["em"]
    assert max(annealed) - min(annealed) < 1e-3
    assert max(em) - min(em) > 100
    assert annealed[0] > float(np.median(em)) + 40
