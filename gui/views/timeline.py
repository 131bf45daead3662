"""The slider over the iterations, with marks where something happened."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.algorithms.base import Event
from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import nice_ticks, tick_text
from gui.items.curve import roomy
from gui.items.layer import Layer
from gui.items.likelihood_scale import first_width
from gui.items.marks import EVENT_SHAPES, draw_marks
from gui.lane_frame import LaneFrame
from gui.requests import MoveCursor
from gui.style import Style
from gui.views.base import View

NEAR = 6.0
"""So many pixels from a mark the mouse may be to read it."""

MOST_WORDS = 8


@dataclass
class _Seen:
    """The columns of pixels of a lane's events by kind, as far as they have been sorted in."""

    events: tuple[tuple[int, Event], ...] = ()
    place: object = None
    columns: dict[str, set[float]] = field(default_factory=dict)

    def follow(self, events: tuple[tuple[int, Event], ...], clock: Array, place: tuple[str, float]) -> None:
        """Sorts in what is new; everything, where the lane has begun anew or `place` (clock, scale) is another."""
        known = len(self.events)
        begun = known > len(events) or (known and events[known - 1] != self.events[-1])
        if begun or place != self.place:
            self.columns, self.place, known = {}, place, 0
        for iteration, event in events[known:]:
            if iteration < len(clock):
                column = float(round(float(clock[iteration]) * place[1]))
                self.columns.setdefault(event.kind, set()).add(column)
        self.events = events


