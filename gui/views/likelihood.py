"""The log-likelihood of all lanes on one scale."""

from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.frame import Frame
from gui.items.axes import Axes, draw_axes, log_ticks, nice_ticks, tick_text
from gui.items.bound_stairs import BoundStairs
from gui.items.ends_strip import EndMark, draw_ends, end_marks, mark_at, strip_width
from gui.items.growing_curves import GrowingCurves
from gui.items.lane_column import LaneRow, column_width, draw_column
from gui.items.layer import Layer
from gui.items.likelihood_scale import Window, default_window, leader, readings
from gui.items.marks import draw_lane_mark, signed_text, small_text, value_text
from gui.items.pinned_runs import PinnedCurves
from gui.items.reading_box import draw_reading_box
from gui.lane_frame import LaneFrame
from gui.requests import MoveCursor, OpenStart
from gui.style import Style
from gui.views.base import View

CLOCK_LABELS = {"iteration": "iteration", "passes": "passes over the data", "cpu": "CPU time in seconds"}
DRAG_DISTANCE = 4.0


class LikelihoodView(View):
    """Curves of the log-likelihood, or of its gap to the best known one, over the chosen clock.

    Every lane climbs the same observed-data log-likelihood from the same start, so two curves may be compared
    point by point. A step that lowered it by more than rounding can is marked in red, with a shape of its own.
    The faint part of a curve is computed ahead of the cursor. Pinned runs are faint and named; the strip at
    the right shows where the lanes ended from many starts, and a click there opens that start.

    Zoomed by the wheel (over an axis: only that one), panned by dragging, reset by a double click. A click
    moves the cursor there. Near enough, each iteration of EM becomes a stair: up the bound by the M step, and
    up the Kullback-Leibler gap at the next E step.
    """

    name: ClassVar[str] = "likelihood"
    title: ClassVar[str] = "Log-likelihood"
    formula: ClassVar[str] = r"\ell(\theta) = \sum_{i=1}^{n} \log \sum_{k=1}^{K} \pi_k f_k(x_i)"
    try_it: ClassVar[str] = "Count by passes, then show the gap: a straight line is linear convergence."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._static, self._column = Layer(), Layer()
        self._curves = GrowingCurves()
        self._stairs = BoundStairs()
        self._pinned = PinnedCurves()
        self.ends: list[EndMark] = []
        """Where the strip of many starts' ends was last drawn."""
        self._chosen: Window | None = None
        self._reached = 0.0
        self._scale_key: tuple[object, ...] = ()
        self._axes: Axes | None = None
        self._pressed: QPointF | None = None
        self._panned_from: Window | None = None
        self._hover: QPointF | None = None

    def show_frame(self, frame: Frame) -> None:
        key = (frame.scene.generation, frame.clock, frame.vertical)
        if key != self._scale_key:
            self._chosen, self._reached, self._scale_key = None, 0.0, key
        if frame.cursor == 0 and self._pressed is None:
            self._reached = 0.0
        self._reached = max(self._reached, min(frame.cursor, frame.end))
        super().show_frame(frame)

    def window_of(self, frame: Frame) -> Window:
        """What the axes show: what was chosen with the mouse, or the default."""
        if self._chosen is not None:
            return self._chosen
        return default_window(frame, max(self._reached, min(frame.cursor, frame.end)))

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        style = self.style_in_use
        painter.translate(area.topLeft())
        size = QSizeF(area.size())
        rows = _rows(frame, self._stairs)
        window = self.window_of(frame)
        column = size.height() - _top(style) - 4
        width = column_width(rows, style, 0.36 * size.width(), column)
        with_column = size.width() >= 320
        strip = strip_width(frame.ends)
        axes = _axes(window, style, size, strip + (width + 12 if with_column else 8))
        self._axes = axes
        heading = _heading(frame)
        key = (style, axes.area.getRect(), window, heading, frame.clock)

        def static(canvas: QPainter) -> None:
            draw_axes(canvas, axes, style, CLOCK_LABELS[frame.clock])
            metrics = QFontMetricsF(style.font(small=True))
            canvas.setPen(style.pen("text"))
            room = size.width() - axes.area.left() - 4
            canvas.drawText(
                QRectF(axes.area.left(), 1, room, metrics.height()),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                metrics.elidedText(heading, Qt.TextElideMode.ElideRight, room),
            )

        self._static.draw(painter, size, key, static)
        self._pinned.draw(painter, frame, axes, style, size)
        cursor = axes.x(frame.cursor)
        self._curves.draw(painter, frame, axes, style, size, cursor)
        self._stairs.draw(painter, frame, axes, style)
        self._draw_ends(painter, frame, axes)
        self._draw_cursor(painter, frame, axes, cursor)
        if with_column:
            place = QRectF(size.width() - width - 4, axes.area.top(), width, column)
            told = (style, tuple(rows), place.getRect())
            self._column.draw(
                painter,
                size,
                told,
                lambda canvas: draw_column(canvas, rows, style, place),
                place.adjusted(-4, -4, 4, 4),
            )
        self.ends = [] if frame.ends is None else end_marks(frame.ends, frame, axes)
        if frame.ends is not None:
            draw_ends(painter, self.ends, axes, style, strip)
        if self._hover is not None and axes.area.contains(self._hover) and self._panned_from is None:
            self._draw_hover(painter, frame, axes, self._hover, QRectF(QPointF(0, 0), size))

    def _draw_cursor(self, painter: QPainter, frame: Frame, axes: Axes, cursor: float) -> None:
        style, area = self.style_in_use, axes.area
        if not area.left() - 1 <= cursor <= area.right() + 1:
            return
        painter.setPen(style.pen("accent", style.axis_width + 0.5))
        painter.drawLine(QPointF(cursor, area.top()), QPointF(cursor, area.bottom()))
        for reading in readings(frame, frame.cursor):
            if not np.isfinite(reading.height):
                continue
            y = axes.y(reading.height)
            x = axes.x(min(reading.x, frame.cursor))
            if area.top() - 2 <= y <= area.bottom() + 2 and area.left() - 1 <= x <= area.right() + 1:
                draw_lane_mark(painter, style, reading.lane, QPointF(x, y), 1.8 * style.point_radius)

    def _draw_ends(self, painter: QPainter, frame: Frame, axes: Axes) -> None:
        """Words at the place where a lane lost its likelihood, and at a start too deep to be shown."""
        style, area = self.style_in_use, axes.area
        font = style.font(small=True)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        taken: list[QRectF] = []
        start = frame.lanes[0].curve.log_likelihood[0] if frame.lanes else np.nan
        deep = frame.vertical == "value" and axes.x_low <= 0 and start < axes.y_low
        if deep and np.isfinite(start):
            text = f"\u2193 start {value_text(float(start))}"
            box = QRectF(area.left() + 4, area.bottom() - metrics.height() - 2, 0, metrics.height())
            box.setWidth(metrics.horizontalAdvance(text))
            taken.append(box)
            painter.fillRect(box.adjusted(-2, 0, 2, 0), style.colour("canvas", 0.85))
            painter.setPen(style.pen("muted"))
            painter.drawText(box.topLeft() + QPointF(0, metrics.ascent()), text)
        for lane in frame.lanes:
            place = _lost_at(lane)
            if place is None:
                continue
            value = float(lane.curve.log_likelihood[place])
            x = axes.x(float(lane.curve.clock(frame.clock)[place]))
            y = axes.y(frame.best_known - value if axes.log_y else value)
            if not (np.isfinite(y) and area.left() - 1 <= x <= area.right()):
                continue
            text = "no likelihood"
            width = metrics.horizontalAdvance(text)
            # The lane's own mark stands at its end: where that is near, the words begin behind it.
            end = axes.x(float(lane.curve.clock(frame.clock)[-1]))
            right = (end if end - x < 40 else x) + 9
            left = right if right + width < area.right() else x - 9 - width
            box = QRectF(left, y - metrics.height() / 2, width, metrics.height())
            box.moveTop(min(max(box.top(), area.top() + 2), area.bottom() - box.height() - 2))
            box = _free_place(box, taken, area)
            taken.append(box)
            painter.fillRect(box.adjusted(-2, 0, 2, 0), style.colour("canvas", 0.8))
            painter.setPen(style.lane(lane.index))
            painter.drawText(box.topLeft() + QPointF(0, metrics.ascent()), text)

    def _draw_hover(
        self, painter: QPainter, frame: Frame, axes: Axes, hover: QPointF, within: QRectF
    ) -> None:
        style, area = self.style_in_use, axes.area
        at = min(max(0.0, axes.value_x(hover.x())), frame.end)
        at = float(np.floor(at + 0.5)) if frame.clock == "iteration" else at
        x = axes.x(at)
        painter.setPen(style.pen("muted", 1.0, 0.8))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        found = readings(frame, at)
        for reading in found:
            y = axes.y(reading.height) if np.isfinite(reading.height) else -1.0
            if area.top() <= y <= area.bottom():
                place = QPointF(axes.x(reading.x), y)
                draw_lane_mark(painter, style, reading.lane, place, 1.4 * style.point_radius)
        heading = {"iteration": f"iteration {at:.0f}", "passes": f"{at:.4g} passes", "cpu": f"{at:.4g} s"}
        words = heading[frame.clock]
        ahead = leader(found)
        if ahead is not None:
            words = f"{words}: {ahead.title} leads"
        draw_reading_box(painter, style, found, words, hover, within)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._axes is not None:
            self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._hover = at
        axes, frame = self._axes, self.frame
        if self._pressed is not None and axes is not None and frame is not None:
            moved = at - self._pressed
            if self._panned_from is None and moved.manhattanLength() >= DRAG_DISTANCE:
                self._panned_from = self.window_of(frame)
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
            if self._panned_from is not None:
                self._chosen = self._panned_from.moved(-moved.x() / axes.x_scale, moved.y() / axes.y_scale)
        elif frame is not None:
            mark = mark_at(self.ends, at)
            self.setToolTip(mark.words() if mark is not None else "")
            self.setCursor(
                Qt.CursorShape.PointingHandCursor if mark is not None else Qt.CursorShape.ArrowCursor
            )
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, panned = self._pressed, self._panned_from
        self._pressed = self._panned_from = None
        self.unsetCursor()
        axes, frame = self._axes, self.frame
        if pressed is None or panned is not None or axes is None or frame is None:
            return
        mark = mark_at(self.ends, pressed)
        if mark is not None:
            self.requested.emit(OpenStart(mark.end.seed))
        elif axes.area.adjusted(-3, 0, 3, 0).contains(pressed):
            at = min(max(0.0, axes.value_x(pressed.x())), frame.end)
            self.requested.emit(MoveCursor(float(round(at)) if frame.clock == "iteration" else at))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._chosen = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        axes, frame = self._axes, self.frame
        turned = event.angleDelta().y()
        if axes is None or frame is None or turned == 0:
            return
        at, area = event.position(), axes.area
        x = axes.value_x(min(max(at.x(), area.left()), area.right()))
        y = axes.value_y(min(max(at.y(), area.top()), area.bottom()))
        horizontal, vertical = at.x() >= area.left(), at.y() <= area.bottom()
        factor = 0.85 ** (turned / 120)
        self._chosen = self.window_of(frame).zoomed(x, y, factor, horizontal, vertical)
        event.accept()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()


