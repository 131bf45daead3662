"""The axes of the log-likelihood can be drawn, however they were zoomed and moved."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from gui.items.axes import Axes
from gui.items.likelihood_scale import Window

LINEAR = Window(0.0, 40.0, -2900.0, -2200.0, False)
GAP = Window(0.0, 40.0, 1e-9, 1e3, True)
AREA = QRectF(50, 20, 600, 200)


def assert_can_be_drawn(window: Window) -> None:
    axes = Axes(AREA, window.x_low, window.x_high, window.y_low, window.y_high, window.log_y)
    assert 0 < axes.x_scale < math.inf
    assert 0 < axes.y_scale < math.inf
    assert abs(axes.x(window.x_high) - AREA.right()) < 1
    assert abs(axes.y(window.y_high) - AREA.top()) < 1


@pytest.mark.parametrize("window", [LINEAR, GAP])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_zooming_ends_before_it_can_no_longer_be_drawn(window: Window, factor: float) -> None:
    for _ in range(2000):
        window = window.zoomed(window.x_low, window.y_low, factor, True, True)
    assert_can_be_drawn(window)
    assert window == window.zoomed(window.x_low, window.y_low, factor, True, True)


@pytest.mark.parametrize("window", [LINEAR, GAP])
def test_any_way_of_zooming_and_moving_can_be_drawn(window: Window) -> None:
    generator = np.random.Generator(np.random.Philox(5))
    for _ in range(3000):
        width, height = window.x_high - window.x_low, window.level(window.y_high) - window.level(window.y_low)
        if generator.random() < 0.3:
            window = window.moved(width * generator.normal(), height * generator.normal())
        else:
            x = window.x_low + width * generator.random()
            y = window.value(window.level(window.y_low) + height * generator.random())
            power = int(generator.integers(-9, 10))
            window = window.zoomed(x, y, 0.85**power, *(generator.random(2) < 0.7).tolist())
        assert_can_be_drawn(window)


@pytest.mark.parametrize("window", [LINEAR, GAP])
def test_what_was_zoomed_around_stays_where_it_is(window: Window) -> None:
    y = window.value(0.3 * window.level(window.y_low) + 0.7 * window.level(window.y_high))
    before = Axes(AREA, window.x_low, window.x_high, window.y_low, window.y_high, window.log_y)
    near = window.zoomed(10.0, y, 0.3, True, True)
    after = Axes(AREA, near.x_low, near.x_high, near.y_low, near.y_high, near.log_y)
    assert after.x(10.0) == pytest.approx(before.x(10.0))
    assert after.y(y) == pytest.approx(before.y(y))