class Timeline(View):
    """A groove for each lane as far as it is computed, its events, and the cursor, which the mouse moves.

    Everything that is shown belongs to the cursor: move it back, and the laboratory stands where it stood then.
    A mark is something that happened, one shape for each kind: a step that lowered the log-likelihood, a step
    that had to be replaced, a component that emptied, a setting that was changed in flight, the constraints
    left. The mouse over a mark says which one it is, in words.
    """

    name: ClassVar[str] = "timeline"
    title: ClassVar[str] = "Timeline"
    try_it: ClassVar[str] = (
        "Go back to a decrease, lower the learning rate there, and go on: the lane is computed anew."
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._scale_layer, self._marks_layer = Layer(), Layer()
        self._seen: dict[int, _Seen] = {}
        self._width = 0.0
        self._width_of: tuple[object, ...] = ()
        self._dragging = False

    def show_frame(self, frame: Frame) -> None:
        key = (frame.scene.generation, frame.clock)
        wanted = _shown(frame)
        # The scale never shrinks during a run, so that marks only move when it must grow.
        self._width = wanted if key != self._width_of else max(wanted, self._width)
        self._width_of = key
        super().show_frame(frame)

    # Where things are

    def _groove(self, size: QSizeF, style: Style) -> QRectF:
        line = QFontMetricsF(style.font(small=True)).height()
        side = 12.0
        return QRectF(side, 3.0, max(10.0, size.width() - 2 * side), max(8.0, size.height() - line - 6.0))

    def x_of(self, at: float) -> float:
        """The pixel of a position of the clock."""
        groove = self._groove(QSizeF(self.size()), self.style_in_use)
        return groove.left() + groove.width() * at / self._width if self._width > 0 else groove.left()

    def clock_at(self, x: float) -> float:
        """The position of the clock at a pixel, no further than what is computed."""
        groove = self._groove(QSizeF(self.size()), self.style_in_use)
        end = self.frame.end if self.frame is not None else 0.0
        return min(max(0.0, (x - groove.left()) / groove.width() * self._width), end)

    # Drawing

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        style = self.style_in_use
        painter.translate(area.topLeft())
        groove = self._groove(QSizeF(area.size()), style)
        scale = groove.width() / self._width if self._width > 0 else 0.0
        size = QSizeF(area.size())
        row = groove.height() / len(frame.lanes)
        heights = [groove.top() + (place + 0.5) * row for place in range(len(frame.lanes))]
        key = (style, self._width, len(frame.lanes))

        def ground(canvas: QPainter) -> None:
            self._draw_scale(canvas, groove, style, scale)
            canvas.setPen(style.pen("line", style.axis_width + 1.0))
            for y in heights:
                canvas.drawLine(QPointF(groove.left(), y), QPointF(groove.right(), y))

        self._scale_layer.draw(painter, size, key, ground)
        radius = min(4.2 if not style.lecture else 6.5, 0.46 * row)
        for lane, y in zip(frame.lanes, heights, strict=True):
            self._draw_reached(painter, frame, lane, groove, y, radius, scale)
        columns = tuple(self._columns_of(frame, lane, scale) for lane in frame.lanes)

        def marks(canvas: QPainter) -> None:
            for found, y in zip(columns, heights, strict=True):
                for kind, places in found:
                    shape, role = EVENT_SHAPES[kind]
                    spots = np.array([(groove.left() + x, y) for x in places])
                    draw_marks(canvas, shape, spots, radius, style.colour(role))

        self._marks_layer.draw(painter, size, (key, columns), marks)
        x = groove.left() + frame.cursor * scale
        painter.setPen(style.pen("accent", style.axis_width + 1.0))
        painter.drawLine(QPointF(x, groove.top()), QPointF(x, groove.bottom()))
        handle = QRectF(x - 4.5, groove.top() - 2, 9, 7)
        painter.setPen(style.pen("canvas", 1.0))
        painter.setBrush(style.colour("accent"))
        painter.drawRoundedRect(handle, 2.5, 2.5)
        painter.drawRoundedRect(handle.translated(0, groove.height() - 3), 2.5, 2.5)

    def _draw_scale(self, painter: QPainter, groove: QRectF, style: Style, scale: float) -> None:
        font = style.font(small=True)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        ticks = nice_ticks(0.0, self._width, max(2, int(groove.width() / (metrics.averageCharWidth() * 12))))
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        for tick in ticks:
            x = round(groove.left() + tick * scale)
            painter.setPen(style.pen("line", style.axis_width))
            painter.drawLine(QPointF(x, groove.bottom()), QPointF(x, groove.bottom() + 3))
            text = tick_text(tick, step)
            width = metrics.horizontalAdvance(text) + 2
            left = min(max(x - width / 2, 0.0), groove.right() + 12 - width)
            painter.setPen(style.pen("muted"))
            box = QRectF(left, groove.bottom() + 2, width, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _columns_of(
        self, frame: Frame, lane: LaneFrame, scale: float
    ) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """For each kind of event, the gravest last, the columns of pixels in which there are some."""
        seen = self._seen.setdefault(lane.index, _Seen())
        seen.follow(lane.events, lane.curve.clock(frame.clock), (frame.clock, scale))
        return tuple(
            (kind, tuple(sorted(seen.columns[kind]))) for kind in EVENT_SHAPES if kind in seen.columns
        )

    def _draw_reached(
        self,
        painter: QPainter,
        frame: Frame,
        lane: LaneFrame,
        groove: QRectF,
        y: float,
        radius: float,
        scale: float,
    ) -> None:
        """How far the lane is computed."""
        style = self.style_in_use
        painter.setPen(style.lane_pen(lane.index, style.axis_width + 1.0))
        end = groove.left() + float(lane.curve.clock(frame.clock)[-1]) * scale
        painter.drawLine(QPointF(groove.left(), y), QPointF(end, y))
        if lane.complete:
            painter.setPen(style.pen("text", style.axis_width + 0.5))
            painter.drawLine(QPointF(end, y - radius), QPointF(end, y + radius))

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.frame is not None:
            self._dragging = True
            self._move_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._move_to(event.position().x())
            return
        words = self.words_at(event.position().x())
        if words:
            QToolTip.showText(event.globalPosition().toPoint(), words, self)
        else:
            QToolTip.hideText()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def leaveEvent(self, event: QEvent) -> None:
        QToolTip.hideText()

    def _move_to(self, x: float) -> None:
        at = self.clock_at(x)
        clock = self.frame.clock if self.frame is not None else "iteration"
        self.requested.emit(MoveCursor(float(round(at)) if clock == "iteration" else at))

    def words_at(self, x: float) -> str:
        """What happened near a pixel, in words; '' where nothing did."""
        return "\n".join(self._told_near(x)) if self.frame is not None else ""

    def _told_near(self, x: float) -> Iterator[str]:
        assert self.frame is not None
        told = 0
        for lane in self.frame.lanes:
            clock = lane.curve.clock(self.frame.clock)
            iterations = np.array([place for place, _ in lane.events], dtype=np.intp)
            if not iterations.size:
                continue
            near = np.flatnonzero(np.abs(self._pixels(clock[iterations]) - x) <= NEAR)
            for place in near:
                if told == MOST_WORDS:
                    yield "\u2026"
                    return
                iteration, event = lane.events[place]
                yield f"{lane.title} at {iteration}: {event.detail}"
                told += 1

    def _pixels(self, at: Array) -> Array:
        groove = self._groove(QSizeF(self.size()), self.style_in_use)
        return groove.left() + groove.width() * at / max(self._width, 1e-300)


def _shown(frame: Frame) -> float:
    """How much of the clock the timeline holds: a little more than what is computed."""
    width = max(roomy(first_width(frame)), roomy(frame.end, fine=True) if frame.end > 0 else 0.0)
    if frame.clock == "iteration":
        return max(1.0, min(width, float(frame.experiment.stop.max_iterations)), frame.end)
    return width