def _heading(frame: Frame) -> str:
    if frame.vertical != "gap":
        return "Log-likelihood"
    best = "best known maximum (polished)" if frame.best_is_polished else "best seen so far"
    return f"Gap to the {best} {value_text(frame.best_known)}"


def _rows(frame: Frame, stairs: BoundStairs) -> list[LaneRow]:
    """Each lane's title, its value at the cursor and its decreases up to there.

    Between two iterations also what the step is worth: how far EM's M step lifts the bound and the gap that
    is left to the next E step; what the slope promises for a gradient's step, and what the step brings.
    """
    rows = []
    for lane in frame.lanes:
        value = lane.log_likelihood
        texts, short = [(value_text(value), "text")], ""
        if frame.vertical == "gap" and lane.is_likelihood:
            gap = max(frame.best_known - value, 0.0)
            texts, short = [(f"gap {small_text(gap)}", "text")], small_text(gap, 2)
        if not lane.is_likelihood:
            texts = [("no likelihood", "warning")]
        if lane.decreases:
            noun = "decrease" if lane.decreases == 1 else "decreases"
            texts.append((f"\u25bc {lane.decreases} {noun}", "danger"))
        stair = stairs.stair(frame, lane, lane.iteration) if lane.half else None
        if stair is not None:
            texts.append((f"M step {signed_text(stair.m_step_rise)}", "good"))
            texts.append((f"then gap {signed_text(stair.gap)}", "accent"))
        if lane.gain is not None:
            texts.append((f"slope promises {signed_text(lane.gain.predicted)}", "text"))
            falls = "danger" if lane.gain.real < 0 else "text"
            texts.append((f"step brings {signed_text(lane.gain.real)}", falls))
        rows.append(LaneRow(lane.index, lane.title, tuple(texts), short))
    return rows


