"""The lanes' curves with their decreases and what is no likelihood, drawn on as they grow."""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen

from engine.parameters import Array
from gui.curve import Curve
from gui.frame import Frame
from gui.items.axes import Axes
from gui.items.curve import FARTHEST_PIXEL, decimated, draw_path, offsets
from gui.items.layer import Layer, device_scale, is_vector
from gui.items.likelihood_scale import heights
from gui.items.marks import draw_mark, draw_marks
from gui.lane_frame import LaneFrame
from gui.style import Style

Mask = npt.NDArray[np.bool_]

MARK_SPACING = 3.0
_HATCHES = (Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.FDiagPattern)


@dataclass
class _Drawn:
    """How far a lane is in the picture, and what its last entry was, to notice that it was replaced."""

    count: int = 0
    last: tuple[float, float, float] = (0.0, 0.0, 0.0)
    travelled: float = 0.0

    def fits(self, curve: Curve) -> bool:
        if self.count == 0:
            return True
        return len(curve.passes) >= self.count and _same(self.last, _entry(curve, self.count - 1))


class GrowingCurves:
    """All lanes' curves in one kept picture, strong up to the cursor and faint beyond."""

    def __init__(self) -> None:
        self._layer = Layer()
        self._drawn: list[_Drawn] = []

    def draw(
        self, painter: QPainter, frame: Frame, axes: Axes, style: Style, size: QSizeF, cursor: float
    ) -> None:
        """Draws the curves within the axes; `cursor` is a pixel."""
        area = axes.area
        strong = QRectF(area.left(), area.top(), cursor - area.left(), area.height()).intersected(area)
        faint = QRectF(cursor, area.top(), area.right() - cursor, area.height()).intersected(area)
        if cursor >= area.right():
            strong, faint = area, QRectF()
        if is_vector(painter):
            for part, opacity in ((strong, 1.0), (faint, 0.35)):
                if not part.isEmpty():
                    painter.save()
                    painter.setClipRect(part)
                    painter.setOpacity(opacity)
                    _draw_all(painter, frame, axes, style, [_Drawn() for _ in frame.lanes])
                    painter.restore()
            return
        self._draw_on(painter, frame, axes, style, size)
        if not strong.isEmpty():
            self._layer.show(painter, strong)
        if not faint.isEmpty():
            self._layer.show(painter, faint, 0.4 if style.lecture else 0.33)

    def _draw_on(self, painter: QPainter, frame: Frame, axes: Axes, style: Style, size: QSizeF) -> None:
        best = frame.best_known if frame.vertical == "gap" else 0.0
        key: Hashable = (style, axes.log_y, frame.clock, best, frame.scene.generation, _numbers(axes))
        replaced = len(self._drawn) != len(frame.lanes) or not all(
            drawn.fits(lane.curve) for drawn, lane in zip(self._drawn, frame.lanes, strict=True)
        )
        if replaced:
            self._layer.forget()
        if self._layer.begin(painter, size, key):
            self._drawn = [_Drawn() for _ in frame.lanes]
        if all(
            len(lane.curve.passes) == drawn.count
            for lane, drawn in zip(frame.lanes, self._drawn, strict=True)
        ):
            return
        with self._layer.painting() as canvas:
            canvas.setClipRect(axes.area)
            _draw_all(canvas, frame, axes, style, self._drawn)


def _draw_all(painter: QPainter, frame: Frame, axes: Axes, style: Style, progress: Sequence[_Drawn]) -> None:
    """Draws every lane from where its progress stands, the marks of decreases above all curves."""
    pieces = []
    for lane, drawn in zip(frame.lanes, progress, strict=True):
        count = len(lane.curve.passes)
        first = max(0, drawn.count - 1)
        if count > drawn.count:
            part = slice(first, count)
            x = _pixels_x(axes, lane.curve.clock(frame.clock)[part])
            y = _pixels_y(axes, heights(lane.curve, frame, part))
            pieces.append((lane, drawn, part, x, y))
    for lane, drawn, part, x, y in pieces:
        _draw_curve(painter, lane, axes, style, drawn, part, x, y)
        drawn.count, drawn.last = part.stop, _entry(lane.curve, part.stop - 1)
    for lane, _, part, x, y in pieces:
        _draw_decreases(painter, style, lane.curve.decreased[part], x, y)


