"""What it cost each lane to reach the best mode from each of many starts."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from engine.many_starts import ManyStarts, RunEnd, quartiles
from gui.frame import Frame
from gui.items.log_axis import LogAxis, draw_log_axis, spanning
from gui.items.marks import draw_lane_mark, small_text, value_text
from gui.requests import OpenStart
from gui.style import Style
from gui.views.base import View

CLOCK_LABELS = {
    "iteration": "iterations to the best mode",
    "passes": "passes over the data to the best mode",
    "cpu": "seconds of CPU time to the best mode",
}
CLOCK_UNITS = {"iteration": "iterations", "passes": "passes", "cpu": "s"}
NEVER = "elsewhere"
REACH = 8.0
SPREAD = 0.62
"""How much of a row's height its marks are spread over, so that equal costs do not hide each other."""
STRIDES = (0.7548776662466927, 0.5698402909980532)
"""Multiples of this pair, modulo 1, fill a square evenly (Roberts 2018, the R2 sequence)."""


@dataclass(frozen=True)
class StartMark:
    """A mark: whose end it is, what it cost (infinity where it ended elsewhere), where it stands."""

    end: RunEnd
    cost: float
    at: QPointF

    def words(self, title: str, clock: str) -> str:
        """What a reader is told of it."""
        told = f"start {self.end.seed}: {title} {self.end.status} at {value_text(self.end.value)}"
        if math.isfinite(self.cost):
            told += f", at the best mode after {small_text(self.cost)} {CLOCK_UNITS[clock]}"
        return f"{told}. Click to open this start."


class StartCostsView(View):
    """What it cost each lane to reach the best mode, a mark for every start, on a log scale.

    The bar reaches from the lower to the upper quartile of the starts that led there, its notch is the median.
    Starts from which a lane ended elsewhere stand at the right. The cost is counted by the clock chosen above. A
    click on a mark opens that start: all lanes begin there, and can be watched.
    """

    name: ClassVar[str] = "start-costs"
    title: ClassVar[str] = "Cost from each start"
    try_it: ClassVar[str] = "Try many starts, then click on the mark that is farthest to the right."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.marks: list[StartMark] = []
        """Where the marks were last drawn."""

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        style, found = self.style_in_use, frame.ends
        painter.translate(area.topLeft())
        self.marks = []
        if found is None:
            return
        size = QSizeF(area.size())
        metrics = QFontMetricsF(style.font(small=True))
        titles = max(metrics.horizontalAdvance(lane.title) for lane in found.lanes) + 12
        left = min(titles, 0.3 * size.width())
        top, below = metrics.height() + 4, 2 * metrics.height() + 6
        never = max(metrics.horizontalAdvance(NEVER) + 8, 0.12 * size.width())
        room = QRectF(
            round(left),
            round(top),
            max(20.0, round(size.width() - left - never - 12)),
            max(20.0, round(size.height() - top - below)),
        )
        costs = [found.costs(number, frame.clock) for number in range(len(found.lanes))]
        counted = [float(cost) for row in costs for cost in row if math.isfinite(cost) and cost > 0]
        axis = spanning(room, counted)
        draw_log_axis(painter, axis, style, CLOCK_LABELS[frame.clock])
        beside = QRectF(room.right() + 6, room.top(), never, room.height())
        painter.fillRect(beside, style.colour("grid", 0.6))
        painter.setPen(style.pen("muted"))
        painter.drawText(
            QRectF(beside.left(), beside.bottom() + 2, beside.width(), metrics.height()),
            Qt.AlignmentFlag.AlignCenter,
            NEVER,
        )
        painter.setPen(style.pen("text"))
        heading = metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, size.width() - 8)
        painter.drawText(
            QRectF(4, 1, size.width() - 8, metrics.height()), Qt.AlignmentFlag.AlignLeft, heading
        )
        step = room.height() / len(found.lanes)
        for number in range(len(found.lanes)):
            row = QRectF(0, room.top() + number * step, size.width(), step)
            self._draw_lane(painter, found, number, frame.clock, axis, row, beside)

    def _draw_lane(
        self,
        painter: QPainter,
        found: ManyStarts,
        number: int,
        clock: str,
        axis: LogAxis,
        row: QRectF,
        beside: QRectF,
    ) -> None:
        style, place = self.style_in_use, found.experiment.running[number]
        metrics = QFontMetricsF(style.font(small=True))
        painter.setPen(style.pen("text"))
        room = axis.area.left() - 8
        painter.drawText(
            QRectF(4, row.top(), room, row.height()),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(found.lanes[number].title, Qt.TextElideMode.ElideMiddle, room),
        )
        costs = found.costs(number, clock)
        spread = quartiles(costs)
        bar = _draw_quartiles(painter, style, place, spread, axis, row)
        radius = min(1.6 * style.point_radius, 0.22 * row.height())
        painter.setOpacity(0.8)
        for turn, (ends, cost) in enumerate(zip(found.ends, costs, strict=True)):
            across, up = ((0.5 + turn * stride) % 1.0 for stride in STRIDES)
            y = row.center().y() + SPREAD * row.height() * (up - 0.5)
            if math.isfinite(cost):
                x = axis.x(max(float(cost), axis.low))
            else:
                x = beside.left() + beside.width() * (0.1 + 0.8 * across)
            mark = StartMark(ends[number], float(cost), QPointF(x, y))
            self.marks.append(mark)
            draw_lane_mark(painter, style, place, mark.at, radius)
        painter.setOpacity(1.0)
        if bar is not None:
            painter.setPen(style.pen("text", 2.0 * style.axis_width))
            middle = axis.x(max(spread[1], axis.low))
            painter.drawLine(QPointF(middle, bar.top() - 1), QPointF(middle, bar.bottom() + 1))

    def mark_at(self, at: QPointF) -> StartMark | None:
        """The mark nearest to a pixel, None where none is near."""
        distances = [(mark.at - at).manhattanLength() for mark in self.marks]
        if not distances or min(distances) > REACH:
            return None
        return self.marks[int(np.argmin(distances))]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        mark, frame = self.mark_at(event.position()), self.frame
        words = ""
        if mark is not None and frame is not None and frame.ends is not None:
            words = mark.words(frame.ends.lanes[mark.end.lane].title, frame.clock)
        self.setToolTip(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor if words else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        mark = self.mark_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and mark is not None:
            self.requested.emit(OpenStart(mark.end.seed))

    def leaveEvent(self, event: QEvent) -> None:
        self.unsetCursor()


def _draw_quartiles(
    painter: QPainter,
    style: Style,
    place: int,
    spread: tuple[float, float, float],
    axis: LogAxis,
    row: QRectF,
) -> QRectF | None:
    """The bar from the lower to the upper quartile, and where it stands; None where there is none."""
    if not all(math.isfinite(value) for value in spread):
        return None
    low, _, high = (axis.x(max(value, axis.low)) for value in spread)
    half = 0.36 * row.height()
    bar = QRectF(low, row.center().y() - half, max(high - low, 2.0), 2 * half)
    painter.fillRect(bar, style.lane(place, 0.22))
    painter.setPen(style.lane_pen(place, style.axis_width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    return bar
