"""A picture that is kept until what it shows changes."""

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from gui.items.layer import Layer

pytestmark = pytest.mark.usefixtures("application")
SIZE = QSizeF(40, 30)


def blank() -> QImage:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    return image


def fill(canvas: QPainter) -> None:
    canvas.fillRect(0, 0, 40, 30, QColor("#123456"))


def fail(canvas: QPainter) -> None:
    fill(canvas)
    raise ZeroDivisionError


def test_it_is_drawn_once_for_a_key() -> None:
    drawn: list[QPainter] = []

    def content(canvas: QPainter) -> None:
        drawn.append(canvas)
        fill(canvas)

    layer, image = Layer(), blank()
    painter = QPainter(image)
    for key, times in (("a", 1), ("a", 1), ("b", 2)):
        layer.draw(painter, SIZE, key, content)
        assert len(drawn) == times
    painter.end()
    assert image.pixelColor(20, 15) == QColor("#123456")


def test_where_drawing_fails_nothing_of_it_stays_and_the_next_drawing_is_whole() -> None:
    layer, image = Layer(), blank()
    painter = QPainter(image)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            layer.draw(painter, SIZE, "a", fail)
    assert image == blank()
    layer.draw(painter, SIZE, "a", fill)
    painter.end()
    assert image.pixelColor(20, 15) == QColor("#123456")
