"""ECM: its orders, its cycles, and when it is EM."""

import itertools

import numpy as np
import pytest

from engine.algorithms.ecm import ExpectationConditionalMaximization
from engine.algorithms.em import ExpectationMaximization
from engine.datasets.three_clusters import ThreeClusters
from engine.models.gaussian_mixture import GaussianMixture
from tests import textbook
from tests.engine.algorithms.paths import follows, twenty_steps
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


@pytest.mark.parametrize("name", STARTS)
def test_in_the_models_own_order_it_is_em(name: str) -> None:
    one = twenty_steps(STARTS[name], ExpectationConditionalMaximization())
    other = twenty_steps(STARTS[name], ExpectationMaximization())
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine.parameters.vector, theirs.parameters.vector, rtol=1e-11, atol=1e-12)
    assert [step.e_steps for step in one] == [step.e_steps for step in other]


def test_covariances_that_come_first_are_about_the_old_means() -> None:
    """They are EM's and (mu+ - mu)(mu+ - mu)' more; the other blocks are EM's."""
    start = faithful()
    ecm = ExpectationConditionalMaximization(order=("covariances",))
    steps = start.steps(ecm, tolerance=0.0, max_iterations=10)
    model, problem = start.problem().model, start.problem()
    for before, step in itertools.pairwise(steps):
        image = model.m_step(problem.expect(before.parameters).statistics, before.parameters)
        assert np.array_equal(step.parameters["weights"], image["weights"])
        assert np.array_equal(step.parameters["means"], image["means"])
        shift = image["means"] - before.parameters["means"]
        outer = shift[:, :, None] * shift[:, None, :]
        np.testing.assert_allclose(step.parameters["covariances"], image["covariances"] + outer, atol=1e-12)


@pytest.mark.parametrize("name", ["faithful", "first experiment"])
def test_with_an_e_step_before_each_block_it_takes_the_textbooks_cycles(name: str) -> None:
    start = STARTS[name]
    order = ("means", "covariances", "weights")
    ecm = ExpectationConditionalMaximization(order=("means", "covariances"), multi_cycle=True)
    steps = start.steps(ecm, tolerance=0.0, max_iterations=5)
    path, values = [start.problem().model.describe(start.start)], start.dataset.values
    for _ in steps[1:]:
        described = path[-1]
        for block in order:
            shares = textbook.e_step(values, described).responsibilities
            hold = tuple(name for name in order if name != block)
            described = textbook.m_step(values, shares, described, hold=hold)
        path.append(described)
    follows(start, steps, path, rel=1e-9)
    assert [step.passes for step in steps] == [1 + 3 * step.iteration for step in steps]
    assert not any(step.decreased for step in steps)


def test_a_cycle_rises_further_than_em() -> None:
    multi = first_experiment().steps(
        ExpectationConditionalMaximization(multi_cycle=True), tolerance=1e-8, max_iterations=500
    )
    em = first_experiment().steps(ExpectationMaximization(), tolerance=1e-8, max_iterations=500)
    assert multi[-1].status == em[-1].status == "converged"
    assert multi[-1].log_likelihood == pytest.approx(em[-1].log_likelihood, abs=1e-8)
    assert multi[-1].iteration < em[-1].iteration
    assert multi[-1].passes > em[-1].passes


def test_a_held_block_stays_and_is_no_cycle() -> None:
    data = ThreeClusters().generate()
    start = Beginning(
        GaussianMixture(components=3, hold=("means",)),
        data,
        weights=[1 / 3] * 3,
        means=data.values[[0, 100, 200]],
        covariances=[np.eye(2)] * 3,
    )
    ecm = ExpectationConditionalMaximization(order=("covariances", "means"), multi_cycle=True)
    steps = start.steps(ecm, tolerance=0.0, max_iterations=4)
    assert all(np.array_equal(step.parameters["means"], start.start["means"]) for step in steps)
    assert [step.passes for step in steps] == [1 + 2 * step.iteration for step in steps]


def test_a_block_that_the_model_has_not_is_refused() -> None:
    (step,) = deaths().steps(ExpectationConditionalMaximization(order=("means",)))
    assert step.status == "refused"
    assert step.reason == "ecm cannot begin with 'means': the blocks of poisson-mixture are weights, rates."
    assert step.passes == 0
