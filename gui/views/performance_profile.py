"""The performance profile of the lanes over many starts."""

import math
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from engine.many_starts import ManyStarts, share_within
from engine.parameters import Array
from gui.frame import Frame
from gui.items.curve import draw_path
from gui.items.lane_column import LaneRow, column_width, draw_column
from gui.items.log_axis import LogAxis, draw_log_axis
from gui.style import Style
from gui.views.base import View

CLOCK_WORDS = {"iteration": "fewest iterations", "passes": "fewest passes", "cpu": "least CPU time"}
QUARTERS = 4
"""The shares' axis ends at a whole number of quarters, and so many are all."""
HEADROOM = 0.04
"""What is left free below 0 and above 1, as a share of the height."""


class PerformanceProfileView(View):
    """The share of the starts from which each lane reached the best mode for at most so many times the least cost.

    For each start the cheapest lane has the ratio 1, another one's is how many times its cost that is; a lane
    that ended elsewhere has none. At the left edge a curve says how often its lane was the cheapest, at the right
    one how often it reached the best mode at all: the higher curve is the better lane at any ratio. The cost is
    counted by the clock chosen above. Hovering reads all lanes at one ratio (Dolan & Moré 2002).
    """

    name: ClassVar[str] = "performance-profile"
    title: ClassVar[str] = "Performance profile"
    formula: ClassVar[str] = (
        r"\rho_a(\tau) = \frac{1}{R} \left| \{ r : c_{a,r} \leq \tau \min_b c_{b,r} \} \right|"
    )
    try_it: ClassVar[str] = (
        "Try many starts, and count by passes, then by CPU time: another lane may be ahead."
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis: LogAxis | None = None
        """Where ratios stood when it was last drawn."""
        self._hover: QPointF | None = None

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        style, found = self.style_in_use, frame.ends
        painter.translate(area.topLeft())
        size = QSizeF(area.size())
        metrics = QFontMetricsF(style.font(small=True))
        if found is None:
            self.axis = None
            return
        ratios = found.profile(frame.clock)
        high = _highest(ratios)
        ratio = self._ratio()
        rows = _rows(found, ratios, high if ratio is None else min(ratio, high))
        where = "ever" if ratio is None else f"within {ratio:.3g}×"
        width = max(
            column_width(rows, style, 0.36 * size.width()), metrics.horizontalAdvance("within 0.00×") + 8
        )
        left, top = 8 + metrics.horizontalAdvance("100 %"), metrics.height() + 4
        below = 2 * metrics.height() + 6
        room = QRectF(
            round(left),
            round(top),
            max(20.0, round(size.width() - left - width - 14)),
            max(20.0, round(size.height() - top - below)),
        )
        axis = self.axis = LogAxis(room, 1.0, high)
        draw_log_axis(painter, axis, style, f"times the {CLOCK_WORDS[frame.clock]}")
        quarters = _quarters(ratios)
        _draw_shares(painter, room, style, quarters)
        painter.setPen(style.pen("text"))
        box = QRectF(room.left(), 1, size.width() - width - room.left() - 8, metrics.height())
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignLeft,
            metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, box.width()),
        )
        beside = QRectF(size.width() - width - 4, 1, width, metrics.height())
        painter.drawText(beside, Qt.AlignmentFlag.AlignRight, where)
        for number, place in enumerate(found.experiment.running):
            x, y = step_curve(ratios[number], high)
            pixels = np.array([axis.x(value) for value in x])
            draw_path(painter, pixels, _height(room, y, quarters), style.lane_pen(place))
        if ratio is not None:
            painter.setPen(style.pen("muted", 1.0, 0.8))
            painter.drawLine(QPointF(axis.x(ratio), room.top()), QPointF(axis.x(ratio), room.bottom()))
        draw_column(
            painter,
            rows,
            style,
            QRectF(size.width() - width - 4, top, width, size.height() - top - 4),
        )

    def _ratio(self) -> float | None:
        """The ratio under the pointer; None where it is elsewhere."""
        axis, hover = self.axis, self._hover
        return axis.value(hover.x()) if axis is not None and hover and axis.area.contains(hover) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()


def step_curve(ratios: Array, high: float) -> tuple[Array, Array]:
    """Corners of the profile of one lane's sorted ratios (R,), from the ratio 1 to `high`."""
    seen = ratios[ratios <= high]
    shares = np.arange(len(seen) + 1) / len(ratios)
    x = np.concatenate(([1.0], np.repeat(seen, 2), [high]))
    return x, np.repeat(shares, 2)


def _highest(ratios: Array) -> float:
    """Where the axis ends: a little behind the highest ratio of all, and never at once."""
    finite = ratios[np.isfinite(ratios)]
    return max(1.5, 1.1 * float(np.max(finite, initial=1.0)))


def _rows(found: ManyStarts, ratios: Array, ratio: float) -> list[LaneRow]:
    """Each lane with its share at a ratio."""
    rows = []
    for number, place in enumerate(found.experiment.running):
        share = share_within(ratios[number], ratio)
        rows.append(LaneRow(place, found.lanes[number].title, ((f"{100 * share:.0f} %", "text"),)))
    return rows


def _quarters(ratios: Array) -> int:
    """How many quarters the axis of the shares has: enough for the highest share."""
    return max(1, math.ceil(QUARTERS * float(np.max(np.mean(np.isfinite(ratios), axis=1))) - 1e-9))


def _height(area: QRectF, shares: Array, quarters: int) -> Array:
    """Pixels of shares on an axis from 0 to so many quarters."""
    within = area.height() * (1 - 2 * HEADROOM)
    return np.asarray(area.bottom() - HEADROOM * area.height() - within * shares * QUARTERS / quarters)


def _draw_shares(painter: QPainter, area: QRectF, style: Style, quarters: int) -> None:
    metrics = QFontMetricsF(style.font(small=True))
    pieces = quarters if quarters > 1 else 5
    shares = np.linspace(0.0, quarters / QUARTERS, pieces + 1)
    if area.height() / (pieces + 1) < metrics.height():
        shares = shares[[0, -1]]
    for share, y in zip(shares, _height(area, shares, quarters), strict=True):
        painter.setPen(style.pen("grid", style.axis_width))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(style.pen("muted"))
        painter.drawText(
            QRectF(0, y - metrics.height() / 2, area.left() - 4, metrics.height()),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            f"{100 * share:.0f} %",
        )
