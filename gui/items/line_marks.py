"""A mixture's components in one dimension: means as upright lines with the ticks of their trail."""

import math

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.parameters import Array
from gui.items.axes import Axes
from gui.items.component_marks import INK, blended, draw_arrow, draw_diamond, line_width, words
from gui.items.ellipse import FURTHEST_PIXEL
from gui.scene import Components
from gui.style import Style

TICK_SHARE = 0.045
OLDEST_TICK = 0.25


def draw_line_means(painter: QPainter, axes: Axes, components: Components, path: Array, style: Style) -> None:
    """Each mean as an upright line with its number, and at its foot a tick for each place it has been."""
    area = axes.area
    tick = max(5.0, TICK_SHARE * area.height())
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for k, mean in enumerate(components.means[:, 0].tolist()):
        way = area.left() + (path[:, k, 0] - axes.x_low) * axes.x_scale
        way = way[np.abs(way) < FURTHEST_PIXEL]
        rounded = np.round(way)
        kept = way[np.concatenate(([True], rounded[1:] != rounded[:-1]))] if len(way) else way
        colour = blended(style, k, "text", INK)
        for place, x in enumerate(kept.tolist()):
            age = OLDEST_TICK + (1 - OLDEST_TICK) * (place + 1) / len(kept)
            colour.setAlphaF(age)
            painter.setPen(QPen(colour, 0.9 * style.curve_width))
            painter.drawLine(QLineF(x, area.bottom() - tick, x, area.bottom()))
        x = axes.x(mean)
        if not (math.isfinite(x) and abs(x) < FURTHEST_PIXEL):
            continue
        upright = QLineF(x, area.top() + style.small_font_size + 6, x, area.bottom())
        width = line_width(style, float(components.weights[k]))
        painter.setPen(style.pen("canvas", width + 1.6))
        painter.drawLine(upright)
        painter.setPen(QPen(style.component(k), width))
        painter.drawLine(upright)
        number = str(k + 1)
        left = x - 0.3 * style.small_font_size
        words(
            painter, number, QPointF(left, area.top() + 0.5 * style.small_font_size + 3), style, "text", True
        )
    painter.restore()


def draw_line_truth(painter: QPainter, axes: Axes, truth: Components, style: Style) -> None:
    """The true means: dotted upright lines with a diamond at the foot."""
    pen = style.pen("text", 0.9 * style.curve_width)
    pen.setDashPattern([1.2, 2.2])
    painter.save()
    for weight, mean in zip(truth.weights.tolist(), truth.means[:, 0].tolist(), strict=True):
        x = axes.x(mean)
        if weight > 0 and abs(x) < FURTHEST_PIXEL:
            painter.setPen(pen)
            painter.drawLine(QLineF(x, axes.area.top(), x, axes.area.bottom()))
            draw_diamond(painter, QPointF(x, axes.area.bottom() - 2.0 * style.point_radius - 1), style)
    painter.restore()


def draw_line_arrows(
    painter: QPainter, axes: Axes, before: Components, after: Components, style: Style
) -> None:
    """Arrows from each mean to where the other half of the step leads it, one above the other."""
    painter.save()
    for k, (start, end) in enumerate(zip(before.means[:, 0], after.means[:, 0], strict=True)):
        y = axes.area.center().y() + 4.5 * style.point_radius * k
        pen = QPen(style.component(k), 1.5 * style.curve_width)
        places = np.array([[axes.x(float(start)), y], [axes.x(float(end)), y]])
        draw_arrow(painter, places[0], places[1], pen, style)
    painter.restore()
