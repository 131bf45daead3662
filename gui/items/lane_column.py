"""A column of rows, one for each lane: its line, its name and short texts below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.items.curve import stroke
from gui.items.marks import draw_lane_mark
from gui.style import Style

SAMPLE = 30.0


@dataclass(frozen=True)
class LaneRow:
    """What a row says: the lane's title, and texts below it with the role of their colour.

    `short` says the first text in few letters, where a row must do with one line; '' where that text is short.
    """

    lane: int
    title: str
    texts: tuple[tuple[str, str], ...]
    short: str = ""

    @property
    def brief(self) -> tuple[str, str]:
        """The text of a row of one line, with its role."""
        text, role = self.texts[0] if self.texts else ("", "text")
        return self.short or text, role


@dataclass(frozen=True)
class _Setting:
    """How rows are set into a height: the type's scale, the space between rows, and whether each is one line."""

    scale: float
    gap: float
    together: bool


def _setting(rows: Sequence[LaneRow], style: Style, height: float) -> _Setting:
    """The type shrinks until the rows fit; where it would become too small, each is put on one line."""
    line = QFontMetricsF(style.font(small=True)).height()
    spaces = len(rows) - 1
    lines = sum(1 + len(row.texts) for row in rows)
    scale = _whole_pixels(style, (height - 5.0 * spaces) / max(1.0, lines * line))
    if scale >= 0.8:
        return _Setting(scale, 5.0, False)
    scale = _whole_pixels(style, (height - spaces) / max(1.0, len(rows) * line))
    return _Setting(max(0.6, scale), 1.0, True)


def _whole_pixels(style: Style, scale: float) -> float:
    """At most this scale, at which the type has a size of whole pixels and is not rounded up."""
    size = style.small_font_size
    return math.floor(size * max(0.0, min(1.0, scale))) / size


def draw_sample(painter: QPainter, style: Style, lane: int, left: float, y: float, width: float) -> None:
    """A short piece of a lane's line, too short to tell all dashes apart, with the lane's mark upon it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    stroke(painter, [QPointF(left, y), QPointF(left + width, y)], style.sample_pen(lane, width))
    draw_lane_mark(painter, style, lane, QPointF(left + 0.5 * width, y), 1.5 * style.point_radius)


def column_width(rows: Sequence[LaneRow], style: Style, most: float, height: float = math.inf) -> float:
    """The width that the rows want in this height, at most `most`."""
    found = _setting(rows, style, height)
    bold = QFontMetricsF(style.font(small=True, bold=True, scale=found.scale))
    plain = QFontMetricsF(style.font(small=True, scale=found.scale))
    wanted = 60.0
    for row in rows:
        title = SAMPLE + 6 + bold.horizontalAdvance(row.title)
        if found.together:
            wanted = max(wanted, title + 6 + plain.horizontalAdvance(row.brief[0]))
            continue
        wanted = max(wanted, title)
        wanted = max(wanted, *(plain.horizontalAdvance(text) + 12 for text, _ in row.texts), 0.0)
    return min(most, wanted + 4)


def draw_column(painter: QPainter, rows: Sequence[LaneRow], style: Style, area: QRectF) -> None:
    """Draws the rows from the top; where they do not fit, the type shrinks, then each is put on one line."""
    found = _setting(rows, style, area.height())
    bold = style.font(small=True, bold=True, scale=found.scale)
    plain = style.font(small=True, scale=found.scale)
    metrics, thin = QFontMetricsF(bold), QFontMetricsF(plain)
    line = thin.height()
    y = area.top()
    for row in rows:
        draw_sample(painter, style, row.lane, area.left(), y + line / 2, SAMPLE - 6)
        left = area.left() + SAMPLE
        room = area.right() - left
        painter.setFont(bold)
        painter.setPen(style.pen("text"))
        if found.together:
            text, role = row.brief
            taken = thin.horizontalAdvance(text) + 6
            _text(painter, metrics, row.title, QRectF(left, y, max(20.0, room - taken), line))
            painter.setFont(plain)
            painter.setPen(style.pen(role))
            painter.drawText(QRectF(left, y, room, line), _RIGHT, text)
            y += line + found.gap
            continue
        _text(painter, metrics, row.title, QRectF(left, y, room, line))
        y += line
        painter.setFont(plain)
        for text, role in row.texts:
            painter.setPen(style.pen(role))
            _text(painter, thin, text, QRectF(area.left() + 8, y, area.width() - 8, line))
            y += line
        y += found.gap


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _text(painter: QPainter, metrics: QFontMetricsF, text: str, area: QRectF) -> None:
    painter.drawText(area, _LEFT, metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, area.width()))
