"""BFGS against scipy's, evaluation for evaluation, and on the deaths within the published count."""

import numpy as np
import pytest

from engine.algorithms.bfgs import Bfgs
from engine.algorithms.bfgs_update import BfgsState, updated_inverse
from engine.algorithms.gradient_ascent import GradientAscent
from tests.engine.algorithms.against_scipy import by_ours, by_scipy
from tests.engine.algorithms.bowl import CURVATURE, TOP, bowl, means
from tests.engine.algorithms.starts import Beginning, collapsing, deaths, faithful, separated_by

IN_REFERENCE_COORDINATES = Bfgs(weight_coordinates="log-ratio", standardize=False)
"""(logit p, log lambda) or (logit p, mu, log sigma), in the data's units."""


def test_the_published_counts_on_deaths() -> None:
    """Reference, section 5: 11 iterations and 15 evaluations at gtol 1e-6, and 20 gradients are allowed."""
    theirs = by_scipy(deaths(), IN_REFERENCE_COORDINATES, "BFGS", 1e-6)
    ours = by_ours(deaths(), IN_REFERENCE_COORDINATES, 1e-6)
    assert (len(theirs.iterates), len(theirs.values)) == (11, 15)
    assert (len(ours.iterates), len(ours.values)) == (11, 15)
    np.testing.assert_allclose(ours.iterates, theirs.iterates, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-12)
    assert ours.values[-1] == pytest.approx(-1989.945859882964, abs=1e-9)


def test_deaths_within_twenty_gradients_as_a_lane_runs() -> None:
    for algorithm in (Bfgs(), IN_REFERENCE_COORDINATES):
        steps = deaths().steps(algorithm)
        assert steps[-1].status == "converged"
        assert steps[-1].gradients == steps[-1].passes <= 20
        assert steps[-1].log_likelihood == pytest.approx(-1989.945859882964, abs=1e-9)


@pytest.mark.parametrize("distance", [8.0, 4.0, 2.0])
def test_the_same_path_whatever_the_separation(distance: float) -> None:
    beginning = separated_by(distance)
    theirs = by_scipy(beginning, IN_REFERENCE_COORDINATES, "BFGS", 1e-4)
    ours = by_ours(beginning, IN_REFERENCE_COORDINATES, 1e-4)
    assert len(ours.values) == len(theirs.values)
    np.testing.assert_allclose(ours.iterates, theirs.iterates, rtol=0, atol=1e-7)


def test_the_same_path_on_faithful() -> None:
    theirs = by_scipy(faithful(), Bfgs(), "BFGS", 1e-4)
    ours = by_ours(faithful(), Bfgs(), 1e-4)
    np.testing.assert_allclose(ours.iterates[:30], theirs.iterates[:30], rtol=0, atol=1e-6)
    assert len(ours.values) == pytest.approx(len(theirs.values), abs=2)
    assert ours.values[-1] == pytest.approx(-1119.2139705938, abs=1e-8)


def test_the_update_is_the_published_product() -> None:
    """(I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y, and with it H y = s."""
    generator = np.random.Generator(np.random.Philox(3))
    factor, step = generator.standard_normal((5, 5)), generator.standard_normal(5)
    inverse = factor @ factor.T + np.eye(5)
    fall = 0.7 * step + 0.1 * generator.standard_normal(5)
    rho = 1.0 / (step @ fall)
    left = np.eye(5) - rho * np.outer(step, fall)
    updated = updated_inverse(inverse, step, fall)
    np.testing.assert_allclose(updated, left @ inverse @ left.T + rho * np.outer(step, step), atol=1e-12)
    np.testing.assert_allclose(updated @ fall, step, atol=1e-12)
    assert np.array_equal(updated, updated.T)
    assert np.min(np.linalg.eigvalsh(updated)) > 0


def test_on_a_parabola_it_learns_the_inverse_curvature() -> None:
    steps = bowl().steps(Bfgs(standardize=False), tolerance=1e-11)
    assert steps[-1].status == "converged"
    np.testing.assert_allclose(means(steps)[-1], TOP, atol=1e-9)
    last = steps[-1].state
    assert isinstance(last, BfgsState)
    assert last.inverse is not None
    # The summed log-likelihood of 60 rows curves 60 times as much.
    np.testing.assert_allclose(60 * last.inverse, np.linalg.inv(CURVATURE), rtol=1e-3)


@pytest.mark.parametrize("beginning", [deaths, faithful, lambda: separated_by(2.0)])
def test_it_never_goes_down_and_needs_fewer_steps_than_a_gradient(beginning: object) -> None:
    assert callable(beginning)
    start: Beginning = beginning()
    steps = start.steps(Bfgs(), max_iterations=200)
    plain = start.steps(GradientAscent(line_search="backtracking"), max_iterations=200)
    assert steps[-1].status == "converged"
    assert not any(step.decreased for step in steps)
    assert plain[-1].status == "iteration-limit"
    assert plain[-1].log_likelihood < steps[-1].log_likelihood


def test_raw_weights_are_refused_with_the_reason() -> None:
    (only,) = faithful().steps(Bfgs(weight_coordinates="raw"))
    assert only.status == "refused"
    assert only.passes == 0
    assert only.reason.startswith("bfgs cannot climb in raw weights: there is no maximum")


def test_an_unbounded_likelihood_collapses() -> None:
    steps = collapsing().steps(Bfgs())
    assert steps[-1].status == "collapsed"
    assert steps[-2].log_likelihood > steps[0].log_likelihood + 10
