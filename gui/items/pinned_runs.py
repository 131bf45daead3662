"""Pinned runs in the plots: faint curves, paths and ellipses, each with its name."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes
from gui.items.component_marks import pixel_covariances, pixel_means
from gui.items.curve import FARTHEST_PIXEL, draw_curve, draw_path
from gui.items.ellipse import draw_ellipse, ellipse_in_pixels, outermost
from gui.items.layer import Layer
from gui.items.simplex_chart import Chart
from gui.pins import Pin, PinnedLane
from gui.style import Style

FAINT = 0.38


def pins_in_sight(frame: Frame) -> tuple[Pin, ...]:
    """The pins that are to be shown and are of the same data as the frame."""
    return tuple(pin for pin in frame.pins if pin.shown and pin.compares_with(frame.experiment))


def _pen(style: Style, lane: PinnedLane) -> QPen:
    return style.lane_pen(lane.index, style.curve_width, FAINT)


class PinnedCurves:
    """The curves of pinned runs, drawn once for each scale."""

    def __init__(self) -> None:
        self._layer = Layer()

    def draw(self, painter: QPainter, frame: Frame, axes: Axes, style: Style, size: QSizeF) -> None:
        """Draws all pinned curves within the axes."""
        pins = pins_in_sight(frame)
        if not pins:
            return
        best = frame.best_known if frame.vertical == "gap" else 0.0
        place = (axes.area.getRect(), axes.x_low, axes.x_high, axes.y_low, axes.y_high, axes.log_y)
        key = (style, pins, frame.clock, frame.vertical, best, place)

        def content(canvas: QPainter) -> None:
            canvas.setClipRect(axes.area)
            taken: list[QRectF] = []
            for pin in pins:
                for lane in pin.lanes:
                    _draw_curve(canvas, frame, axes, style, pin, lane, taken)

        self._layer.draw(painter, size, key, content)


def _draw_curve(
    painter: QPainter,
    frame: Frame,
    axes: Axes,
    style: Style,
    pin: Pin,
    lane: PinnedLane,
    taken: list[QRectF],
) -> None:
    values = lane.log_likelihood
    heights = frame.best_known - values if frame.vertical == "gap" else values
    usable = lane.is_likelihood & np.isfinite(heights) & ((heights > 0) if axes.log_y else True)
    if not np.any(usable):
        return
    x = axes.area.left() + (lane.clocks[frame.clock][usable] - axes.x_low) * axes.x_scale
    y = np.array([axes.y(float(height)) for height in heights[usable]])
    near = (x > axes.area.left() - 50) & (x < axes.area.right() + 50)
    x, y = x[near], np.clip(y[near], -FARTHEST_PIXEL, FARTHEST_PIXEL)
    if len(x) < 2:
        return
    draw_curve(painter, x, y, _pen(style, lane))
    inside = np.flatnonzero((x <= axes.area.right()) & (y >= axes.area.top()) & (y <= axes.area.bottom()))
    if inside.size:
        _draw_name(
            painter, style, pin.name, QPointF(float(x[inside[-1]]), float(y[inside[-1]])), axes.area, taken
        )


def _draw_name(
    painter: QPainter, style: Style, name: str, at: QPointF, area: QRectF, taken: list[QRectF]
) -> None:
    """A pin's name beside a point; left out where there is no room."""
    metrics = QFontMetricsF(style.font(small=True))
    box = _free_place(at, QSizeF(metrics.horizontalAdvance(name) + 4, metrics.height()), area, taken)
    if box is None:
        return
    taken.append(box)
    painter.setFont(style.font(small=True))
    painter.setPen(style.pen("muted"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


def _free_place(at: QPointF, size: QSizeF, area: QRectF, taken: list[QRectF]) -> QRectF | None:
    """The nearest place below a point, else above it, that lies within the area and covers no other."""
    left, height = min(at.x() + 4, area.right() - size.width()), size.height()
    for top, step in ((at.y() + 2, height), (at.y() - 2 - height, -height)):
        box = QRectF(QPointF(left, top), size)
        while area.top() <= box.top() and box.bottom() <= area.bottom():
            if not any(box.intersects(other) for other in taken):
                return box
            box.translate(0, step)
    return None


def draw_pinned_paths(painter: QPainter, frame: Frame, chart: Chart, style: Style) -> None:
    """The pinned runs' paths of the weights, where they have as many components."""
    for pin in pins_in_sight(frame):
        for lane in pin.lanes:
            if lane.weights_path.shape[1] != frame.components:
                continue
            x, y = chart.pixels(lane.weights_path, lane.path_iterations)
            finite = (
                np.isfinite(x) & np.isfinite(y) & (np.abs(x) < FARTHEST_PIXEL) & (np.abs(y) < FARTHEST_PIXEL)
            )
            if np.count_nonzero(finite) > 1:
                draw_path(painter, x[finite], y[finite], _pen(style, lane))


def draw_pinned_ellipses(painter: QPainter, frame: Frame, lane: int, axes: Axes, style: Style) -> None:
    """The last ellipses of the pinned runs' lane with this number, with the pin's name."""
    for pin in pins_in_sight(frame):
        for pinned in pin.lanes:
            if pinned.index == lane and pinned.means.shape[1] == 2:
                _draw_ellipses(painter, axes, pin.name, pinned.means, pinned.covariances, style)


def _draw_ellipses(
    painter: QPainter, axes: Axes, name: str, means: Array, covariances: Array, style: Style
) -> None:
    pen, halo = style.pen("text", style.axis_width, FAINT), style.pen("canvas", style.axis_width + 1.5, FAINT)
    centres, shapes = pixel_means(axes, means), pixel_covariances(axes, covariances)
    named = False
    for centre, shape in zip(centres, shapes, strict=True):
        ellipse = ellipse_in_pixels(centre, shape)
        if ellipse is None:
            continue
        draw_ellipse(painter, ellipse, 2.0, pen, halo)
        top = outermost(ellipse, 2.0, -90.0)
        if not named and axes.area.contains(top):
            painter.setFont(style.font(small=True))
            painter.setPen(style.pen("muted"))
            painter.drawText(top + QPointF(3, -3), name)
            named = True
