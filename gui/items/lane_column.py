"""A column of rows, one for each lane: its line, its name and short texts below."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.items.curve import stroke
from gui.style import Style

SAMPLE = 30.0


@dataclass(frozen=True)
class LaneRow:
    """What a row says: the lane's title, and texts below it with the role of their colour."""

    lane: int
    title: str
    texts: tuple[tuple[str, str], ...]


def draw_sample(painter: QPainter, style: Style, lane: int, left: float, y: float, width: float) -> None:
    """A short piece of a lane's line."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    stroke(painter, [QPointF(left, y), QPointF(left + width, y)], style.lane_pen(lane))


def column_width(rows: Sequence[LaneRow], style: Style, most: float) -> float:
    """The width that the rows want, at most `most`."""
    bold = QFontMetricsF(style.font(small=True, bold=True))
    plain = QFontMetricsF(style.font(small=True))
    wanted = 60.0
    for row in rows:
        wanted = max(wanted, SAMPLE + 6 + bold.horizontalAdvance(row.title))
        wanted = max(wanted, *(plain.horizontalAdvance(text) + 12 for text, _ in row.texts), 0.0)
    return min(most, wanted + 4)


def draw_column(painter: QPainter, rows: Sequence[LaneRow], style: Style, area: QRectF) -> None:
    """Draws the rows from the top; where they do not fit, the type shrinks, then each is put on one line."""
    lines = sum(1 + len(row.texts) for row in rows)
    gap = 5.0
    height = QFontMetricsF(style.font(small=True)).height()
    scale = min(1.0, (area.height() - gap * (len(rows) - 1)) / max(1.0, lines * height))
    together = scale < 0.8
    if together:
        gap = 1.0
        scale = max(0.6, min(1.0, (area.height() - gap * (len(rows) - 1)) / max(1.0, len(rows) * height)))
    bold, plain = style.font(small=True, bold=True, scale=scale), style.font(small=True, scale=scale)
    metrics, thin = QFontMetricsF(bold), QFontMetricsF(plain)
    line = thin.height()
    y = area.top()
    for row in rows:
        draw_sample(painter, style, row.lane, area.left(), y + line / 2, SAMPLE - 6)
        left = area.left() + SAMPLE
        room = area.right() - left
        painter.setFont(bold)
        painter.setPen(style.pen("text"))
        if together:
            text, role = row.texts[0] if row.texts else ("", "text")
            taken = thin.horizontalAdvance(text) + 6
            _text(painter, metrics, row.title, QRectF(left, y, max(20.0, room - taken), line))
            painter.setFont(plain)
            painter.setPen(style.pen(role))
            painter.drawText(QRectF(left, y, room, line), _RIGHT, text)
            y += line + gap
            continue
        _text(painter, metrics, row.title, QRectF(left, y, room, line))
        y += line
        painter.setFont(plain)
        for text, role in row.texts:
            painter.setPen(style.pen(role))
            _text(painter, thin, text, QRectF(area.left() + 8, y, area.width() - 8, line))
            y += line
        y += gap


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _text(painter: QPainter, metrics: QFontMetricsF, text: str, area: QRectF) -> None:
    painter.drawText(area, _LEFT, metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, area.width()))
