"""What a view shows depends on the frame alone, not on what it has shown before."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from gui.frame import Frame
from gui.items.viewport import Viewport
from gui.views.base import View
from gui.views.data_canvas import DataCanvas
from gui.views.timeline import Timeline
from gui.views.weight_sum import WeightSumView
from tests.gui.frames import first_experiment, gradient_lanes


def view(kind: str) -> View:
    if kind == "data":
        return DataCanvas(1, Viewport())
    return Timeline() if kind == "timeline" else WeightSumView()


def picture(shown: View, frame: Frame) -> QImage:
    shown.resize(420, 300)
    shown.show_frame(frame)
    image = QImage(420, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    shown.paint(painter, QRectF(0, 0, 420, 300))
    painter.end()
    return image


@pytest.mark.parametrize("kind", ["data", "timeline", "sum of weights"])
def test_a_view_that_has_played_shows_what_a_new_one_shows(application: QApplication, kind: str) -> None:
    raw = gradient_lanes(300, (("learning_rate", 0.3), ("weight_coordinates", "raw")))
    recorded, played = raw if kind == "sum of weights" else first_experiment(), view(kind)
    pictures = []
    for cursor in (*np.arange(0.0, 12.0), 11.5, 12.0, *np.arange(100.0, 108.0), 300.0, 60.0):
        frame = recorded.frame(float(cursor), truth=True)
        seen = picture(played, frame)
        assert seen == picture(view(kind), frame), cursor
        pictures.append(seen)
    assert len({bytes(each.constBits()) for each in pictures}) > 1
