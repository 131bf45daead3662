"""Four weights as a point in a tetrahedron that the mouse turns."""

from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.parameters import Array
from gui.frame import Frame
from gui.items.curve import doublings
from gui.items.path_extents import PathExtents
from gui.items.simplex_chart import Chart, Iterations, Naming, farthest, weight_name
from gui.items.simplex_geometry import TETRAHEDRON, rotation, weights_at, with_sum_one
from gui.style import Style

RADIUS = 0.63
"""A little more than the distance of a corner from the centre, for edges of length 1."""


class Tetrahedron(Chart):
    """The tetrahedron seen from afar; the third coordinate after turning points towards the eye."""

    def __init__(
        self,
        area: QRectF,
        frame: Frame,
        style: Style,
        extents: PathExtents,
        yaw: float,
        pitch: float,
        naming: Naming = weight_name,
    ) -> None:
        super().__init__(area, naming)
        self.angles = (yaw, pitch)
        self.turn = rotation(yaw, pitch)
        self.corners = TETRAHEDRON @ self.turn.T
        label = 1.2 * QFontMetricsF(style.font(bold=True)).height()
        side = max(10.0, (min(area.height(), area.width()) / 2 - label) / RADIUS)
        self.centre = area.center() + QPointF(0, 0.1 * side)
        half = max(RADIUS, (area.bottom() - self.centre.y()) / side)
        extent = farthest(frame, extents, lambda weights: with_sum_one(weights) @ TETRAHEDRON, (half,) * 3)
        self.halvings = doublings(extent, 1.0)
        self.side = side / 2.0**self.halvings

    @property
    def key(self) -> Hashable:
        return ("tetrahedron", self.halvings, self.angles)

    def pixels(self, weights: Array, iterations: Iterations) -> tuple[Array, Array]:
        places = with_sum_one(weights) @ self.corners
        x = self.centre.x() + self.side * places[:, 0]
        return np.asarray(x), np.asarray(self.centre.y() - self.side * places[:, 1])

    def corner(self, component: int) -> QPointF:
        """The pixel where one weight is 1."""
        x, y, _ = self.side * self.corners[component]
        return QPointF(self.centre.x() + x, self.centre.y() - y)

    def draw_ground(self, painter: QPainter, style: Style) -> None:
        hidden = int(np.argmin(self.corners[:, 2]))
        behind = QPen(style.colour("muted", 0.55), style.axis_width, Qt.PenStyle.DashLine)
        front = style.pen("muted", style.axis_width + 0.5)
        for one in range(4):
            for other in range(one):
                painter.setPen(behind if hidden in (one, other) and self._covered(hidden) else front)
                painter.drawLine(self.corner(one), self.corner(other))
        for component in np.argsort(self.corners[:, 2]).tolist():
            self.draw_corner(painter, style, component, self.corner(component), self.centre)

    def _covered(self, hidden: int) -> bool:
        """Whether the farthest corner lies behind the triangle of the three others."""
        others = [component for component in range(4) if component != hidden]
        system = np.vstack((self.corners[others, :2].T, np.ones(3)))
        if abs(np.linalg.det(system)) < 1e-9:
            return False
        return bool(np.all(np.linalg.solve(system, np.append(self.corners[hidden, :2], 1.0)) > 0))

    def ghost_at(self, at: QPointF, start: Array, reach: float) -> int | None:
        return 0 if self.near_ghost(at, start, reach) else None

    def dragged(self, at: QPointF, start: Array, grabbed: int) -> Array:
        """It moves in the plane of the screen: the depth stays the start's."""
        depth = float((with_sum_one(start) @ self.corners)[2])
        place = np.array(
            [(at.x() - self.centre.x()) / self.side, (self.centre.y() - at.y()) / self.side, depth]
        )
        return weights_at(place, self.corners)
