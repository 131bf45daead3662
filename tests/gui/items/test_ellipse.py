"""Ellipses of covariances: what they hold, and that a handle dragged to a place is found there."""

import numpy as np
import pytest

from engine.parameters import Array
from gui.items.ellipse import (
    covariance_from_handle,
    ellipse_in_pixels,
    handles,
    outermost,
    principal_axes,
    share_within,
)

MEAN = np.array([1.0, -2.0])
COVARIANCES = [
    np.array([[4.0, 1.5], [1.5, 1.0]]),
    np.array([[1.0, 0.0], [0.0, 9.0]]),
    np.array([[2.0, 0.0], [0.0, 2.0]]),
    np.array([[1.0, -300.0], [-300.0, 1e6]]),
]


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("radius", [1.0, 2.0])
@pytest.mark.parametrize("angle", [-90.0, -35.0, 0.0, 60.0, 180.0])
def test_no_point_of_the_ellipse_lies_further_out_than_its_outermost(
    covariance: Array, radius: float, angle: float
) -> None:
    in_pixels = 900.0 * covariance / np.max(covariance)
    ellipse = ellipse_in_pixels(MEAN, in_pixels)
    assert ellipse is not None
    turn = np.linspace(0.0, 2 * np.pi, 5000)
    circle = np.stack((np.cos(turn), np.sin(turn)))
    drawn = MEAN + radius * (np.linalg.cholesky(in_pixels) @ circle).T
    direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    found = outermost(ellipse, radius, angle)
    place = np.array([found.x(), found.y()])
    assert np.max(drawn @ direction) == pytest.approx(place @ direction, abs=0.2)
    assert np.min(np.hypot(*(drawn - place).T)) < 0.2


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_the_axes_are_those_of_a_general_eigensolver(covariance: Array) -> None:
    found = principal_axes(covariance)
    assert found is not None
    lengths, directions = found
    np.testing.assert_allclose(lengths**2, np.linalg.eigvalsh(covariance)[::-1], rtol=1e-12)
    np.testing.assert_allclose((directions.T * lengths**2) @ directions, covariance, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(directions @ directions.T, np.eye(2), atol=1e-15)


def test_ellipses_hold_the_shares_they_are_labelled_with() -> None:
    draws = np.random.Generator(np.random.Philox(3)).standard_normal((200_000, 2))
    for radius, label in ((1.0, 39), (2.0, 86)):
        assert round(100 * share_within(radius)) == label
        inside = np.mean(np.hypot(*draws.T) < radius)
        assert inside == pytest.approx(share_within(radius), abs=0.004)


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("handle", range(4))
@pytest.mark.parametrize("radius", [1.0, 2.0])
def test_a_handle_left_where_it_is_changes_nothing(covariance: Array, handle: int, radius: float) -> None:
    place = handles(MEAN, covariance, radius)[handle]
    again = covariance_from_handle(covariance, handle, place - MEAN, radius)
    np.testing.assert_allclose(again, covariance, rtol=1e-9, atol=1e-9 * np.max(covariance))


@pytest.mark.parametrize("covariance", COVARIANCES[:3])
@pytest.mark.parametrize("handle", range(4))
def test_a_dragged_handle_ends_on_the_mouse_and_the_other_axis_keeps_its_length(
    covariance: Array, handle: int
) -> None:
    target = np.array([3.0, 2.5])
    moved = covariance_from_handle(covariance, handle, target)
    assert np.min(np.hypot(*(handles(np.zeros(2), moved) - target).T)) < 1e-9
    before, after = principal_axes(covariance), principal_axes(moved)
    assert before is not None
    assert after is not None
    kept = before[0][1 - handle // 2]
    assert np.min(np.abs(after[0] - kept)) < 1e-9
    assert np.max(np.abs(after[0] - np.hypot(*target))) > 0.0


def test_less_freedom_keeps_directions_or_the_shape() -> None:
    covariance = np.array([[9.0, 0.0], [0.0, 1.0]])
    along_axes = covariance_from_handle(covariance, 0, np.array([5.0, 4.0]), freedom="axes")
    np.testing.assert_allclose(along_axes, np.diag([25.0, 1.0]), atol=1e-12)
    resized = covariance_from_handle(covariance, 1, np.array([-6.0, 2.0]), freedom="size")
    np.testing.assert_allclose(resized, 4.0 * covariance, atol=1e-12)


@pytest.mark.parametrize("freedom", ["full", "axes", "size"])
def test_no_drag_makes_a_covariance_singular(freedom: str) -> None:
    for target in ([0.0, 0.0], [-1e-9, 0.0], [-5.0, -5.0]):
        moved = covariance_from_handle(
            np.diag([4.0, 1.0]), 0, np.array(target), freedom=freedom, shortest=0.1
        )
        assert np.linalg.eigvalsh(moved)[0] >= 0.01 * (1 - 1e-9)


@pytest.mark.parametrize("broken", [np.diag([1.0, -1.0]), np.full((2, 2), np.nan), np.zeros((2, 2))])
def test_what_is_no_covariance_has_no_ellipse(broken: Array) -> None:
    assert ellipse_in_pixels(MEAN, broken) is None
    assert handles(MEAN, broken).shape == (0, 2)
    with pytest.raises(ValueError, match="positive definite"):
        covariance_from_handle(broken, 0, np.ones(2))
