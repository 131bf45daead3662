"""The natural gradient against the textbook's blocks, and against EM, whose metric it has."""

from typing import Any

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.gradient import GradientState
from engine.algorithms.natural_gradient import NaturalGradient
from engine.errors import CannotRun
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array
from tests.engine.algorithms.bowl import CURVATURE, TOP, bowl, means
from tests.engine.algorithms.starts import (
    Beginning,
    collapsing,
    deaths,
    faithful,
    separated_by,
    three_likelihoods,
)

FIXED = NaturalGradient(line_search="none", longest_step=1e6)


def test_on_a_parabola_one_step_is_enough() -> None:
    """The information of a Gaussian's mean is the curvature itself."""
    steps = bowl().steps(FIXED, max_iterations=1)
    np.testing.assert_allclose(means(steps)[1], TOP, rtol=0, atol=1e-9)


def textbook_step(beginning: Beginning, rate: float, damping: float) -> Array:
    """theta + rate F^-1 g / n block by block in the frame, for full covariances and raw coordinates."""
    problem, start = beginning.problem(), beginning.start
    _, natural = problem.gradient(start)
    places, n = start.layout.places, problem.total_weight
    weights = start["weights"]
    moved = np.array(start.vector)
    # The first weights are free, the last one is what is left.
    information = np.diag(1 / weights[:-1]) + 1 / weights[-1]
    slope = natural[places["weights"]][:-1] - natural[places["weights"]][-1]
    step = rate * np.linalg.solve(information + damping * np.eye(len(slope)), slope / n)
    moved[places["weights"]] += np.append(step, -np.sum(step))
    for k, (weight, covariance) in enumerate(zip(weights, start["covariances"], strict=True)):
        precision = np.linalg.inv(covariance)
        mean = slice(places["means"].start + 2 * k, places["means"].start + 2 * k + 2)
        information = weight * precision + damping * np.eye(2)
        moved[mean] += rate * np.linalg.solve(information, natural[mean] / n)
        square = slice(places["covariances"].start + 4 * k, places["covariances"].start + 4 * k + 4)
        information = 0.5 * weight * np.kron(precision, precision) + damping * np.eye(4)
        moved[square] += rate * np.linalg.solve(information, natural[square] / n)
    return moved


@pytest.mark.parametrize(("rate", "damping"), [(0.1, 0.0), (0.3, 0.5), (0.05, 1e-3)])
def test_a_step_is_the_textbooks_block_by_block(rate: float, damping: float) -> None:
    algorithm = NaturalGradient(
        learning_rate=rate,
        damping=damping,
        line_search="none",
        weight_coordinates="drop-last",
        covariance_coordinates="raw",
        longest_step=100.0,
    )
    steps = faithful().steps(algorithm, max_iterations=1)
    np.testing.assert_allclose(
        steps[1].parameters.vector, textbook_step(faithful(), rate, damping), rtol=0, atol=1e-7
    )
    assert [step.passes for step in steps] == [1.0, 2.0]


COORDINATES: tuple[dict[str, Any], ...] = (
    {"weight_coordinates": "softmax", "covariance_coordinates": "log-cholesky"},
    {"weight_coordinates": "log-ratio", "covariance_coordinates": "matrix-logarithm"},
    {"weight_coordinates": "sphere", "covariance_coordinates": "cholesky", "standardize": False},
    {"weight_coordinates": "stick-breaking", "covariance_coordinates": "raw", "standardize": False},
)


@pytest.mark.parametrize("settings", COORDINATES, ids=lambda each: each["weight_coordinates"])
def test_a_short_step_is_the_same_in_all_coordinates(settings: dict[str, Any]) -> None:
    rate = 1e-4
    algorithm = NaturalGradient(learning_rate=rate, line_search="none", **settings)
    steps = faithful().steps(algorithm, max_iterations=1)
    moved = (steps[1].parameters.vector - steps[0].parameters.vector) / rate
    expected = (textbook_step(faithful(), 1.0, 0.0) - steps[0].parameters.vector) / 1.0
    np.testing.assert_allclose(moved, expected, rtol=0, atol=2e-3 * np.max(np.abs(expected)))


def test_in_means_alone_it_is_em_with_the_counts_that_the_weights_expect() -> None:
    """EM divides by n_k, which the E step found; the information at the parameters knows n pi_k."""
    data = separated_by(3.0).problem().prepared.dataset
    beginning = Beginning(
        GaussianMixture(components=2, hold=("weights", "covariances")),
        data,
        weights=[0.3, 0.7],
        means=[[-1.0], [2.0]],
        covariances=[[[1.0]], [[2.0]]],
    )
    natural = beginning.steps(FIXED, max_iterations=1)
    em = beginning.steps(ExpectationMaximization(), max_iterations=1)
    before, state = natural[0].parameters["means"][:, 0], em[0].state
    assert state is not None
    counts = state.position.expectation.statistics.reshape(2, 2, -1)[0, :, 0]
    expected = (em[1].parameters["means"][:, 0] - before) * counts / (1000 * np.array([0.3, 0.7]))
    np.testing.assert_allclose(natural[1].parameters["means"][:, 0] - before, expected, rtol=1e-8)


