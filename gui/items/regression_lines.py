"""Regression lines over a cloud: each component's, the start's and the truth's."""

import numpy as np
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter, QPen

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes
from gui.lane_frame import LaneFrame
from gui.style import Style


def draw_regression_lines(painter: QPainter, frame: Frame, lane: LaneFrame, axes: Axes, style: Style) -> None:
    """Lines as thick as their weights, with a halo; the start dashed, the truth dotted."""
    scene = frame.scene
    start, here = scene.lines(scene.start_parameters), scene.lines(lane.parameters)
    if start is None or here is None:
        return
    pen = style.pen("ghost", style.curve_width)
    pen.setDashPattern([4.0, 3.0])
    for ends in start:
        _draw(painter, axes, ends, pen)
    if frame.show_truth and scene.true_lines is not None:
        dotted = style.pen("text", style.curve_width)
        dotted.setDashPattern([1.2, 2.2])
        for ends in scene.true_lines:
            _draw(painter, axes, ends, dotted)
    for k, (ends, weight) in enumerate(zip(here, lane.components.weights.tolist(), strict=True)):
        width = style.curve_width * (0.8 + 3.0 * min(max(weight, 0.0), 1.0))
        _draw(painter, axes, ends, style.pen("canvas", width + 2.0))
        _draw(painter, axes, ends, QPen(style.component(k), width))


def _draw(painter: QPainter, axes: Axes, ends: Array, pen: QPen) -> None:
    if np.all(np.isfinite(ends)):
        painter.setPen(pen)
        (x0, y0), (x1, y1) = ends.tolist()
        painter.drawLine(QLineF(axes.point(x0, y0), axes.point(x1, y1)))
