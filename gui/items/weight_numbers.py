"""Each lane's sum and smallest weight as numbers, red where they are not allowed."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.frame import LaneFrame
from gui.items.lane_column import draw_sample
from gui.items.marks import small_text, sum_is_one, sum_text
from gui.style import Style

SAMPLE = 26.0


def numbers_height(lanes: Sequence[LaneFrame], style: Style, available: float) -> float:
    """How high the rows are, at most 45 % of what is available."""
    line = QFontMetricsF(style.font(small=True)).height()
    rows = -(-len(lanes) // _columns(lanes))
    return min(0.45 * available, rows * line + 4)


def draw_numbers(painter: QPainter, style: Style, lanes: Sequence[LaneFrame], area: QRectF) -> None:
    """One row for each lane, in two columns where there are many; the type shrinks until it fits."""
    if not lanes:
        return
    columns = _columns(lanes)
    rows = -(-len(lanes) // columns)
    width, height = area.width() / columns, area.height() / rows
    texts = [
        (
            f"\u03a3\u03c0 = {sum_text(lane.weight_sum)}",
            f"min \u03c0 = {small_text(lane.weight_minimum)}",
        )
        for lane in lanes
    ]
    metrics = QFontMetricsF(style.font(small=True))
    first = max(metrics.horizontalAdvance(text) for text, _ in texts)
    second = max(metrics.horizontalAdvance(text) for _, text in texts)
    wanted = SAMPLE + first + second + (30 if columns > 1 else 16)
    scale = min(1.0, width / wanted, height / metrics.height())
    painter.setFont(style.font(small=True, scale=scale))
    for place, (lane, (total, smallest)) in enumerate(zip(lanes, texts, strict=True)):
        left = area.left() + (place // rows) * width
        top = area.top() + (place % rows) * height
        draw_sample(painter, style, lane.index, left + 2, top + height / 2, SAMPLE * scale - 6)
        x = left + SAMPLE * scale
        painter.setPen(style.pen("text" if sum_is_one(lane.weight_sum) else "danger"))
        painter.drawText(QRectF(x, top, first * scale + 4, height), _LEFT, total)
        x += first * scale + 12 * scale
        painter.setPen(style.pen("text" if lane.weight_minimum >= 0 else "danger"))
        painter.drawText(QRectF(x, top, left + width - x, height), _LEFT, smallest)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def _columns(lanes: Sequence[LaneFrame]) -> int:
    return 2 if len(lanes) > 4 else 1
