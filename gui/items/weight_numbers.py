"""Each lane's sum and smallest weight as numbers, red where they are not allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.items.lane_column import draw_sample
from gui.items.marks import small_text, sum_is_one, sum_text
from gui.lane_frame import LaneFrame
from gui.style import Style

SAMPLE = 26.0


def numbers_height(lanes: Sequence[LaneFrame], style: Style, available: float) -> float:
    """How high the rows are, at most 45 % of what is available."""
    line = QFontMetricsF(style.font(small=True)).height()
    rows = -(-len(lanes) // _columns(lanes))
    return min(0.45 * available, rows * line + 4)


@dataclass(frozen=True)
class NumberRow:
    """A lane's sum of weights and its smallest weight in words ('' where it goes without saying), and their roles."""

    lane: int
    total: str
    total_role: str
    smallest: str
    smallest_role: str


def number_rows(lanes: Sequence[LaneFrame]) -> tuple[NumberRow, ...]:
    """What the rows say; where they stand in two columns a sum is only said where it is not 1."""
    two = _columns(lanes) > 1
    return tuple(
        NumberRow(
            lane.index,
            "" if two and sum_is_one(lane.weight_sum) else f"\u03a3\u03c0 = {sum_text(lane.weight_sum)}",
            "text" if sum_is_one(lane.weight_sum) else "danger",
            f"min \u03c0 = {small_text(lane.weight_minimum)}",
            "text" if lane.weight_minimum >= 0 else "danger",
        )
        for lane in lanes
    )


def draw_numbers(painter: QPainter, style: Style, lanes: Sequence[NumberRow], area: QRectF) -> None:
    """One row for each lane, in two columns where there are many; the type shrinks until it fits."""
    if not lanes:
        return
    columns = _columns(lanes)
    rows = -(-len(lanes) // columns)
    width, height = area.width() / columns, area.height() / rows
    metrics = QFontMetricsF(style.font(small=True))
    wanted = max(
        sum(metrics.horizontalAdvance(text) + 12 for text in (row.total, row.smallest) if text)
        for row in lanes
    )
    first = max(metrics.horizontalAdvance(row.total) for row in lanes) if columns == 1 else 0.0
    scale = min(1.0, width / (SAMPLE + wanted + 4), height / metrics.height())
    painter.setFont(style.font(small=True, scale=scale))
    for place, row in enumerate(lanes):
        left = area.left() + (place // rows) * width
        top = area.top() + (place % rows) * height
        draw_sample(painter, style, row.lane, left + 2, top + height / 2, SAMPLE * scale - 6)
        x = left + SAMPLE * scale
        if row.total:
            painter.setPen(style.pen(row.total_role))
            painter.drawText(QRectF(x, top, left + width - x, height), _LEFT, row.total)
            x += (max(first, metrics.horizontalAdvance(row.total)) + 12) * scale
        painter.setPen(style.pen(row.smallest_role))
        painter.drawText(QRectF(x, top, left + width - x, height), _LEFT, row.smallest)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def _columns(lanes: Sequence[object]) -> int:
    return 2 if len(lanes) > 4 else 1
