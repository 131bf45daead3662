"""Three weights as a point in a triangle with room around it."""

import math
from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPolygonF

from engine.parameters import Array
from gui.frame import Frame
from gui.items.curve import doublings
from gui.items.path_extents import PathExtents
from gui.items.simplex_chart import (
    Chart,
    Iterations,
    Naming,
    farthest,
    hatch_brush,
    weight_name,
)
from gui.items.simplex_geometry import TRIANGLE, weights_at, with_sum_one
from gui.style import Style

FILLING = 0.86


class Triangle(Chart):
    """The triangle, halved in size as often as the paths need."""

    def __init__(
        self, area: QRectF, frame: Frame, style: Style, extents: PathExtents, naming: Naming = weight_name
    ) -> None:
        super().__init__(area, naming)
        label = 1.2 * QFontMetricsF(style.font(bold=True)).height()
        wide, high = area.width() - 2.5 * label, (area.height() - 2 * label - 6) * 2 / math.sqrt(3)
        side = FILLING * max(10.0, min(wide, high))
        # Two thirds of the height stand above the centre of the triangle.
        middle = area.center().y() + side * math.sqrt(3) / 12
        self.centre = QPointF(area.center().x(), middle)
        across, above, below = area.width() / 2 - 8, middle - area.top() - 8, area.bottom() - middle - 8

        def reach(weights: Array) -> Array:
            """How far points are to the side, above and below, each as positive number."""
            x, y = (with_sum_one(weights) @ TRIANGLE).T
            return np.stack((np.abs(x), np.maximum(y, 0.0), np.maximum(-y, 0.0)), axis=1)

        extent = farthest(frame, extents, reach, (across / side, above / side, below / side))
        self.halvings = doublings(extent, 1.0)
        self.side = side / 2.0**self.halvings

    @property
    def key(self) -> Hashable:
        return ("triangle", self.halvings)

    def pixels(self, weights: Array, iterations: Iterations) -> tuple[Array, Array]:
        places = with_sum_one(weights) @ TRIANGLE
        x = self.centre.x() + self.side * places[:, 0]
        return np.asarray(x), np.asarray(self.centre.y() - self.side * places[:, 1])

    def corner(self, component: int) -> QPointF:
        """The pixel where one weight is 1."""
        x, y = self.side * TRIANGLE[component]
        return QPointF(self.centre.x() + x, self.centre.y() - y)

    def draw_ground(self, painter: QPainter, style: Style) -> None:
        corners = QPolygonF([self.corner(component) for component in range(3)])
        outside = QPainterPath()
        outside.addRect(self.area)
        outside.addPolygon(corners)
        outside.closeSubpath()
        painter.fillPath(outside, hatch_brush(style))
        painter.setPen(style.pen("grid", style.axis_width))
        if self.side > 60:
            for level in (0.25, 0.5, 0.75):
                for component in range(3):
                    one, other = (component + 1) % 3, (component + 2) % 3
                    top, left, right = self.corner(component), self.corner(one), self.corner(other)
                    painter.drawLine(top * level + left * (1 - level), top * level + right * (1 - level))
        painter.setPen(style.pen("muted", style.axis_width + 0.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(corners)
        for component in range(3):
            self.draw_corner(painter, style, component, self.corner(component), self.centre)

    def ghost_at(self, at: QPointF, start: Array, reach: float) -> int | None:
        return 0 if self.near_ghost(at, start, reach) else None

    def dragged(self, at: QPointF, start: Array, grabbed: int) -> Array:
        place = np.array([at.x() - self.centre.x(), self.centre.y() - at.y()]) / self.side
        return weights_at(place, TRIANGLE)
