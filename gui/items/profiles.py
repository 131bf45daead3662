"""Profiles of components: what each gives to every item or column, as latent class analysis draws them."""

import itertools

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes, draw_axes
from gui.lane_frame import LaneFrame
from gui.style import Style

SURE = 0.5
"""Where some probability is above this the axis goes up to 1, else to a little above the highest one."""


def height_of_profiles(frame: Frame, lane: LaneFrame) -> float:
    """The top of the vertical axis."""
    shown = (lane.parameters["probabilities"], frame.scene.start_parameters["probabilities"])
    highest = max(float(np.max(each[np.isfinite(each)], initial=0.1)) for each in shown)
    return 1.0 if highest > SURE else 1.1 * highest


def draw_profiles(
    painter: QPainter, frame: Frame, lane: LaneFrame, axes: Axes, style: Style, named: bool
) -> None:
    """A line over the columns for each component, as thick as its weight; the start dashed, the truth dotted.

    A probability of exactly 0 or 1 is a square. `axes` are 1 high for each probability and as wide as the columns;
    `named`: whether their name has room.
    """
    scene, profiles = frame.scene, lane.parameters["probabilities"]
    known = scene.dataset.truth if frame.show_truth else None
    truth = known.parameters.get("probabilities") if known is not None else None
    # Ticks stand only where an axis grows, so a reversed one has none: the columns have names.
    name = "probability" if named else ""
    draw_axes(painter, Axes(axes.area, 1.0, 0.0, axes.y_low, axes.y_high), style, "", name)
    _draw_names(painter, axes, scene.model.axis_names(scene.dataset.columns), style)
    painter.save()
    painter.setClipRect(axes.area.adjusted(-4, -4, 4, 4))
    dashed = style.pen("ghost", style.axis_width + 0.3)
    dashed.setDashPattern([3.0, 2.5])
    for line in scene.start_parameters["probabilities"]:
        _draw_line(painter, axes, line, dashed)
    dotted = style.pen("text", style.curve_width)
    dotted.setDashPattern([1.2, 2.2])
    for line in truth if truth is not None else ():
        _draw_line(painter, axes, line, dotted)
    weights = np.nan_to_num(lane.components.weights)
    for k, line in enumerate(profiles):
        width = style.curve_width * (0.6 + 2.4 * float(np.clip(weights[k], 0.0, 1.0)))
        _draw_line(painter, axes, line, QPen(style.component(k), width))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.component(k))
        radius = 1.5 * style.point_radius
        for place, value in enumerate(line.tolist()):
            at = axes.point(place, value)
            if value in (0.0, 1.0):
                painter.drawRect(QRectF(at.x() - 1.5 * radius, at.y() - 1.5 * radius, 3 * radius, 3 * radius))
            elif np.isfinite(value):
                painter.drawEllipse(at, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.restore()


def _draw_line(painter: QPainter, axes: Axes, line: Array, pen: QPen) -> None:
    painter.setPen(pen)
    points = [axes.point(place, value) for place, value in enumerate(line.tolist())]
    for first, second in itertools.pairwise(points):
        if np.isfinite(first.y()) and np.isfinite(second.y()):
            painter.drawLine(QLineF(first, second))


def _draw_names(painter: QPainter, axes: Axes, names: tuple[str, ...], style: Style) -> None:
    """The columns' names below their places; only as many as do not touch each other."""
    font = style.font(small=True)
    painter.setFont(font)
    painter.setPen(style.pen("muted"))
    metrics = QFontMetricsF(font)
    widest = max(metrics.horizontalAdvance(name) for name in names) + 8
    every = max(1, int(np.ceil(widest / max(axes.x_scale, 1e-9))))
    width = every * axes.x_scale
    for place in range(0, len(names), every):
        centre = QPointF(axes.x(place), axes.area.bottom() + 2 + 0.5 * metrics.height())
        box = QRectF(centre.x() - width / 2, centre.y() - metrics.height() / 2, width, metrics.height())
        text = metrics.elidedText(names[place], Qt.TextElideMode.ElideRight, width - 4)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
