"""A horizontal axis on a log scale: where values stand, its ticks, and how it is drawn."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.items.axes import log_ticks, nice_ticks
from gui.items.marks import small_text
from gui.style import Style

STEPS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
"""What a decade may be divided at, the finest first."""


@dataclass(frozen=True)
class LogAxis:
    """The values at the left and right edge of a rectangle of pixels, both positive, spaced by their logarithm."""

    area: QRectF
    low: float
    high: float

    def x(self, value: float) -> float:
        """Pixel of a positive value."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.area.left() + share * self.area.width()

    def value(self, pixel: float) -> float:
        """The value at a pixel."""
        share = (pixel - self.area.left()) / self.area.width()
        return float(self.low * (self.high / self.low) ** share)

    def ticks(self, wanted: int) -> list[float]:
        """At most about `wanted` round values, dividing decades where there is room, and less than one evenly."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in STEPS:
            found = [step * 10.0**power for power in powers for step in steps]
            found = [tick for tick in found if self.low * (1 - 1e-9) <= tick <= self.high * (1 + 1e-9)]
            if len(found) <= wanted:
                return found if len(found) > 2 else nice_ticks(self.low, self.high, wanted)
        return log_ticks(self.low, self.high, wanted)


def spanning(area: QRectF, values: list[float]) -> LogAxis:
    """An axis that holds all positive values, with a little room beside them; one decade where there are none."""
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    room = max(1.06, (high / low) ** 0.04)
    return LogAxis(area, low / room, high * room)


def draw_log_axis(painter: QPainter, axis: LogAxis, style: Style, label: str) -> None:
    """Grid lines through the area, ticks and a label below it, and the frame around it."""
    area, metrics = axis.area, QFontMetricsF(style.font(small=True))
    painter.setFont(style.font(small=True))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    right = -math.inf
    for tick in axis.ticks(max(2, int(area.width() / (metrics.averageCharWidth() * 7)))):
        x = round(axis.x(tick))
        painter.setPen(style.pen("grid", style.axis_width))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        text = small_text(tick)
        width = metrics.horizontalAdvance(text) + 4
        box = QRectF(min(x - width / 2, area.right() + 8 - width), area.bottom() + 2, width, metrics.height())
        if box.left() <= right:
            continue
        right = box.right()
        painter.setPen(style.pen("muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.setPen(style.pen("line", style.axis_width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)
    painter.setPen(style.pen("muted"))
    painter.drawText(
        QRectF(area.left(), area.bottom() + 2 + metrics.height(), area.width(), metrics.height() + 2),
        Qt.AlignmentFlag.AlignCenter,
        metrics.elidedText(label, Qt.TextElideMode.ElideRight, area.width()),
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
