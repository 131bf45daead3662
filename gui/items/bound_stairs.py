"""EM's iterations as stairs in the log-likelihood: the bound's rise by the M step, then the gap that it leaves."""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.analysis.bound import Stair
from gui.frame import Frame
from gui.items.axes import Axes
from gui.items.marks import signed_text, small_text
from gui.lane_frame import LaneFrame
from gui.style import Style

NARROWEST_STEP = 22.0
"""Pixels of an iteration from which on a stair can be told from a line."""

MOST_STAIRS = 60
WIDEST_WORDS = 96.0


class BoundStairs:
    """Draws the stairs of all EM lanes that are in sight, computing each of them once."""

    def __init__(self) -> None:
        self._generation: int | None = None
        self._known: dict[tuple[int, int], Stair | None] = {}

    def stair(self, frame: Frame, lane: LaneFrame, iteration: int) -> Stair | None:
        """The stair that begins at an iteration of a lane."""
        if frame.scene.generation != self._generation:
            self._generation, self._known = frame.scene.generation, {}
        key = (lane.index, iteration)
        if key not in self._known:
            found = lane.stair_at(iteration)
            if found is None:
                return None
            self._known[key] = found
        return self._known[key]

    def draw(self, painter: QPainter, frame: Frame, axes: Axes, style: Style) -> None:
        """Draws within the axes where an iteration is wide enough; in words too where there is room."""
        painter.save()
        painter.setClipRect(axes.area)
        for lane in frame.lanes:
            if lane.family == "em":
                self._draw_lane(painter, frame, lane, axes, style)
        painter.restore()

    def _draw_lane(self, painter: QPainter, frame: Frame, lane: LaneFrame, axes: Axes, style: Style) -> None:
        clock = lane.curve.clock(frame.clock)
        first = max(0, int(np.searchsorted(clock, axes.x_low)) - 1)
        last = min(len(clock) - 1, int(np.searchsorted(clock, axes.x_high, side="right")))
        if last - first < 1 or last - first > MOST_STAIRS:
            return
        width = (clock[last] - clock[first]) / (last - first) * axes.x_scale
        if width < NARROWEST_STEP:
            return
        for iteration in range(first, last):
            found = self.stair(frame, lane, iteration)
            if found is None:
                continue
            left, right = axes.x(float(clock[iteration])), axes.x(float(clock[iteration + 1]))
            heights = [_height(frame, axes, value) for value in (found.before, found.bound, found.after)]
            draw_stair(painter, style, lane.index, left, right, heights)
            if right - left > WIDEST_WORDS:
                _draw_words(painter, style, found, left, right, heights)


def _height(frame: Frame, axes: Axes, value: float) -> float:
    return axes.y(frame.best_known - value if frame.vertical == "gap" else value)


def draw_stair(
    painter: QPainter, style: Style, lane: int, left: float, right: float, heights: list[float]
) -> None:
    """A stair between two pixels of x; `heights` are the pixels of before, bound and after."""
    before, bound, after = heights
    if not all(math.isfinite(height) for height in heights):
        return
    middle = 0.5 * (left + right)
    painter.setPen(QPen(style.lane(lane, 0.55), style.axis_width))
    painter.drawLine(QPointF(left, before), QPointF(middle, before))
    painter.drawLine(QPointF(middle, bound), QPointF(right, bound))
    riser = QPen(style.colour("good"), style.curve_width + 0.8)
    riser.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(riser)
    painter.drawLine(QPointF(middle, before), QPointF(middle, bound))
    gap = QPen(style.colour("accent"), style.curve_width + 0.8, Qt.PenStyle.CustomDashLine)
    gap.setDashPattern([1.2, 1.0])
    gap.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(gap)
    painter.drawLine(QPointF(right, bound), QPointF(right, after))


def _draw_words(
    painter: QPainter, style: Style, found: Stair, left: float, right: float, heights: list[float]
) -> None:
    font = style.font(small=True, scale=0.95)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    middle, line = 0.5 * (left + right), metrics.height()
    room = right - middle - 8
    before, bound, after = heights
    for text, role, low, high, side in (
        (f"M {signed_text(found.m_step_rise)}", "good", before, bound, Qt.AlignmentFlag.AlignLeft),
        (f"gap {small_text(found.gap)}", "accent", bound, after, Qt.AlignmentFlag.AlignRight),
    ):
        if abs(low - high) > 0.7 * line and metrics.horizontalAdvance(text) <= room:
            painter.setPen(style.pen(role))
            box = QRectF(middle + 4, 0.5 * (low + high) - 0.5 * line, room, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | side, text)
