"""Long curves drawn fast, and ranges that jump so that axes stand still while curves grow.

Qt's software rasteriser strokes a line one device pixel wide about a hundred times faster than a wider
one. A wide curve is therefore drawn as a few one-pixel lines, moved by less than a pixel from each other.
"""

import math
from typing import Any

import numpy as np
import shiboken6
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from engine.parameters import Array
from gui.items.layer import device_scale, is_vector

FARTHEST_PIXEL = 20_000.0
DENSE = 15.0
"""Pixels of a line for each column of pixels above which it is a surface rather than a line."""
_COARSE = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
_FINE = (1.0, 1.2, 1.5, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)


def roomy(value: float, fine: bool = False) -> float:
    """The next round number at or above a positive value: at most 1.5 times it (1.25 if `fine`)."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for factor in _FINE if fine else _COARSE:
        if factor * power >= value * (1 - 1e-12):
            return factor * power
    return 10.0 * power


def doublings(extent: float, room: float) -> int:
    """How often `room` must be doubled to hold an extent; 0 where it fits, at most 60."""
    if not extent > room:
        return 0
    return 60 if not math.isfinite(extent) else min(60, math.ceil(math.log2(extent / room) - 1e-9))


def decimated(x: Array, y: Array) -> tuple[Array, Array]:
    """The curve with at most two points for each column of pixels: its lowest and its highest.

    `x` and `y` are (m,) in pixels, `x` not decreasing, all finite. What is drawn covers the same pixels,
    to within one column.
    """
    if len(x) < 4:
        return x, y
    first, last = math.floor(x[0]), math.floor(x[-1])
    columns = last - first + 1
    if len(x) <= 2 * columns:
        return x, y
    starts = np.searchsorted(x, np.arange(first, last + 1))
    starts = starts[np.flatnonzero(np.diff(starts, append=len(x)))]
    ends = np.append(starts[1:], len(x)) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    rising = y[ends] >= y[starts]
    thin_y = np.empty(2 * len(starts))
    thin_y[::2], thin_y[1::2] = np.where(rising, low, high), np.where(rising, high, low)
    thin_x = np.repeat(x[starts], 2)
    thin_x[1::2] = x[ends]
    return thin_x, thin_y


def without_repeats(x: Array, y: Array) -> tuple[Array, Array]:
    """A path in the plane without the points that fall on the same half pixel as the one before."""
    if len(x) < 3:
        return x, y
    keep = np.ones(len(x), dtype=bool)
    keep[1:-1] = (np.diff(np.rint(2 * x))[:-1] != 0) | (np.diff(np.rint(2 * y))[:-1] != 0)
    return x[keep], y[keep]


def draw_curve(painter: QPainter, x: Array, y: Array, pen: QPen, travelled: float = 0.0) -> float:
    """Draws a curve (`decimated` first) and returns how far the pen has travelled, in pixels.

    Given back as `travelled`, that number continues the dashes where the last piece of the curve ended.
    """
    return draw_path(painter, *decimated(x, y), pen, travelled)


def draw_path(painter: QPainter, x: Array, y: Array, pen: QPen, travelled: float = 0.0) -> float:
    """Draws a line through points (m,) in pixels, at any width; see `draw_curve`."""
    if len(x) < 2:
        return travelled
    x = np.clip(x, -FARTHEST_PIXEL, FARTHEST_PIXEL)
    y = np.clip(y, -FARTHEST_PIXEL, FARTHEST_PIXEL)
    points = polygon(np.stack((x, y), axis=1))
    length = float(np.sum(np.hypot(np.diff(x), np.diff(y))))
    # A curve that falls out of the picture (a gap of 0 on a log axis) is no denser for it.
    seen = np.clip(y, 0.0, float(painter.viewport().height()))
    visible = float(np.sum(np.hypot(np.diff(x), np.diff(seen))))
    if visible > DENSE * (np.ptp(x) + 1) and not is_vector(painter):
        # It fills the plane by itself; width would cost much and show nothing.
        pen = QPen(pen)
        pen.setWidthF(1 / device_scale(painter))
    stroke(painter, points, pen, travelled)
    return travelled + length


def polygon(points: Array) -> QPolygonF:
    """Points (m, 2) as Qt takes them, copied in one piece."""
    made = QPolygonF()
    made.resize(len(points))
    if len(points):
        # The stubs know neither that it takes Qt's pointers nor their size.
        pointer: Any = shiboken6.VoidPtr
        memory = pointer(made.data(), 16 * len(points), True)
        np.frombuffer(memory, dtype=np.float64).reshape(-1, 2)[:] = points
    return made


def is_dense(way: Array) -> bool:
    """Whether a way (m, 2) in pixels goes to and fro so often that its width would show nothing."""
    length = float(np.hypot(*np.diff(way, axis=0).T).sum())
    return length > DENSE * (float(np.ptp(way, axis=0).sum()) + 1)


def stroke(painter: QPainter, points: QPolygonF | list[QPointF], pen: QPen, travelled: float = 0.0) -> None:
    """Draws a polyline with a pen of any width at the price of a few lines that are one pixel wide."""
    pattern = pen.dashPattern()
    if is_vector(painter):
        offset_pen = QPen(pen)
        if pattern:
            offset_pen.setDashOffset(travelled / max(pen.widthF(), 1e-9))
        painter.setPen(offset_pen)
        painter.drawPolyline(points)
        return
    scale = device_scale(painter)
    width = pen.widthF() * scale
    thin = QPen(pen)
    thin.setCosmetic(True)
    thin.setWidthF(1.0)
    if pattern:
        thin.setDashPattern([part * width for part in pattern])
        thin.setDashOffset(travelled * scale)
    painter.setPen(thin)
    for dx, dy in offsets(width):
        painter.translate(dx / scale, dy / scale)
        painter.drawPolyline(points)
        painter.translate(-dx / scale, -dy / scale)


def offsets(width: float) -> list[tuple[float, float]]:
    """Where one-pixel lines must lie, in device pixels, to look like one line of this width."""
    if width <= 1.2:
        return [(0.0, 0.0)]
    radius = (width - 1) / 2
    if width <= 2.2:
        return _ring(radius, 3)
    if width <= 4.5:
        return [(0.0, 0.0), *_ring(radius, 4)]
    return [(0.0, 0.0), *_ring(radius / 2, 6), *_ring(radius, 10)]


def _ring(radius: float, count: int) -> list[tuple[float, float]]:
    angles = [math.tau * (index + 0.25 * (count % 2)) / count for index in range(count)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]
