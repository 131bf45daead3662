"""Conjugate gradients against scipy's, evaluation for evaluation, and on a parabola."""

import itertools

import numpy as np
import pytest

from engine.algorithms.conjugate_gradient import ConjugateGradient
from engine.algorithms.polak_ribiere import ConjugateState
from tests.engine.algorithms.against_scipy import by_ours, by_scipy
from tests.engine.algorithms.bowl import CURVATURE, TOP, bowl, means
from tests.engine.algorithms.starts import deaths, faithful, separated_by

IN_REFERENCE_COORDINATES = ConjugateGradient(weight_coordinates="log-ratio", standardize=False)


def test_the_same_points_as_scipy_on_deaths() -> None:
    """Reference, section 5 (another version of scipy: 37 iterations, 76 evaluations)."""
    theirs = by_scipy(deaths(), IN_REFERENCE_COORDINATES, "CG", 1e-4)
    ours = by_ours(deaths(), IN_REFERENCE_COORDINATES, 1e-4)
    assert len(ours.values) == len(theirs.values) < 76
    assert len(ours.iterates) == len(theirs.iterates) < 37
    # A difference of one rounding grows from step to step, as it does in any conjugate gradient method.
    np.testing.assert_allclose(ours.iterates[:20], theirs.iterates[:20], rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-7)
    assert ours.values[-1] == pytest.approx(-1989.945859882964, abs=1e-8)


@pytest.mark.parametrize("distance", [8.0, 4.0])
def test_the_same_points_as_scipy_whatever_the_separation(distance: float) -> None:
    beginning = separated_by(distance)
    theirs = by_scipy(beginning, IN_REFERENCE_COORDINATES, "CG", 1e-2)
    ours = by_ours(beginning, IN_REFERENCE_COORDINATES, 1e-2)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-9)
    np.testing.assert_allclose(ours.iterates, theirs.iterates, rtol=0, atol=1e-6)


def test_directions_are_polak_and_ribieres_on_the_way() -> None:
    steps = faithful().steps(ConjugateGradient(), max_iterations=40)
    states = [step.state for step in steps if isinstance(step.state, ConjugateState)]
    direction, bent = states[0].gradient, 0
    for before, state in itertools.pairwise(states):
        moved = state.x - before.x
        # The step lies along the direction.
        cosine = moved @ direction / np.linalg.norm(moved) / np.linalg.norm(direction)
        assert cosine == pytest.approx(1.0, abs=1e-12)
        change = state.gradient - before.gradient
        beta = max(0.0, float(state.gradient @ change / (before.gradient @ before.gradient)))
        direction = state.gradient + beta * direction
        bent += beta > 0
    assert bent > 30


def test_on_a_parabola_successive_directions_are_nearly_conjugate() -> None:
    """Exactly so with exact line searches; the slope falls to 0.4 here, often to much less."""
    steps = bowl().steps(ConjugateGradient(standardize=False), tolerance=1e-10)
    assert steps[-1].status == "converged"
    path = means(steps)
    np.testing.assert_allclose(path[-1], TOP, atol=1e-9)
    assert len(steps) < 12


def test_every_step_keeps_the_strong_wolfe_conditions() -> None:
    steps = separated_by(4.0).steps(ConjugateGradient())
    assert steps[-1].status == "converged"
    states = [step.state for step in steps if isinstance(step.state, ConjugateState)]
    for before, state in itertools.pairwise(states[:-3]):
        way = state.x - before.x
        slope, slope_there = before.gradient @ way, state.gradient @ way
        assert state.position.log_likelihood >= before.position.log_likelihood + 1e-4 * slope
        assert abs(slope_there) <= 0.4 * slope


def test_it_arrives_where_rounding_hides_the_rise() -> None:
    steps = faithful().steps(ConjugateGradient(), max_iterations=1000)
    assert steps[-1].status == "converged"
    assert steps[-1].reason.startswith("stationary")
    assert steps[-1].log_likelihood == pytest.approx(-1119.2139705938, abs=1e-9)
    assert not any(step.decreased for step in steps)


def test_raw_weights_are_refused() -> None:
    (only,) = deaths().steps(ConjugateGradient(weight_coordinates="raw"))
    assert only.status == "refused"


def test_the_curvature_of_the_bowl_is_unequal() -> None:
    """Otherwise one step along the gradient would do."""
    low, high = np.linalg.eigvalsh(CURVATURE)
    assert high / low > 5
