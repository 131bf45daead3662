"""The sum of each lane's weights on a gauge around 1."""

from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes, draw_axes, nice_ticks, tick_text
from gui.items.curve import doublings
from gui.items.layer import Layer
from gui.items.marks import draw_lane_mark
from gui.items.path_extents import PathExtents
from gui.items.sentence import draw_sentence
from gui.items.simplex_chart import hatch_brush
from gui.style import Style
from gui.views.base import View

NARROWEST = 0.25
"""Half of what the gauge shows around 1 while every sum stays near it."""


class WeightSumView(View):
    """One needle for each lane, from 1 to where its weights' sum stands; only at 1 are they probabilities.

    EM and most coordinates keep the sum at 1 by themselves. Raw weights do not: multiplying all of them by the
    same number above 1 raises what is climbed without any end, which is why it is no likelihood any more.
    """

    name: ClassVar[str] = "weight-sum"
    title: ClassVar[str] = "Sum of the weights"
    formula: ClassVar[str] = r"\sum_{k=1}^{K} \pi_k"
    try_it: ClassVar[str] = "Write a lane's weights in raw coordinates and let it run."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ground = Layer()
        self._extents = PathExtents()
        self._axes: tuple[tuple[float, Style, QSizeF], Axes] | None = None

    def draws(self, frame: Frame) -> bool:
        return frame.weights_move

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        style = self.style_in_use
        painter.translate(area.topLeft())
        size = QSizeF(area.size())
        if not frame.components:
            draw_sentence(painter, QRectF(0, 0, area.width(), area.height()), "No weights.", style)
            return
        farthest = self._extents.greatest(frame, (), _distance_from_one)
        half = NARROWEST * 2.0 ** doublings(farthest, NARROWEST)
        if self._axes is None or self._axes[0] != (half, style, size):
            self._axes = ((half, style, size), _axes(half, style, size))
        axes = self._axes[1]
        key = (style, axes.area.getRect(), axes.y_low, axes.y_high)
        self._ground.draw(painter, size, key, lambda canvas: _draw_ground(canvas, axes, style, size))
        step = axes.area.width() / len(frame.lanes)
        one = axes.y(1.0)
        for place, lane in enumerate(frame.lanes):
            if not np.isfinite(lane.weight_sum):
                continue
            x = axes.area.left() + (place + 0.5) * step
            y = min(max(axes.y(lane.weight_sum), axes.area.top()), axes.area.bottom())
            needle = QRectF(x - 0.18 * step, min(one, y), 0.36 * step, abs(one - y))
            painter.fillRect(needle, style.lane(lane.index, 0.55))
            radius = min(2.1 * style.point_radius, 0.4 * step)
            draw_lane_mark(painter, style, lane.index, QPointF(x, y), radius)


def _axes(half: float, style: Style, size: QSizeF) -> Axes:
    low, high = 1.0 - half, 1.0 + half
    metrics = QFontMetricsF(style.font(small=True))
    ticks = nice_ticks(low, high, max(2, int(size.height() / (metrics.height() * 2))))
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    widest = max((metrics.horizontalAdvance(tick_text(tick, step)) for tick in ticks), default=0.0)
    # A number may stand at the very top, half of it above the area: the heading is above that.
    left, top = round(widest) + 9, round(1.5 * metrics.height()) + 3
    area = QRectF(left, top, max(10.0, size.width() - left - 8), max(10.0, size.height() - top - 8))
    # Ticks stand only where the axis grows, so a reversed horizontal one has none.
    return Axes(area, 1.0, 0.0, low, high)


def _distance_from_one(weights: Array) -> Array:
    return np.asarray(np.abs(weights.sum(axis=1) - 1.0))


def _draw_ground(painter: QPainter, axes: Axes, style: Style, size: QSizeF) -> None:
    area = axes.area
    painter.fillRect(area, hatch_brush(style))
    draw_axes(painter, axes, style)
    metrics = QFontMetricsF(style.font(small=True))
    painter.setFont(style.font(small=True))
    painter.setPen(style.pen("text"))
    room = QRectF(2, 1, size.width() - 4, metrics.height())
    heading = metrics.elidedText("Sum of weights", Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, heading)
    one = axes.y(1.0)
    painter.setPen(style.pen("good", style.axis_width + 1.0))
    painter.drawLine(QPointF(area.left() - 3, one), QPointF(area.right() + 3, one))
