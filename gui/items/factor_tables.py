"""What factors make of the columns, and what of their correlations they leave over: the picture of a factor model."""

import math

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from engine.models.factor_model import FactorModel
from engine.parameters import Array
from engine.wording import number_text
from gui.frame import Frame, LaneFrame
from gui.style import Style

GAP = 16.0
MARGIN = 8.0
SMALLEST_SCALE = 1e-6
"""Below this all that is left is rounding, and has no colour."""
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


def shade(value: float, scale: float, style: Style) -> QColor:
    """The canvas' own colour at 0, towards the warm colour above and the cold one below, full at the scale."""
    share = min(1.0, abs(value) / scale) if scale > SMALLEST_SCALE else 0.0
    ground = style.colour("canvas")
    full = style.component(5 if value > 0 else 0)
    mixed = [
        (1 - share) * one + share * other
        for one, other in zip(_channels(ground), _channels(full), strict=True)
    ]
    return QColor.fromRgbF(*(min(1.0, max(0.0, each)) for each in mixed))


def _channels(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()


def _cells(painter: QPainter, area: QRectF, values: Array, scale: float, style: Style) -> None:
    rows, columns = values.shape
    width, height = area.width() / columns, area.height() / rows
    metrics = QFontMetricsF(painter.font())
    has_numbers = width > metrics.horizontalAdvance("\u22120.00") + 2 and height > metrics.height()
    for (row, column), value in np.ndenumerate(values):
        box = QRectF(area.left() + column * width, area.top() + row * height, width, height)
        ground = shade(float(value), scale, style)
        painter.fillRect(box, ground)
        if has_numbers:
            painter.setPen(_readable_on(ground))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _two_decimals(float(value)))
    painter.setPen(style.pen("line"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)


def _two_decimals(value: float) -> str:
    text = f"{value:.2f}".replace("-", "\u2212")
    return "0.00" if float(f"{value:.2f}") == 0 else text


def _readable_on(ground: QColor) -> QColor:
    """Black or white, whichever stands out more (relative luminance as in WCAG 2.1)."""
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in _channels(ground)
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("#000000" if luminance > math.sqrt(1.05 * 0.05) - 0.05 else "#ffffff")


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
