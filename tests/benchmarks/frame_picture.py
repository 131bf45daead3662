"""A picture of frame times: one row for each number of points, with the usual, the 99th percentile, and the goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from gui.app import application
from gui.items.axes import Axes, draw_axes
from gui.style import Style, style

WIDTH, ROW_HEIGHT, MARGIN = 900, 84, 24
LEFT = 130
BIN_MILLISECONDS = 0.5


@dataclass(frozen=True)
class FrameTimes:
    """The times from one frame to the next in milliseconds at a number of points, and the goal for the 99th percentile."""

    points: int
    milliseconds: Sequence[float]
    goal: float


def write_picture(rows: Sequence[FrameTimes], file: Path) -> None:
    """Writes a PNG with a histogram for each row, all upon one scale."""
    application()
    look = style("light")
    height = round(len(rows) * ROW_HEIGHT + 2 * MARGIN + 24)
    image = QImage(WIDTH, height, QImage.Format.Format_RGB32)
    image.fill(look.colour("canvas"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    longest = max(max(max(row.milliseconds), row.goal) for row in rows)
    area = QRectF(LEFT, MARGIN, WIDTH - LEFT - MARGIN, len(rows) * ROW_HEIGHT)
    axes = Axes(area, 0.0, 1.08 * longest, 1.0, 0.0)
    draw_axes(painter, axes, look, "milliseconds from one frame to the next, two engines flat out")
    for place, row in enumerate(rows):
        top = area.top() + place * ROW_HEIGHT
        _draw_row(painter, axes, look, row, QRectF(area.left(), top, area.width(), ROW_HEIGHT))
    painter.end()
    if not image.save(str(file)):
        raise OSError(f"{file} cannot be written.")


def _draw_row(painter: QPainter, axes: Axes, look: Style, row: FrameTimes, place: QRectF) -> None:
    times = np.asarray(row.milliseconds)
    metrics = QFontMetricsF(look.font(small=True))
    painter.fillRect(QRectF(0, place.top(), LEFT - 2, place.height()), look.colour("canvas"))
    painter.setFont(look.font(bold=True))
    painter.setPen(look.pen("text"))
    beside = QRectF(8, place.top(), LEFT - 20, place.height())
    sides = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(beside, sides, f"n = {row.points:,}".replace(",", "\u2009"))
    foot = place.bottom() - 4
    painter.setPen(look.pen("line"))
    painter.drawLine(QPointF(place.left(), place.bottom()), QPointF(place.right(), place.bottom()))
    counts, edges = np.histogram(times, np.arange(0.0, times.max() + 2 * BIN_MILLISECONDS, BIN_MILLISECONDS))
    highest = place.height() - metrics.height() - 14
    for count, left, right in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            # The square root, so that a single late frame can be seen beside hundreds in time.
            height = highest * np.sqrt(count / counts.max())
            bar = QRectF(axes.x(left), foot - height, axes.x(right) - axes.x(left) - 0.5, height)
            painter.fillRect(bar, look.lane(0, 0.75))
    goal = look.pen("danger", 1.2, 1.0)
    goal.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(goal)
    painter.drawLine(QPointF(axes.x(row.goal), place.top() + 3), QPointF(axes.x(row.goal), foot))
    painter.setFont(look.font(small=True))
    shares = "/".join(f"{value:.0f}" for value in np.percentile(times, (50, 95, 99, 100)))
    words = f"p50/p95/p99/longest {shares} ms, goal for p99 {row.goal:g} ms"
    width = metrics.horizontalAdvance(words)
    corner = QRectF(place.right() - width - 10, place.top() + 4, width + 6, metrics.height())
    painter.fillRect(corner, look.colour("canvas", 0.85))
    painter.setPen(look.pen("text"))
    painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, words)
