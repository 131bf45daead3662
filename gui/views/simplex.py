"""The mixture's weights on the simplex, and what lies outside it."""

import math
from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from engine.parameters import Array
from gui.frame import Frame
from gui.items.growing_paths import GrowingPaths
from gui.items.layer import Layer
from gui.items.path_extents import PathExtents
from gui.items.pinned_runs import draw_pinned_paths
from gui.items.sentence import draw_sentence
from gui.items.simplex_chart import Chart, Naming, off_the_plane, weight_name
from gui.items.simplex_line import WeightLine
from gui.items.simplex_tetrahedron import Tetrahedron
from gui.items.simplex_triangle import Triangle
from gui.items.transition_matrices import draw_transition_matrices, lanes_with_transitions
from gui.items.transition_rows import entered, number_rows_on, rows_as_lanes, start_rows
from gui.items.weight_bars import WeightBars
from gui.items.weight_numbers import draw_numbers, number_rows, numbers_height
from gui.requests import SetStartWeights
from gui.style import Style
from gui.views.base import View

GHOST_REACH = 11.0
DRAG_DISTANCE = 3.0
TURN_PER_PIXEL = 0.012
WEIGHTS_OFF_THE_PLANE = ("\u03a3\u03c0 \u2260 1, drawn", "at \u03c0 / \u03a3\u03c0")
ROWS_OFF_THE_PLANE = ("row sums \u2260 1,", "drawn divided by them")


