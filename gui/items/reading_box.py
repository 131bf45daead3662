"""A small box that reads all lanes at one position of the clock."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.items.lane_column import draw_sample
from gui.items.likelihood_scale import Reading
from gui.items.marks import small_text, value_text
from gui.style import Style

SAMPLE = 20.0


def box_lines(readings: Sequence[Reading]) -> list[tuple[str, str, str, str]]:
    """Title, iteration, value and gap of each lane, in words."""
    lines = []
    for reading in readings:
        gap = "" if math.isnan(reading.gap) else f"gap {small_text(max(reading.gap, 0.0))}"
        if not reading.is_likelihood:
            gap = "no likelihood"
        lines.append((reading.title, str(reading.iteration), value_text(reading.value), gap))
    return lines


def draw_reading_box(
    painter: QPainter, style: Style, readings: Sequence[Reading], heading: str, at: QPointF, within: QRectF
) -> QRectF:
    """Draws the box beside a point, on the side where there is room, and returns where it stands."""
    font = style.font(small=True)
    metrics = QFontMetricsF(font)
    lines = box_lines(readings)
    widths = [max(metrics.horizontalAdvance(line[column]) for line in lines) for column in range(4)]
    space = metrics.horizontalAdvance("  ")
    height = metrics.height()
    width = SAMPLE + sum(widths) + 3 * space + 16
    width = max(width, metrics.horizontalAdvance(heading) + 16)
    box = QRectF(at.x() + 12, at.y() - height, width, (len(lines) + 1) * height + 8)
    if box.right() > within.right():
        box.moveRight(at.x() - 12)
    box.moveLeft(min(max(box.left(), within.left()), max(within.left(), within.right() - width)))
    box.moveTop(min(max(box.top(), within.top()), max(within.top(), within.bottom() - box.height())))
    painter.setPen(style.pen("line"))
    painter.setBrush(style.colour("panel", 0.94))
    painter.drawRoundedRect(box, 4, 4)
    painter.setFont(font)
    painter.setPen(style.pen("muted"))
    top = box.top() + 4
    left = box.left() + 8
    painter.drawText(QRectF(left, top, width, height), Qt.AlignmentFlag.AlignLeft, heading)
    for reading, line in zip(readings, lines, strict=True):
        top += height
        draw_sample(painter, style, reading.lane, left, top + height / 2, SAMPLE - 5)
        x = left + SAMPLE
        for column, text in enumerate(line):
            painter.setPen(style.pen("warning" if text == "no likelihood" else "text"))
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(x, top, widths[column] + 1, height), side, text)
            x += widths[column] + space
    return box
