"""Curves are as wide as their pen says."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from engine.parameters import Array
from gui.items.curve import draw_curve

pytestmark = pytest.mark.usefixtures("application")


def drawn(x: Array, y: Array) -> QImage:
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    draw_curve(painter, x, y, QPen(QColor("black"), 5.0))
    painter.end()
    return image


def thickness(image: QImage, column: int) -> int:
    """How many pixels of a column are dark."""
    return sum(image.pixelColor(column, row).lightness() < 128 for row in range(image.height()))


def test_a_curve_that_leaves_the_picture_is_as_wide_as_one_that_stays() -> None:
    x = np.arange(151.0)
    stays = np.full(151, 50.0)
    leaves = np.where(x > 140, 1e9, stays)
    for column in (20, 70, 120):
        assert thickness(drawn(x, stays), column) == thickness(drawn(x, leaves), column) >= 4


def test_a_curve_that_fills_the_picture_is_drawn_thin() -> None:
    x = np.repeat(np.arange(150.0), 2)
    y = np.where(np.arange(300) % 2, 5.0, 95.0)
    filled = drawn(x, y)
    assert thickness(filled, 70) > 80
