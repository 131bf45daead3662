"""Momentum on a parabola, where its iterates are known, and where a plain gradient creeps."""

import itertools

import numpy as np
import pytest

from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.heavy_ball import HeavyBall, HeavyBallState
from engine.parameters import Array
from tests.engine.algorithms.bowl import CURVATURE, START, TOP, bowl, gap, means
from tests.engine.algorithms.starts import faithful, first_experiment, separated_by


def known_iterates(rate: float, momentum: float, count: int) -> list[Array]:
    """Along each principal axis the errors obey e+ = (1 + momentum - rate c) e - momentum e_before."""
    curvatures, axes = np.linalg.eigh(CURVATURE)
    errors = axes.T @ (START - TOP)
    path = []
    for t in range(count + 1):
        at_t = []
        for curvature, error in zip(curvatures, errors, strict=True):
            roots = np.roots([1.0, -(1.0 + momentum - rate * curvature), momentum]).astype(complex)
            # e_0 and e_1 = (1 - rate c) e_0 decide the shares of the two roots.
            shares = np.linalg.solve(
                np.array([[1.0, 1.0], roots]), error * np.array([1.0, 1.0 - rate * curvature])
            )
            at_t.append(float((shares @ roots**t).real))
        path.append(TOP + axes @ np.array(at_t))
    return path


@pytest.mark.parametrize(("rate", "momentum"), [(0.1, 0.9), (0.4, 0.5), (0.3, 0.0)])
def test_the_iterates_on_a_parabola(rate: float, momentum: float) -> None:
    algorithm = HeavyBall(learning_rate=rate, momentum=momentum, standardize=False)
    steps = bowl().steps(algorithm, tolerance=0.0, max_iterations=30)
    np.testing.assert_allclose(means(steps), known_iterates(rate, momentum, 30), rtol=0, atol=1e-10)


def test_polyaks_best_choice_converges_at_polyaks_rate() -> None:
    low, high = np.linalg.eigvalsh(CURVATURE)
    sum_of_roots = np.sqrt(high) + np.sqrt(low)
    factor = (np.sqrt(high) - np.sqrt(low)) / sum_of_roots
    best = HeavyBall(learning_rate=4 / sum_of_roots**2, momentum=factor**2, standardize=False)
    path = means(bowl().steps(best, tolerance=0.0, max_iterations=60))
    errors = np.linalg.norm(path - TOP, axis=1)
    observed = (errors[50] / errors[20]) ** (1 / 30)
    # The roots are double, so the errors fall like t * factor^t.
    assert factor < observed < factor * 1.04
    plain = GradientAscent(learning_rate=2 / (high + low), standardize=False)
    path = means(bowl().steps(plain, tolerance=0.0, max_iterations=60))
    errors = np.linalg.norm(path - TOP, axis=1)
    assert (errors[50] / errors[20]) ** (1 / 30) == pytest.approx((high - low) / (high + low), rel=1e-9)


def test_without_momentum_it_is_gradient_ascent() -> None:
    ball = faithful().steps(HeavyBall(learning_rate=0.2, momentum=0.0), max_iterations=20)
    plain = faithful().steps(GradientAscent(learning_rate=0.2), max_iterations=20)
    assert [a.log_likelihood for a in ball] == [b.log_likelihood for b in plain]


def test_its_state_holds_the_step_that_led_there() -> None:
    steps = faithful().steps(HeavyBall(), max_iterations=5)
    states = [step.state for step in steps if isinstance(step.state, HeavyBallState)]
    assert not np.any(states[0].last_step)
    for before, state in itertools.pairwise(states):
        np.testing.assert_allclose(state.x - before.x, state.last_step, rtol=0, atol=1e-14)


def test_it_goes_faster_than_a_plain_gradient_and_down_now_and_again() -> None:
    beginning = separated_by(3.0)
    ball = beginning.steps(HeavyBall(), tolerance=0.0, max_iterations=300)
    plain = beginning.steps(GradientAscent(learning_rate=0.1), tolerance=0.0, max_iterations=300)
    best = -1945.06860023
    assert best - ball[-1].log_likelihood < 1e-6
    assert best - plain[-1].log_likelihood > 1e-2
    assert any(step.decreased for step in ball)
    assert HeavyBall().promises is None


def test_it_converges_on_the_first_experiment() -> None:
    steps = first_experiment().steps(HeavyBall())
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-2263.8997955, abs=1e-6)


def test_the_gap_is_that_of_the_parabola() -> None:
    steps = bowl().steps(HeavyBall(standardize=False), max_iterations=3)
    fall = steps[0].log_likelihood - steps[-1].log_likelihood
    path = means(steps)
    assert fall == pytest.approx(60 * (gap(path[-1]) - gap(path[0])), rel=1e-10)