class SimplexView(View):
    """Paths of the weights: a line (K = 2), a triangle (3), a tetrahedron (4), or bars.

    A corner is all weight on one component, an edge a weight of 0. Outside the simplex, where it is hatched,
    weights are no probabilities. Each lane's mark has a shape of its own; the numbers below are the sum of its
    weights and the smallest of them. Where there are hidden states it shows their transitions instead: each row of
    probabilities is a point of its own, which says what state it comes from, and a corner is all probability of going
    to one state. Of five and more states each lane has a matrix: from the row's state to the column's, the stronger
    the more probable.

    Only dragging the start's ghost changes the start; elsewhere a drag turns the tetrahedron.
    """

    name: ClassVar[str] = "simplex"
    title: ClassVar[str] = "Weights on the simplex"
    formula: ClassVar[str] = r"\pi_k \ge 0, \qquad \sum_{k=1}^{K} \pi_k = 1"
    try_it: ClassVar[str] = (
        "Write a lane's weights in drop-last coordinates with a large learning rate: it walks out."
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ground, self._numbers = Layer(), Layer()
        self._paths = GrowingPaths()
        self._extents = PathExtents()
        self._chart: Chart | None = None
        self._angles = (0.3, 0.35)
        self._pressed: QPointF | None = None
        self._angles_before = self._angles
        self._grabbed: int | None = None
        self._offset = QPointF(0, 0)
        self._dragged: Array | None = None

    def show_frame(self, frame: Frame) -> None:
        if self._grabbed is None or (self.frame is not None and self.frame.components != frame.components):
            self._dragged = self._grabbed = None
        super().show_frame(frame)

    def draws(self, frame: Frame) -> bool:
        return frame.weights_move or bool(lanes_with_transitions(frame))

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        style = self.style_in_use
        painter.translate(area.topLeft())
        if not frame.components:
            self._chart = None
            whole = QRectF(0, 0, area.width(), area.height())
            rows, lanes = rows_as_lanes(frame), lanes_with_transitions(frame)
            if rows is not None:
                self._draw_transitions(painter, rows, whole)
            elif lanes:
                draw_transition_matrices(painter, lanes, whole, style)
            else:
                draw_sentence(painter, whole, "This model has no weights.", style)
            return
        low = numbers_height(frame.lanes, style, area.height())
        chart_area = QRectF(0, 0, area.width(), area.height() - low - 2)
        chart = self._chart = self._chart_for(frame, chart_area)
        chart.draw(painter, frame, style, self._start(frame), self._ground, self._paths)
        if frame.components in (2, 3, 4):
            draw_pinned_paths(painter, frame, chart, style)
        if frame.components <= 4 and off_the_plane(frame):
            _draw_note(painter, style, chart, WEIGHTS_OFF_THE_PLANE)
        numbers = QRectF(4, area.height() - low - 1, area.width() - 8, low - 2)
        told = number_rows(frame.lanes)
        self._numbers.draw(
            painter,
            QSizeF(area.size()),
            (style, told),
            lambda canvas: draw_numbers(canvas, style, told, numbers),
            numbers.adjusted(-4, -4, 4, 4),
        )

    def _draw_transitions(self, painter: QPainter, rows: Frame, area: QRectF) -> None:
        """A path for each row of the transitions of hidden states; the start cannot be dragged here."""
        style = self.style_in_use
        chart = self._chart_for(rows, area, entered)
        chart.draw(painter, rows, style, start_rows(rows), self._ground, self._paths)
        number_rows_on(painter, rows, chart, style)
        if off_the_plane(rows):
            _draw_note(painter, style, chart, ROWS_OFF_THE_PLANE)

    def _chart_for(self, frame: Frame, area: QRectF, naming: Naming = weight_name) -> Chart:
        count = len(frame.lanes[0].components.weights) if frame.lanes else frame.components
        if count == 2:
            return WeightLine(area, frame, self.style_in_use, self._extents, naming)
        if count == 3:
            return Triangle(area, frame, self.style_in_use, self._extents, naming)
        if count == 4:
            return Tetrahedron(area, frame, self.style_in_use, self._extents, *self._angles, naming)
        return WeightBars(area, frame, self.style_in_use, frame.scene.start.weights)

    def _start(self, frame: Frame) -> Array:
        return frame.scene.start.weights if self._dragged is None else self._dragged

    def mousePressEvent(self, event: QMouseEvent) -> None:
        chart, frame, at = self._chart, self.frame, event.position()
        if event.button() != Qt.MouseButton.LeftButton or chart is None or frame is None:
            return
        self._pressed, self._angles_before = at, self._angles
        self._grabbed = chart.ghost_at(at, self._start(frame), GHOST_REACH)
        if self._grabbed is not None and frame.components <= 4:
            ghost = chart.point(self._start(frame), 0)
            self._offset = QPointF(0, 0) if ghost is None else ghost - at
        else:
            self._offset = QPointF(0, 0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        chart, frame, at = self._chart, self.frame, event.position()
        if chart is None or frame is None:
            return
        if self._pressed is None:
            reachable = chart.ghost_at(at, self._start(frame), GHOST_REACH) is not None
            self.setCursor(Qt.CursorShape.OpenHandCursor if reachable else Qt.CursorShape.ArrowCursor)
            self.setToolTip("Drag to give the start other weights." if reachable else "")
            return
        moved = at - self._pressed
        if self._dragged is None and moved.manhattanLength() < DRAG_DISTANCE:
            return
        if self._grabbed is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._dragged = chart.dragged(at + self._offset, frame.scene.start.weights, self._grabbed)
            self._request(final=False)
        elif frame.components == 4:
            yaw, pitch = self._angles_before
            pitch = min(max(pitch + TURN_PER_PIXEL * moved.y(), -math.pi / 2), math.pi / 2)
            self._angles = (yaw + TURN_PER_PIXEL * moved.x(), pitch)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if self._grabbed is not None and self._dragged is not None:
            self._request(final=True)
        self._pressed = self._grabbed = None
        self.unsetCursor()
        self.update()

    def _request(self, final: bool) -> None:
        assert self._dragged is not None
        weights = tuple(float(weight) for weight in self._dragged)
        self.requested.emit(SetStartWeights(weights, final))


def _draw_note(painter: QPainter, style: Style, chart: Chart, lines: tuple[str, str]) -> None:
    """Says that points off the plane of sum 1 are shown on it."""
    font = style.font(small=True)
    metrics = QFontMetricsF(font)
    width = max(metrics.horizontalAdvance(line) for line in lines)
    at = chart.note_place(width, 2 * metrics.height())
    box = QRectF(at.x(), at.y(), width, 2 * metrics.height())
    painter.fillRect(box.adjusted(-2, 0, 2, 0), style.colour("canvas", 0.85))
    painter.setFont(font)
    painter.setPen(style.pen("danger"))
    for place, line in enumerate(lines):
        painter.drawText(at + QPointF(0, place * metrics.height() + metrics.ascent()), line)
