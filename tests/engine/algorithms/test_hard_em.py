"""Hard EM: the textbook's steps, k-means as a special case, its promise, and where it ends."""

import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.hard_em import HardEM, HardState
from engine.datasets.three_clusters import ThreeClusters
from engine.models.factor_analysis import FactorAnalysis
from engine.models.gaussian_mixture import GaussianMixture
from engine.roundoff import roundoff_bound
from engine.trace import Step
from tests import textbook
from tests.engine.algorithms.paths import follows
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment, separated_by
from tests.textbook import extended

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


def classification(step: Step) -> float:
    assert isinstance(step.state, HardState)
    return step.state.objective


@pytest.mark.parametrize("name", ["faithful", "first experiment"])
def test_it_takes_the_textbooks_steps(name: str) -> None:
    start = STARTS[name]
    steps = start.steps(HardEM(), tolerance=0.0)
    model, data = start.problem().model, start.dataset
    path = [model.describe(start.start)]
    for step in steps:
        described = path[-1]
        joint = textbook.log_densities(data.values, described) + np.log(extended(described["weights"]))
        best = float(np.sum(np.max(joint, axis=1)))
        assert classification(step) == pytest.approx(best, rel=1e-11)
        shares = extended(np.eye(joint.shape[1])[np.argmax(joint, axis=1)])
        path.append(textbook.m_step(data.values, shares, described))
    follows(start, steps, path[:-1], rel=1e-9)


@pytest.mark.parametrize("name", STARTS)
def test_the_classification_likelihood_never_falls_and_then_stays(name: str) -> None:
    steps = STARTS[name].steps(HardEM(), tolerance=0.0)
    total = STARTS[name].problem().total_weight
    for before, step in itertools.pairwise(steps):
        fall = classification(before) - classification(step)
        assert fall <= roundoff_bound(classification(step), total)
    assert classification(steps[-1]) > classification(steps[0])
    assert steps[-1].status == "stopped"
    assert steps[-1].reason.startswith("no row changes its component any more")
    state, problem = steps[-1].state, STARTS[name].problem()
    assert isinstance(state, HardState)
    assert np.array_equal(
        problem.m_step(state.statistics, state.position.parameters).vector, steps[-1].parameters.vector
    )


def test_one_pass_an_iteration_and_the_display_is_not_charged() -> None:
    steps = faithful().steps(HardEM(), tolerance=0.0)
    assert [step.e_steps for step in steps] == [step.iteration + 1 for step in steps]
    assert [step.passes for step in steps] == [step.iteration + 1 for step in steps]
    assert all(step.log_likelihoods == 0 for step in steps)


def test_with_equal_weights_and_fixed_circles_it_is_k_means() -> None:
    data = ThreeClusters().generate()
    centres = np.array(data.values[[0, 100, 200]])
    start = Beginning(
        GaussianMixture(components=3, covariance="spherical", hold=("weights", "covariances")),
        data,
        weights=[1 / 3] * 3,
        means=centres,
        covariances=[np.eye(2)] * 3,
    )
    for step in start.steps(HardEM(), tolerance=0.0):
        found = start.problem().model.describe(step.parameters)["means"]
        np.testing.assert_allclose(found, centres, rtol=1e-12, atol=1e-12)
        distances = np.linalg.norm(data.values[:, None] - centres, axis=2)
        nearest = np.argmin(distances, axis=1)
        centres = np.array([data.values[nearest == k].mean(axis=0) for k in range(3)])


def test_overlapping_clusters_come_out_too_far_apart_and_too_narrow() -> None:
    """Its limit at distance 2 from two halves: means -+(2 phi(1) + 2 Phi(1) - 1), variance 2 - that squared."""
    start = separated_by(2.0)
    even = Beginning(
        GaussianMixture(components=2),
        start.dataset,
        weights=[0.5, 0.5],
        means=[[-1.0], [1.0]],
        covariances=[[[1.0]]] * 2,
    )
    last = even.steps(HardEM(), tolerance=0.0)[-1]
    described = even.problem().model.describe(last.parameters)
    # E|X| of the mixture: 2 phi(1) + (2 Phi(1) - 1), with phi and Phi of the standard normal at 1.
    folded = 2 * 0.24197072451914337 + (2 * 0.8413447460685429 - 1)
    assert described["means"][:, 0] == pytest.approx([-folded, folded], abs=3e-3)
    assert described["covariances"][:, 0, 0] == pytest.approx([2 - folded**2] * 2, abs=1e-2)
    assert last.status == "stopped"
    assert last.stationarity > 0.01
    em = even.steps(ExpectationMaximization(), max_iterations=50)[-1]
    assert em.log_likelihood > last.log_likelihood + 1


def test_where_no_value_of_the_latent_variables_has_a_probability_it_is_refused() -> None:
    refused = HardEM().refusal(FactorAnalysis(), ("loadings", "uniquenesses"))
    assert refused is not None
    assert "factor-analysis has none" in refused
    assert refused.endswith("; choose em.")
    assert HardEM().refusal(GaussianMixture(), ("weights", "means")) is None
