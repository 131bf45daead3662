"""What the pictures of the weights share: a ground, paths on it, marks, the start's ghost."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.parameters import Array
from gui.frame import Frame
from gui.items.growing_paths import GrowingPaths
from gui.items.layer import Layer
from gui.items.marks import draw_lane_mark, sum_is_one
from gui.items.path_extents import PathExtents
from gui.items.stamps import Drawing, stamp
from gui.style import Style

SUBSCRIPTS = "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089"
Iterations = npt.NDArray[np.intp]
Naming = Callable[[int], str]
"""How each number of a point is called, counted from 0."""


def weight_name(component: int) -> str:
    """The weight's name with its number, counted from 0, as an index."""
    return "\u03c0" + "".join(SUBSCRIPTS[int(digit)] for digit in str(component + 1))


class Chart(ABC):
    """A picture of K weights within an area; made anew for every frame, it only knows where things are.

    What is drawn may be other probabilities that sum to 1: `naming` says how they are called.
    """

    def __init__(self, area: QRectF, naming: Naming = weight_name) -> None:
        self.area = area
        self.naming = naming

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """Changes when the ground or the place of a path changes."""

    @abstractmethod
    def draw_ground(self, painter: QPainter, style: Style) -> None:
        """What lies under the paths."""

    @abstractmethod
    def pixels(self, weights: Array, iterations: Iterations) -> tuple[Array, Array]:
        """Where weights (m, K) at iterations (m,) stand, x and y (m,) in pixels."""

    @abstractmethod
    def ghost_at(self, at: QPointF, start: Array, reach: float) -> int | None:
        """What of the start's ghost can be grabbed at a pixel: a component; None where there is none."""

    @abstractmethod
    def dragged(self, at: QPointF, start: Array, grabbed: int) -> Array:
        """The start's weights (K,) when what was grabbed is dragged to a pixel."""

    def draw(
        self, painter: QPainter, frame: Frame, style: Style, start: Array, ground: Layer, paths: GrowingPaths
    ) -> None:
        """Everything: ground, paths up to the cursor, the next half step, marks, the start's ghosts.

        `start` is (K,), or (m, K) where there are several.
        """
        size = self.area.size()
        key = (style, self.key, self.naming, self.area.getRect())
        ground.draw(painter, size, key, lambda canvas: self.draw_ground(canvas, style))
        paths.draw(painter, frame, style, size, key, self.pixels)
        painter.save()
        painter.setClipRect(self.area, Qt.ClipOperation.IntersectClip)
        for each in np.atleast_2d(start):
            self._draw_ghost(painter, style, each)
        for lane in frame.lanes:
            here = self.point(lane.components.weights, lane.iteration)
            if here is None:
                continue
            if lane.next_components is not None:
                there = self.point(lane.next_components.weights, lane.iteration + 1)
                if there is not None:
                    draw_arrow(painter, here, there, style.lane(lane.index), style.curve_width + 0.6)
            draw_lane_mark(painter, style, lane.index, here, 2.1 * style.point_radius)
        painter.restore()

    def point(self, weights: Array, iteration: int) -> QPointF | None:
        """The pixel of some weights; None where they are not finite."""
        if not np.all(np.isfinite(weights)):
            return None
        x, y = self.pixels(weights[None, :], np.array([iteration], dtype=np.intp))
        return QPointF(float(x[0]), float(y[0]))

    def _draw_ghost(self, painter: QPainter, style: Style, start: Array) -> None:
        at = self.point(start, 0)
        if at is None:
            return
        stamp(painter, at, ("start of weights", style), lambda: _ring(style))

    def note_place(self, width: float, height: float) -> QPointF:
        """Where a note of this size stands least in the way: its upper left corner."""
        return QPointF(self.area.left() + 4, self.area.top() + 2)

    def draw_corner(
        self, painter: QPainter, style: Style, component: int, corner: QPointF, centre: QPointF
    ) -> None:
        """A disc in the component's colour at a corner, and the name of what is 1 there on the outer side."""
        painter.setPen(style.pen("canvas", 1.0))
        painter.setBrush(style.component(component))
        painter.drawEllipse(corner, 1.7 * style.point_radius, 1.7 * style.point_radius)
        name, metrics = self.naming(component), QFontMetricsF(style.font(bold=True))
        outwards = corner - centre
        length = max(1.0, math.hypot(outwards.x(), outwards.y()))
        x, y = outwards.x() / length, outwards.y() / length
        width, height = metrics.horizontalAdvance(name) + 4, metrics.height()
        # So far out that the name's box touches the corner's mark, whichever way that is.
        to_edge = min(0.5 * width / max(abs(x), 1e-9), 0.5 * height / max(abs(y), 1e-9))
        far = to_edge + 2.1 * style.point_radius + 1
        box = QRectF(corner.x() + far * x - width / 2, corner.y() + far * y - height / 2, width, height)
        box.moveLeft(max(self.area.left(), min(box.left(), self.area.right() - width)))
        painter.setFont(style.font(bold=True))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.colour("canvas", 0.85))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(style.pen("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def near_ghost(self, at: QPointF, start: Array, reach: float) -> bool:
        """Whether a pixel is on the ghost's ring."""
        ghost = self.point(start, 0)
        return ghost is not None and (at - ghost).manhattanLength() <= 1.4 * reach


def _ring(style: Style) -> Drawing:
    radius = ghost_radius(style)
    pen = QPen(style.colour("ghost"), style.axis_width + 0.5, Qt.PenStyle.CustomDashLine)
    pen.setDashPattern([2.0, 1.5])

    def content(canvas: QPainter) -> None:
        canvas.setBrush(Qt.BrushStyle.NoBrush)
        for each in (style.pen("canvas", style.axis_width + 2.5, 0.7), pen):
            canvas.setPen(each)
            canvas.drawEllipse(QPointF(0, 0), radius, radius)

    reach = radius + style.axis_width + 2.5
    return QRectF(-reach, -reach, 2 * reach, 2 * reach), content


def ghost_radius(style: Style) -> float:
    """The radius of the ring around the start."""
    return 3.6 * style.point_radius


def hatch_brush(style: Style) -> QBrush:
    """The hatching of what is not allowed."""
    return QBrush(style.colour("hatch", 0.55), Qt.BrushStyle.BDiagPattern)


def draw_arrow(painter: QPainter, start: QPointF, end: QPointF, colour: QColor, width: float) -> None:
    """An arrow between two pixels; nothing where they coincide."""
    from_start = end - start
    length = (from_start.x() ** 2 + from_start.y() ** 2) ** 0.5
    if length < 1.5:
        return
    along = from_start / length
    across = QPointF(-along.y(), along.x())
    head = min(0.6 * length, 4.5 * width)
    neck = end - along * head
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLine(start, neck)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(colour))
    painter.drawPolygon(QPolygonF([end, neck + across * (0.45 * head), neck - across * (0.45 * head)]))


def off_the_plane(frame: Frame) -> bool:
    """Whether some lane's weights at the cursor do not sum to 1."""
    return any(not sum_is_one(lane.weight_sum) for lane in frame.lanes)


def farthest(
    frame: Frame, extents: PathExtents, places: Callable[[Array], Array], half: tuple[float, ...]
) -> float:
    """How far the paths reach, as a multiple of the half sizes (one an axis) that are visible."""
    return extents.greatest(
        frame, (len(half), half), lambda weights: (np.abs(places(weights)) / half).max(axis=1)
    )
