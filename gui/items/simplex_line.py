"""Two weights: the first one against the iteration, between what is not allowed."""

from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes, draw_axes
from gui.items.curve import doublings, roomy
from gui.items.path_extents import PathExtents
from gui.items.simplex_chart import (
    Chart,
    Iterations,
    Naming,
    farthest,
    ghost_radius,
    hatch_brush,
    weight_name,
)
from gui.items.simplex_geometry import with_sum_one
from gui.style import Style

FIRST_ITERATIONS = 40


class WeightLine(Chart):
    """The interval from 0 to 1 stands up; the iterations run to the right."""

    def __init__(
        self, area: QRectF, frame: Frame, style: Style, extents: PathExtents, naming: Naming = weight_name
    ) -> None:
        super().__init__(area, naming)
        metrics = QFontMetricsF(style.font(small=True))
        half = 0.62 * 2.0 ** doublings(farthest(frame, extents, _from_middle, (0.62,)), 1.0)
        end = max([FIRST_ITERATIONS, *(lane.iteration for lane in frame.lanes)])
        left = metrics.horizontalAdvance("\u22120.00") + metrics.height() + 8
        inner = area.adjusted(left, 6, -8, -2 * metrics.height() - 8)
        inner = QRectF(inner.left(), inner.top(), max(20.0, inner.width()), max(20.0, inner.height()))
        high = roomy(end)
        # The ring around the start stands beside the axis' numbers, not upon them.
        before = high * min(0.5, (ghost_radius(style) + 3) / inner.width())
        self.axes = Axes(inner, -before, high, 0.5 - half, 0.5 + half)

    @property
    def key(self) -> Hashable:
        return ("line", self.axes.x_high, self.axes.y_low)

    def pixels(self, weights: Array, iterations: Iterations) -> tuple[Array, Array]:
        axes = self.axes
        x = axes.area.left() + (iterations - axes.x_low) * axes.x_scale
        y = axes.area.bottom() - (with_sum_one(weights)[:, 0] - axes.y_low) * axes.y_scale
        return np.asarray(x), np.asarray(y)

    def draw_ground(self, painter: QPainter, style: Style) -> None:
        axes = self.axes
        draw_axes(painter, axes, style, "iteration", self.naming(0))
        area, top, bottom = axes.area, axes.y(1.0), axes.y(0.0)
        painter.fillRect(QRectF(area.left(), area.top(), area.width(), top - area.top()), hatch_brush(style))
        painter.fillRect(
            QRectF(area.left(), bottom, area.width(), area.bottom() - bottom), hatch_brush(style)
        )
        painter.setPen(style.pen("muted", style.axis_width + 0.3))
        for y in (top, bottom):
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def note_place(self, width: float, height: float) -> QPointF:
        area = self.axes.area
        return QPointF(area.right() - width - 3, min(self.axes.y(0.0), area.bottom()) - height - 2)

    def ghost_at(self, at: QPointF, start: Array, reach: float) -> int | None:
        return 0 if self.near_ghost(at, start, reach) else None

    def dragged(self, at: QPointF, start: Array, grabbed: int) -> Array:
        first = min(max(self.axes.value_y(at.y()), 0.0), 1.0)
        return np.array([first, 1.0 - first])


def _from_middle(weights: Array) -> Array:
    return np.asarray(with_sum_one(weights)[:, :1] - 0.5)
