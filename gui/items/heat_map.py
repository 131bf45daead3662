"""A table of numbers as coloured cells, each with its number where it fits."""

import math
from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from engine.parameters import Array
from gui.style import Style

SMALLEST_SCALE = 1e-6
"""Below this all that is left is rounding, and has no colour."""


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


def draw_cells(
    painter: QPainter,
    area: QRectF,
    values: Array,
    colour: Callable[[float], QColor],
    text: Callable[[float], str] | None,
    style: Style,
) -> None:
    """Values (rows, columns) as cells that fill the area, with their texts where there are to be any."""
    rows, columns = values.shape
    width, height = area.width() / columns, area.height() / rows
    left, top = area.left(), area.top()
    for row, numbers in enumerate(values.tolist()):
        for column, value in enumerate(numbers):
            box = QRectF(left + column * width, top + row * height, width, height)
            ground = colour(value)
            painter.fillRect(box, ground)
            if text is not None:
                painter.setPen(_readable_on(ground.rgb()))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text(value))
    painter.setPen(style.pen("line"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)


@cache
def _readable_on(ground: int) -> QColor:
    """Black or white, whichever stands out more on a colour 0xaarrggbb (relative luminance as in WCAG 2.1)."""
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in _channels(QColor(ground))
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("#000000" if luminance > math.sqrt(1.05 * 0.05) - 0.05 else "#ffffff")


def _channels(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()
