"""The best step within a radius: against the conditions that only the best step fulfils."""

import numpy as np
import pytest

from engine.algorithms.trust_region import highest_step, newton_step
from engine.parameters import Array


def rise(curvature: Array, gradient: Array, step: Array) -> float:
    return float(gradient @ step - 0.5 * step @ curvature @ step)


def random_problem(seed: int, lowest: float) -> tuple[Array, Array]:
    """A curvature (6, 6) whose lowest eigenvalue is given, and a gradient."""
    generator = np.random.Generator(np.random.Philox(seed))
    axes, _ = np.linalg.qr(generator.standard_normal((6, 6)))
    values = lowest + np.concatenate(([0.0], generator.uniform(0.5, 10.0, 5)))
    return (axes * values) @ axes.T, generator.standard_normal(6)


@pytest.mark.parametrize("lowest", [-4.0, -1e-3, 0.0, 1e-3, 2.0])
@pytest.mark.parametrize("radius", [1e-3, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("seed", range(4))
def test_it_fulfils_the_conditions_of_more_and_sorensen(lowest: float, radius: float, seed: int) -> None:
    """(A + shift I) s = g with shift >= 0, A + shift I semidefinite, and shift = 0 or |s| = radius."""
    curvature, gradient = random_problem(seed, lowest)
    step = highest_step(curvature, gradient, radius)
    length = float(np.linalg.norm(step))
    assert length <= radius * (1 + 1e-5)
    shift = float((gradient - curvature @ step) @ step) / length**2
    np.testing.assert_allclose(curvature @ step + shift * step, gradient, rtol=0, atol=1e-6)
    assert shift > -1e-9
    assert np.linalg.eigvalsh(curvature)[0] + shift > -1e-6
    if shift > 1e-6:
        assert length == pytest.approx(radius, rel=1e-5)


def test_nothing_within_the_radius_is_higher() -> None:
    generator = np.random.Generator(np.random.Philox(9))
    for seed in range(10):
        curvature, gradient = random_problem(seed, -2.0)
        best = rise(curvature, gradient, highest_step(curvature, gradient, 1.0))
        tries = generator.standard_normal((2000, 6))
        tries /= np.maximum(1.0, np.linalg.norm(tries, axis=1))[:, None]
        assert all(rise(curvature, gradient, each) <= best + 1e-6 for each in tries)


@pytest.mark.parametrize("radius", [0.1, 2.0, 7.0])
def test_the_hard_case_goes_along_the_upward_curvature(radius: float) -> None:
    """The gradient has no share in the direction that curves upwards."""
    curvature, gradient = np.diag([-1.0, 2.0, 4.0]), np.array([0.0, 3.0, 1.0])
    step = highest_step(curvature, gradient, radius)
    assert np.linalg.norm(step) == pytest.approx(radius)
    if radius < 1:
        assert step[0] == pytest.approx(0.0, abs=1e-9)
    else:
        np.testing.assert_allclose(step[1:], [1.0, 0.2])
        assert abs(step[0]) == pytest.approx(np.sqrt(radius**2 - 1.04))


def test_at_a_saddle_without_any_slope_it_leaves() -> None:
    step = highest_step(np.diag([-0.5, 1.0]), np.zeros(2), 0.25)
    np.testing.assert_allclose(np.abs(step), [0.25, 0.0])


def test_at_a_top_it_stays() -> None:
    np.testing.assert_array_equal(highest_step(np.diag([0.5, 1.0]), np.zeros(2), 0.25), np.zeros(2))


def test_newtons_step_goes_wherever_there_is_no_slope() -> None:
    curvature, gradient = np.array([[-2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 0.0])
    step = newton_step(curvature, gradient)
    np.testing.assert_allclose(gradient - curvature @ step, 0.0, atol=1e-14)
    assert gradient @ step < 0
