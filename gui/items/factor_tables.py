"""What factors make of the columns, and what of their correlations they leave over: the picture of a factor model."""

import math

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.models.factor_model import FactorModel
from engine.parameters import Array
from engine.wording import number_text
from gui.frame import Frame
from gui.items.heat_map import draw_cells, shade
from gui.lane_frame import LaneFrame
from gui.style import Style

GAP = 16.0
MARGIN = 8.0
WIDEST_CELL, WIDEST_NUMBER = 2.6, 5.0
"""In heights of a cell, or of a line of small type: a wider cell only moves the numbers apart."""


def draw_factor_tables(painter: QPainter, frame: Frame, lane: LaneFrame, area: QRectF, style: Style) -> None:
    """Loadings and noise of each column on the left, S - Sigma as a heat map on the right; both in correlations.

    The colours of S - Sigma are strongest at the largest entry of the start, so that they fade as the fit improves.
    """
    scene = frame.scene
    model = scene.model
    assert isinstance(model, FactorModel)
    loadings, noise = model.shown_loadings(lane.parameters), model.variances(lane.parameters)
    if not (np.all(np.isfinite(loadings)) and np.all(np.isfinite(noise))):
        return
    names = scene.dataset.columns
    font = style.font(small=True)
    metrics = QFontMetricsF(font)
    line = metrics.height()
    labels = min(max(metrics.horizontalAdvance(name) for name in names) + 8, 0.22 * area.width())
    top, bottom = area.top() + 1.3 * line, area.bottom() - 1.4 * line
    height = (bottom - top) / len(names)
    if height <= 1.0:
        return
    painter.setFont(font)
    count = loadings.shape[1] + 1
    free = max(1.0, area.width() - labels - GAP - 2 * MARGIN)
    width = min(max(WIDEST_CELL * height, WIDEST_NUMBER * line), free / (count + len(names)))
    # Many columns must not squeeze the few numbers on the left.
    left_width = count * max(width, min(WIDEST_NUMBER * line, 0.35 * free / count))
    right_width = min(free - left_width, len(names) * width)
    left = QRectF(area.left() + MARGIN + labels, top, left_width, bottom - top)
    right = QRectF(left.right() + GAP, top, right_width, bottom - top)
    _names(painter, QRectF(area.left() + MARGIN, top, labels - 6, bottom - top), names, style)
    _cells(painter, left, np.column_stack((loadings, noise)), 1.0, style)
    numbers = [str(k + 1) for k in range(count - 1)]
    _heads(painter, left, style, [*(f"factor {each}" for each in numbers), "noise"], [*numbers, "\u03c8"])
    residuals = model.residuals(scene.prepared, lane.parameters)
    first = model.residuals(scene.prepared, scene.start_parameters)
    scale = float(np.max(np.abs(first), initial=0.0))
    _cells(painter, right, residuals, scale, style)
    _heads(painter, right, style, list(names))
    largest = float(np.max(np.abs(residuals)))
    words = f"S \u2212 \u03a3, at most {number_text(largest, 2)} (at the start {number_text(scale, 2)})"
    painter.setPen(style.pen("muted"))
    box = QRectF(area.left() + MARGIN, bottom + 0.2 * line, right.right() - area.left() - MARGIN, line)
    starts_there = metrics.horizontalAdvance(words) <= right.width()
    side = Qt.AlignmentFlag.AlignLeft if starts_there else Qt.AlignmentFlag.AlignRight
    box.setLeft(right.left() if starts_there else box.left())
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _cells(painter: QPainter, area: QRectF, values: Array, scale: float, style: Style) -> None:
    rows, columns = values.shape
    metrics = QFontMetricsF(painter.font())
    wide = area.width() / columns > metrics.horizontalAdvance("\u22120.00") + 2
    has_numbers = wide and area.height() / rows > metrics.height()
    text = _two_decimals if has_numbers else None
    draw_cells(painter, area, values, lambda value: shade(value, scale, style), text, style)


def _two_decimals(value: float) -> str:
    text = f"{value:.2f}".replace("-", "\u2212")
    return "0.00" if float(f"{value:.2f}") == 0 else text


def _names(painter: QPainter, area: QRectF, names: tuple[str, ...], style: Style) -> None:
    """The columns' names beside their rows; only as many as do not touch each other."""
    metrics = QFontMetricsF(painter.font())
    height = area.height() / len(names)
    painter.setPen(style.pen("text"))
    for place in range(0, len(names), max(1, math.ceil(metrics.height() / height))):
        # A row may be lower than its name, which stands over its neighbours then.
        middle, tall = area.top() + (place + 0.5) * height, max(height, metrics.height())
        box = QRectF(area.left(), middle - tall / 2, area.width(), tall)
        text = metrics.elidedText(names[place], Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def _heads(painter: QPainter, area: QRectF, style: Style, *choices: list[str]) -> None:
    """Names above the cells: the first of the choices that fits whole; none where none does."""
    metrics = QFontMetricsF(painter.font())
    width = area.width() / len(choices[0])
    names = next((each for each in choices if max(map(metrics.horizontalAdvance, each)) <= width - 3), None)
    painter.setPen(style.pen("muted"))
    for place, name in enumerate(names or ()):
        box = QRectF(
            area.left() + place * width, area.top() - 1.2 * metrics.height(), width, metrics.height()
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
