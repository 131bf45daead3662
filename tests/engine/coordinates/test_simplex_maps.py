"""What the ways to write weights have to do with each other, and where they differ."""

import numpy as np
import pytest

from engine.algorithms.gradient import GradientState
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.coordinates.isometric_log_ratio import IsometricLogRatio
from engine.coordinates.log_ratio import LogRatio
from engine.coordinates.softmax import Softmax
from engine.coordinates.sphere import Sphere
from engine.coordinates.stick_breaking import StickBreaking
from engine.trace import Step
from tests.engine.algorithms.starts import faithful, zero_weight

WEIGHTS = np.array([0.1, 0.2, 0.3, 0.4])


def weights_of(steps: list[Step]) -> list[list[float]]:
    return [step.parameters["weights"].tolist() for step in steps]


def test_softmax_writes_centred_log_ratios_and_centring_again_changes_nothing() -> None:
    softmax = Softmax()
    x = softmax.write(WEIGHTS)
    np.testing.assert_allclose(x, np.log(WEIGHTS / np.prod(WEIGHTS) ** 0.25), rtol=1e-14)
    assert abs(float(np.sum(x))) < 1e-15
    gradient = softmax.pull_back(x, np.array([3.0, -1.0, 0.5, 7.0]))
    assert abs(float(np.sum(gradient))) < 1e-15
    np.testing.assert_allclose(softmax.read(x + 5.0), WEIGHTS, rtol=1e-14)
    np.testing.assert_allclose(
        softmax.pull_back(x + 5.0, np.array([3.0, -1.0, 0.5, 7.0])), gradient, rtol=1e-13
    )


def test_isometric_log_ratios_keep_the_distances_of_centred_ones() -> None:
    softmax, isometric = Softmax(), IsometricLogRatio()
    other = np.array([0.7, 0.1, 0.15, 0.05])
    assert np.linalg.norm(isometric.write(WEIGHTS) - isometric.write(other)) == pytest.approx(
        np.linalg.norm(softmax.write(WEIGHTS) - softmax.write(other)), rel=1e-14
    )
    # Egozcue et al. (2003), the first contrast: log(pi_1/pi_2) / sqrt 2.
    assert isometric.write(WEIGHTS)[0] == pytest.approx(np.log(0.5) / np.sqrt(2), rel=1e-14)


@pytest.mark.parametrize("algorithm", [GradientAscent, LimitedMemoryBfgs])
def test_a_method_that_ignores_rotations_goes_the_same_way_in_both(algorithm: type) -> None:
    ways = []
    for name in ("softmax", "isometric-log-ratio", "log-ratio"):
        lane = algorithm(weight_coordinates=name)
        ways.append(weights_of(faithful().steps(lane, tolerance=0.0, max_iterations=15)))
    np.testing.assert_allclose(ways[1], ways[0], rtol=1e-9)
    assert np.max(np.abs(np.array(ways[2]) - ways[0])) > 1e-4


def test_log_ratios_of_two_weights_are_the_logit() -> None:
    assert LogRatio().write(np.array([0.2, 0.8]))[0] == pytest.approx(np.log(0.25), rel=1e-15)


def test_zero_in_stick_breaking_is_equal_weights() -> None:
    np.testing.assert_allclose(StickBreaking().read(np.zeros(4)), np.full(5, 0.2), rtol=1e-15)


def test_on_the_sphere_a_weight_of_nothing_stays_so() -> None:
    sphere = Sphere()
    x = sphere.write(np.array([0.5, 0.0, 0.5]))
    assert sphere.pull_back(x, np.array([1.0, 100.0, 1.0]))[1] == 0.0
    start = zero_weight((0.5, 0.0, 0.5))
    steps = start.steps(GradientAscent(weight_coordinates="sphere"), max_iterations=500)
    assert all(step.parameters["weights"][1] == 0.0 for step in steps)
    assert steps[-1].status == "stuck"
    assert "mean of f2/f" in steps[-1].reason


def test_on_the_sphere_a_weight_of_nothing_is_nearer_than_in_softmax() -> None:
    """The third weight's maximum is 0: the sphere falls to it geometrically, softmax like 1/t."""
    thirds = {}
    for name in ("softmax", "sphere"):
        lane = GradientAscent(weight_coordinates=name, learning_rate=1.0)
        steps = zero_weight().steps(lane, tolerance=0.0, max_iterations=300)
        thirds[name] = float(steps[-1].parameters["weights"][2])
        assert isinstance(steps[-1].state, GradientState)
    assert 0 < thirds["sphere"] < 1e-12
    assert thirds["softmax"] > 1e-3
