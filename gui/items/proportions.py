"""A lane's weights as bars, and their multipliers against 1: the picture of a model of nothing but weights."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes, draw_axes
from gui.items.simplex_chart import hatch_brush
from gui.lane_frame import LaneFrame
from gui.style import Style

LARGEST_MULTIPLIER = 4.0
LOWEST_FOR_BOTH = 7.5
"""In lines of small type: the least height in which there are multipliers below the bars."""

MARGIN = 1e-6
"""A multiplier above 1 by more than this asks for a larger weight."""


def draw_proportions(painter: QPainter, frame: Frame, lane: LaneFrame, area: QRectF, style: Style) -> None:
    """Bars above; below, the means of f_k/f, which at a maximum are 1 where a weight is above 0, and else at most 1.

    Where there is no room for both there are only the bars.
    """
    metrics = QFontMetricsF(style.font(small=True))
    line = metrics.height()
    left = area.left() + metrics.horizontalAdvance("0.000") + 12
    width = max(20.0, area.right() - left - 10)
    is_low = area.height() < LOWEST_FOR_BOTH * line
    free = max(20.0, area.height() - (1.7 if is_low else 4) * line - 12)
    bars = QRectF(left, area.top() + line + 2, width, free if is_low else 0.56 * free)
    dots = QRectF(left, bars.bottom() + 2.2 * line, width, 0.44 * free)
    _draw_bars(painter, frame, lane, bars, style)
    use = None if is_low else lane.e_step()
    if use is not None:
        _draw_multipliers(painter, lane.components.weights, use.multipliers, dots, style)


def _draw_bars(painter: QPainter, frame: Frame, lane: LaneFrame, area: QRectF, style: Style) -> None:
    weights, start = lane.components.weights, frame.scene.start.weights
    shown = np.concatenate((weights[np.isfinite(weights)], start))
    low, high = min(0.0, 1.1 * float(shown.min())), max(0.1, 1.1 * float(shown.max()))
    axes = _axes(area, low, high)
    _heading(painter, area, "weights (dashed: the start)", style)
    draw_axes(painter, axes, style)
    if low < 0:
        painter.fillRect(
            QRectF(area.left(), axes.y(0), area.width(), area.bottom() - axes.y(0)), hatch_brush(style)
        )
    step = area.width() / len(weights)
    for k, weight in enumerate(weights):
        if not np.isfinite(weight):
            continue
        x = area.left() + (k + 0.15) * step
        top, bottom = axes.y(max(weight, 0.0)), axes.y(min(weight, 0.0))
        painter.fillRect(QRectF(x, top, 0.7 * step, max(bottom - top, 1.0)), style.component(k))
    pen = style.pen("ghost", style.axis_width + 0.5)
    pen.setDashPattern([2.0, 1.5])
    painter.setPen(pen)
    for k, weight in enumerate(start):
        y = axes.y(float(weight))
        painter.drawLine(
            QPointF(area.left() + (k + 0.05) * step, y), QPointF(area.left() + (k + 0.95) * step, y)
        )


def _draw_multipliers(
    painter: QPainter, weights: Array, multipliers: Array, area: QRectF, style: Style
) -> None:
    finite = multipliers[np.isfinite(multipliers)]
    high = min(LARGEST_MULTIPLIER, max(1.25, 1.1 * float(finite.max(initial=1.0))))
    axes = _axes(area, 0.0, high)
    _heading(painter, area, "mean of f\u2096/f: at the maximum 1, or less where the weight is 0", style)
    draw_axes(painter, axes, style)
    one = axes.y(1.0)
    painter.setPen(style.pen("good", style.axis_width + 0.5))
    painter.drawLine(QPointF(area.left(), one), QPointF(area.right(), one))
    step, radius = area.width() / len(multipliers), 1.6 * style.point_radius
    metrics = QFontMetricsF(style.font(small=True))
    every = max(1, int(np.ceil(metrics.horizontalAdvance("00 ") / step)))
    painter.setFont(style.font(small=True))
    for k, multiplier in enumerate(multipliers):
        x = area.left() + (k + 0.5) * step
        if k % every == 0:
            painter.setPen(style.pen("muted"))
            box = QRectF(x - 20, area.bottom() + 2, 40, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(k + 1))
        if not np.isfinite(multiplier):
            continue
        wants_more = multiplier > 1 + MARGIN and weights[k] == 0
        painter.setPen(style.pen("danger" if wants_more else "text", 1.4))
        painter.setBrush(style.component(k) if weights[k] > 0 else style.colour("canvas"))
        painter.drawEllipse(QPointF(x, axes.y(min(float(multiplier), high))), radius, radius)


def _axes(area: QRectF, low: float, high: float) -> Axes:
    # Ticks stand only where the axis grows, so a reversed horizontal one has none.
    return Axes(area, 1.0, 0.0, low, high)


def _heading(painter: QPainter, area: QRectF, words: str, style: Style) -> None:
    font = style.font(small=True)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(style.pen("muted"))
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(QPointF(area.left(), area.top() - 0.35 * metrics.height()), shown)