def _top(style: Style) -> float:
    """The height of the heading above the curves."""
    return QFontMetricsF(style.font(small=True)).height() + 4


def _axes(window: Window, style: Style, size: QSizeF, right: float) -> Axes:
    metrics = QFontMetricsF(style.font(small=True))
    top, bottom = _top(style), 2 * metrics.height() + 6
    wanted = max(2, int((size.height() - top - bottom) / (metrics.height() * 2)))
    if window.log_y:
        labels = ["10\u207b\u00b9\u00b2"] if log_ticks(window.y_low, window.y_high, wanted) else []
    else:
        ticks = nice_ticks(window.y_low, window.y_high, wanted)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        labels = [tick_text(tick, step) for tick in ticks]
    left = 10 + max((metrics.horizontalAdvance(label) for label in labels), default=20.0)
    width, height = max(20.0, size.width() - left - right), max(20.0, size.height() - top - bottom)
    area = QRectF(round(left), round(top), round(width), round(height))
    return Axes(area, window.x_low, window.x_high, window.y_low, window.y_high, window.log_y)


def _lost_at(lane: LaneFrame) -> int | None:
    """The last entry with a likelihood of a lane that lost it; None where it did not."""
    newest = lane.curve.comparable(slice(-1, None))
    if newest.size == 0 or newest[0]:
        return None
    usable = np.flatnonzero(lane.curve.comparable())
    return int(usable[-1]) if usable.size else None


def _free_place(box: QRectF, taken: list[QRectF], area: QRectF) -> QRectF:
    """The box, moved down (or up, at the bottom) until it covers no other."""
    for step in (box.height(), -box.height()):
        moved = QRectF(box)
        while area.top() <= moved.top() and moved.bottom() <= area.bottom():
            if not any(moved.intersects(other) for other in taken):
                return moved
            moved.translate(0, step)
    return box