def _draw_curve(
    painter: QPainter,
    lane: LaneFrame,
    axes: Axes,
    style: Style,
    drawn: _Drawn,
    part: slice,
    x: Array,
    y: Array,
) -> None:
    usable = lane.curve.comparable(part)
    drawable = np.isfinite(y)
    outside = ~usable & drawable
    if np.any(~lane.curve.is_likelihood[part]):
        _hatch(painter, axes, style, lane, x, ~lane.curve.is_likelihood[part])
    if np.all(usable):
        drawn.travelled = draw_path(painter, *decimated(x, y), style.lane_pen(lane.index), drawn.travelled)
        return
    for first, last in _runs(usable):
        if last - first > 1:
            pen = style.lane_pen(lane.index)
            drawn.travelled = draw_path(
                painter, *decimated(x[first:last], y[first:last]), pen, drawn.travelled
            )
    dotted = QPen(style.lane(lane.index, 0.75), style.curve_width, Qt.PenStyle.CustomDashLine)
    dotted.setDashPattern([1.0, 3.0])
    for first, last in _runs(outside):
        # The step that left begins where there still was a likelihood.
        first = max(0, first - 1) if drawable[max(0, first - 1)] else first
        if last - first > 1:
            draw_path(painter, *decimated(x[first:last], y[first:last]), dotted)
    ends = np.flatnonzero(usable[:-1] & ~usable[1:])
    for place in ends:
        at = QPointF(float(x[place]), float(y[place]))
        radius = 2.6 * style.point_radius if not style.lecture else 2.4 * style.point_radius
        draw_mark(painter, "cross", at, radius, style.lane(lane.index), style.pen("canvas", 1.0))


def _hatch(painter: QPainter, axes: Axes, style: Style, lane: LaneFrame, x: Array, lost: Mask) -> None:
    """Hatches the stretch of the clock over which a lane has no likelihood."""
    brush = QBrush(style.lane(lane.index, 0.28), _HATCHES[lane.index % 2])
    for first, last in _runs(lost):
        left = float(x[max(0, first - 1)])
        width = float(x[last - 1]) - left
        if width > 0:
            painter.fillRect(QRectF(left, axes.area.top(), width, axes.area.height()), brush)


def _draw_decreases(painter: QPainter, style: Style, decreased: Mask, x: Array, y: Array) -> None:
    """The falling steps in red, each with a red mark where it ends, merged where they are dense."""
    places = np.flatnonzero(decreased)
    places = places[places > 0]
    places = places[np.isfinite(y[places]) & np.isfinite(y[places - 1])]
    if places.size == 0:
        return
    _, first = np.unique(np.floor(x[places]), return_index=True)
    before = np.minimum.reduceat(y[places - 1], first)
    after = np.maximum.reduceat(y[places], first)
    last = np.append(first[1:], len(places)) - 1
    pen = QPen(style.colour("danger"), 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    lines = [
        QLineF(a, b, c, d)
        for a, b, c, d in zip(
            x[places[first] - 1].tolist(),
            before.tolist(),
            x[places[last]].tolist(),
            after.tolist(),
            strict=True,
        )
    ]
    scale = device_scale(painter)
    for dx, dy in offsets((style.curve_width + 1.0) * scale):
        painter.translate(dx / scale, dy / scale)
        painter.drawLines(lines)
        painter.translate(-dx / scale, -dy / scale)
    _draw_marks(painter, style, x[places], y[places])


def _draw_marks(painter: QPainter, style: Style, x: Array, y: Array) -> None:
    radius = 1.35 * style.point_radius
    cells = np.floor(x / MARK_SPACING)
    _, first = np.unique(cells, return_index=True)
    lowest = np.maximum.reduceat(y, first)
    outline = QPen(style.colour("canvas"), 0.8)
    places = np.stack((x[first], lowest), axis=1)
    draw_marks(painter, "triangle-down", places, radius, style.colour("danger"), outline)


def _runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """First and one past the last index of each stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _pixels_x(axes: Axes, values: Array) -> Array:
    return axes.area.left() + (values - axes.x_low) * axes.x_scale


def _pixels_y(axes: Axes, values: Array) -> Array:
    """Pixels of values; what cannot be on a log axis stands far below, what is not finite stays so."""
    if axes.log_y:
        low = math.log10(axes.y_low)
        levels = np.log10(np.where(values > 1e-300, values, np.where(np.isnan(values), np.nan, 1e-300)))
    else:
        low, levels = axes.y_low, values
    pixels = axes.area.bottom() - (levels - low) * axes.y_scale
    beyond = np.where(np.isfinite(pixels), np.clip(pixels, -FARTHEST_PIXEL, FARTHEST_PIXEL), np.nan)
    return np.asarray(beyond)


def _entry(curve: Curve, place: int) -> tuple[float, float, float]:
    return (
        float(curve.log_likelihood[place]),
        float(curve.passes[place]),
        float(curve.cpu_seconds[place]),
    )


def _same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))


def _numbers(axes: Axes) -> tuple[float, ...]:
    area = axes.area
    return (
        area.left(), area.top(), area.width(), area.height(),
        axes.x_low, axes.x_high, axes.y_low, axes.y_high,
    )  # fmt: skip
