"""What is stamped looks like what is drawn, and is drawn once."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from engine.parameters import Array
from gui.items.stamps import STEPS, Drawing, stamp, stamp_all

RADIUS = 4.0


def picture(paint: Callable[[QPainter], None], scale: float = 1.0) -> Array:
    """How dark each pixel of (60, 80) logical ones is, 0 to 255."""
    image = QImage(round(80 * scale), round(60 * scale), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    image.setDevicePixelRatio(scale)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    paint(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return 255.0 - pixels[..., 0].astype(float)


def disc(painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("black"))
    painter.drawEllipse(QPointF(0, 0), RADIUS, RADIUS)


def drawing() -> Drawing:
    return QRectF(-RADIUS, -RADIUS, 2 * RADIUS, 2 * RADIUS), disc


def centre(ink: Array) -> tuple[float, float]:
    rows, columns = np.indices(ink.shape)
    return float(np.sum(ink * columns) / ink.sum()), float(np.sum(ink * rows) / ink.sum())


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("at", [QPointF(20, 30), QPointF(33.31, 17.77), QPointF(62.1, 48.9)])
def test_a_stamp_has_the_ink_of_its_drawing_and_stands_within_half_a_step_of_it(
    application: QApplication, at: QPointF, scale: float
) -> None:
    def drawn(painter: QPainter) -> None:
        painter.translate(at)
        disc(painter)

    stamped = picture(lambda painter: stamp(painter, at, "black disc", drawing), scale)
    expected = picture(drawn, scale)
    assert stamped.sum() == pytest.approx(expected.sum(), rel=0.03)
    for one, other in zip(centre(stamped), centre(expected), strict=True):
        assert one == pytest.approx(other, abs=0.5 / STEPS + 0.1)


def test_many_stamps_are_each_where_it_would_be_alone(application: QApplication) -> None:
    places = np.random.Generator(np.random.Philox(4)).random((40, 2)) * (80, 60)

    def alone(painter: QPainter) -> None:
        painter.translate(3, 2)
        for x, y in places.tolist():
            stamp(painter, QPointF(x, y), "black disc", drawing)

    def together(painter: QPainter) -> None:
        painter.translate(3, 2)
        stamp_all(painter, places, "black disc", drawing)

    np.testing.assert_array_equal(picture(together), picture(alone))
    np.testing.assert_array_equal(picture(together, 2.0), picture(alone, 2.0))


def test_a_drawing_is_asked_once_for_each_step_within_a_pixel(application: QApplication) -> None:
    asked = []

    def counted() -> Drawing:
        asked.append(True)
        return drawing()

    def paint(painter: QPainter) -> None:
        for x in range(60):
            stamp(painter, QPointF(10.0 + x / STEPS, 20.0), "counted", counted)

    picture(paint)
    assert len(asked) == STEPS
