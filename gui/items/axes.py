"""Axes of a plot: where values stand in pixels, nice ticks, and how they are drawn."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gui.style import Style


@dataclass(frozen=True)
class Axes:
    """A rectangle of pixels and the values at its edges. y grows upwards; `log_y` spaces it by log10."""

    area: QRectF
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log_y: bool = False

    @property
    def x_scale(self) -> float:
        """Pixels for one unit of x."""
        return self.area.width() / (self.x_high - self.x_low)

    @property
    def y_scale(self) -> float:
        """Pixels for one unit of y (of log10 y on a log axis)."""
        return self.area.height() / (self._level(self.y_high) - self._level(self.y_low))

    def _level(self, y: float) -> float:
        return math.log10(max(y, 1e-300)) if self.log_y else y

    def x(self, value: float) -> float:
        """Pixel of an x value."""
        return self.area.left() + (value - self.x_low) * self.x_scale

    def y(self, value: float) -> float:
        """Pixel of a y value."""
        return self.area.bottom() - (self._level(value) - self._level(self.y_low)) * self.y_scale

    def point(self, x: float, y: float) -> QPointF:
        return QPointF(self.x(x), self.y(y))

    def value_x(self, pixel: float) -> float:
        """The x value at a pixel."""
        return self.x_low + (pixel - self.area.left()) / self.x_scale

    def value_y(self, pixel: float) -> float:
        """The y value at a pixel."""
        level = self._level(self.y_low) + (self.area.bottom() - pixel) / self.y_scale
        return 10.0**level if self.log_y else level


def nice_ticks(low: float, high: float, wanted: int) -> list[float]:
    """At most about `wanted` round values (1, 2 or 5 times a power of ten) within [low, high]."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or wanted < 1:
        return []
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    ticks: list[float] = []
    while first * step <= high + 1e-9 * step and len(ticks) < 100:
        ticks.append(first * step)
        first += 1
    return ticks


def log_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Powers of ten within [low, high], thinned to about `wanted`."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, -(-(last - first + 1) // max(1, wanted)))
    return [10.0**power for power in range(first, last + 1, every)]


def tick_text(value: float, step: float) -> str:
    """A tick's label with as many digits as the step between ticks needs."""
    if value == 0 or abs(value) < 1e-9 * abs(step):
        return "0"
    size = abs(value)
    if size >= 1e6 or size < 1e-4:
        return (
            f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e").replace("-", "\u2212")
        )
    digits = max(0, min(8, -math.floor(math.log10(abs(step)) + 1e-9))) if step else 0
    return f"{value:.{digits}f}".replace("-", "\u2212")


def draw_axes(
    painter: QPainter, axes: Axes, style: Style, x_label: str = "", y_label: str = "", small: bool = True
) -> None:
    """Grid lines, ticks and labels outside the area, and the frame around it."""
    area = axes.area
    font = style.font(small=small)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    x_ticks = nice_ticks(
        axes.x_low, axes.x_high, max(2, int(area.width() / (metrics.averageCharWidth() * 9)))
    )
    wanted = max(2, int(area.height() / (metrics.height() * 2)))
    y_ticks = (
        log_ticks(axes.y_low, axes.y_high, wanted)
        if axes.log_y
        else nice_ticks(axes.y_low, axes.y_high, wanted)
    )
    x_step = x_ticks[1] - x_ticks[0] if len(x_ticks) > 1 else 1.0
    y_step = y_ticks[1] - y_ticks[0] if len(y_ticks) > 1 else 1.0
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for tick in x_ticks:
        x = round(axes.x(tick))
        painter.setPen(style.pen("grid", style.axis_width))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(style.pen("muted"))
        width = metrics.horizontalAdvance(tick_text(tick, x_step)) + 4
        left = min(max(x - width / 2, 0.0), area.right() + 8 - width)
        painter.drawText(
            QRectF(left, area.bottom() + 2, width, metrics.height()),
            Qt.AlignmentFlag.AlignCenter,
            tick_text(tick, x_step),
        )
    for tick in y_ticks:
        y = round(axes.y(tick))
        painter.setPen(style.pen("grid", style.axis_width))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(style.pen("muted"))
        label = _power_text(tick) if axes.log_y else tick_text(tick, y_step)
        painter.drawText(
            QRectF(0, y - metrics.height() / 2, area.left() - 4, metrics.height()),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            label,
        )
    painter.setPen(style.pen("line", style.axis_width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)
    painter.setPen(style.pen("muted"))
    if x_label:
        painter.drawText(
            QRectF(area.left(), area.bottom() + 2 + metrics.height(), area.width(), metrics.height() + 2),
            Qt.AlignmentFlag.AlignCenter,
            metrics.elidedText(x_label, Qt.TextElideMode.ElideRight, area.width()),
        )
    if y_label:
        painter.save()
        painter.translate(metrics.height() * 0.5, area.center().y())
        painter.rotate(-90)
        painter.drawText(
            QRectF(-area.height() / 2, -metrics.height() / 2, area.height(), metrics.height()),
            Qt.AlignmentFlag.AlignCenter,
            metrics.elidedText(y_label, Qt.TextElideMode.ElideRight, area.height()),
        )
        painter.restore()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _power_text(value: float) -> str:
    power = round(math.log10(value))
    superscripts = str.maketrans(
        "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
    )
    return "1" if power == 0 else "10" + str(power).translate(superscripts)