def test_in_weights_alone_it_is_em() -> None:
    """(diag pi - pi pi') / n is the same whichever counts are taken; a step of 1 in drop-last is EM's."""
    algorithm = NaturalGradient(line_search="none", weight_coordinates="drop-last")
    start = three_likelihoods(0.61, (0.2, 0.5, 0.3))
    natural = start.steps(algorithm, max_iterations=30)
    em = start.steps(ExpectationMaximization(), max_iterations=30)
    np.testing.assert_allclose(
        [step.parameters["weights"] for step in natural],
        [step.parameters["weights"] for step in em],
        rtol=0,
        atol=1e-8,
    )


def test_it_crawls_at_ems_rate_where_clusters_overlap() -> None:
    em = separated_by(3.0).steps(ExpectationMaximization(), tolerance=0.0, max_iterations=80)
    natural = separated_by(3.0).steps(NaturalGradient(), tolerance=0.0, max_iterations=80)
    best = -1945.0686002298
    rates = [(best - steps[80].log_likelihood) / (best - steps[60].log_likelihood) for steps in (em, natural)]
    assert rates[1] == pytest.approx(rates[0], rel=0.1)


def test_much_damping_leaves_the_plain_gradient() -> None:
    steps = faithful().steps(NaturalGradient(damping=1e6, line_search="none"), max_iterations=1)
    before, after = steps[0].state, steps[1].state
    assert isinstance(before, GradientState)
    assert isinstance(after, GradientState)
    np.testing.assert_allclose((after.x - before.x) * 1e6, before.gradient / 272, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("beginning", [deaths, faithful, lambda: separated_by(6.0)])
def test_backtracking_never_goes_down(beginning: object) -> None:
    assert callable(beginning)
    steps = beginning().steps(NaturalGradient(), max_iterations=40)
    assert not any(step.decreased for step in steps)
    assert steps[-1].log_likelihood > steps[0].log_likelihood
    assert NaturalGradient().promises == "log-likelihood"
    assert FIXED.promises is None


@pytest.mark.parametrize("line_search", ["none", "backtracking"])
def test_a_covariance_that_is_far_too_small_is_no_trouble(line_search: str) -> None:
    """In log-cholesky a whole step from there would multiply it by a large power of e, and the value would rise."""
    data = faithful().problem().prepared.dataset
    small = np.diag(np.var(data.values, axis=0)) / 4000
    beginning = Beginning(
        GaussianMixture(components=2),
        data,
        weights=[0.5, 0.5],
        means=[[2, 55], [4.3, 80]],
        covariances=[small, small],
    )
    steps = beginning.steps(NaturalGradient(line_search=line_search), max_iterations=100)
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-1130.2639601847, abs=1e-8)


def test_no_step_is_longer_than_allowed_in_the_metric_of_the_information() -> None:
    """Of a Gaussian's mean the length is that of Mahalanobis."""
    algorithm = NaturalGradient(line_search="none", longest_step=0.7, standardize=False)
    path = means(bowl().steps(algorithm, max_iterations=30))
    lengths = [np.sqrt(step @ CURVATURE @ step) for step in np.diff(path, axis=0)]
    np.testing.assert_allclose(lengths[:3], 0.7, rtol=1e-8)
    assert max(lengths) < 0.7 * (1 + 1e-8)
    np.testing.assert_allclose(path[-1], TOP, rtol=0, atol=1e-9)


def test_raw_weights_are_refused() -> None:
    (only,) = faithful().steps(NaturalGradient(weight_coordinates="raw"))
    assert only.status == "refused"
    assert "no maximum" in only.reason


def test_a_model_without_the_information_is_refused_with_the_reason() -> None:
    class Bare:
        name = "bare-model"

    problem: Any = faithful().problem()
    problem.model = Bare()
    with pytest.raises(
        CannotRun, match=r"information matrix of complete data, which bare-model does not offer"
    ):
        FIXED.init(problem, faithful().start, 0)
    assert problem.meter.passes == 0


def test_a_variance_that_shrinks_for_ever_is_a_collapse_and_no_maximum() -> None:
    """By a fixed share a step: the log-likelihood rises by the same amount each time, and has no maximum."""
    steps = collapsing().steps(NaturalGradient(), max_iterations=300)
    assert steps[-1].status == "collapsed"
    values = [step.log_likelihood for step in steps[40:60]]
    assert np.diff(values) == pytest.approx(0.5, abs=1e-6)
    assert min(step.stationarity for step in steps[:-1]) > 0.1
