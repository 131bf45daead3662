"""One dimension: a histogram in the unit of a density, the components' densities and their sum."""

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from engine.models.base import UndefinedLikelihood
from engine.parameters import Array, Parameters
from gui.items.axes import Axes
from gui.items.cloud import Cloud, holds_counts
from gui.items.colour_table import colour_table
from gui.scene import Components, Scene
from gui.style import Style

FEWEST_BARS = 8
MOST_BARS = 300
MOST_INTEGERS = 2_000
CURVE_STEP_PIXELS = 1.5
BAR_OPACITY = 0.5
ROOM_ABOVE = 1.16
AROUND_A_MEAN = np.linspace(-4.0, 4.0, 25)


@dataclass(frozen=True, eq=False)
class Histogram:
    """Bars of the weighted rows: `edges` (m, 2), `heights` (m,) with area 1, `centres` (m,).

    Counts have one bar at each integer, whose height is that integer's share of the rows.
    """

    edges: Array
    heights: Array
    centres: Array
    counts: bool

    @property
    def highest(self) -> float:
        return float(np.max(self.heights, initial=0.0)) or 1.0


def histogram(cloud: Cloud, counts: bool) -> Histogram:
    """The histogram of a one-dimensional cloud; widths by Freedman & Diaconis (1981), within limits."""
    values, weights = cloud.positions[:, 0], cloud.weights
    total = float(len(values) if weights is None else np.sum(weights)) or 1.0
    if counts:
        centres, place = np.unique(values, return_inverse=True)
        heights = np.bincount(place, weights, minlength=len(centres)) / total
        return Histogram(np.stack((centres - 0.42, centres + 0.42), axis=1), heights, centres, True)
    low, high = float(np.min(values)), float(np.max(values))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    lower, upper = np.quantile(values, [0.25, 0.75])
    # Half the width of their rule: it takes the quartiles of a single bump, and mixtures have several.
    width = (upper - lower) / len(values) ** (1 / 3)
    bars = FEWEST_BARS if width <= 0 else math.ceil((high - low) / width)
    bars = min(max(bars, FEWEST_BARS), MOST_BARS)
    found, edges = np.histogram(values, bins=bars, range=(low, high), weights=weights)
    pairs = np.stack((edges[:-1], edges[1:]), axis=1)
    return Histogram(pairs, found / (total * np.diff(edges)), np.mean(pairs, axis=1), False)


def height_shown(bars: Histogram, lanes: list[Components]) -> float:
    """The top of the vertical axis: the highest bar, doubled until the components' peaks fit.

    Doubling keeps the axis still while a curve grows. A peak of a component that collapses is let out.
    """
    top = ROOM_ABOVE * bars.highest
    highest = 0.0
    for components in lanes:
        variances = components.covariances[:, 0, 0]
        with np.errstate(all="ignore"):
            peaks = components.weights / np.sqrt(2 * math.pi * variances)
        peaks = peaks[np.isfinite(peaks)]
        highest = max(highest, float(np.max(peaks, initial=0.0)))
    if bars.counts:
        highest = min(highest, 1.0)
    for _ in range(3):
        if highest > top / 1.04:
            top *= 2.0
    return top


def draw_bars(
    painter: QPainter, axes: Axes, bars: Histogram, scene: Scene, parameters: Parameters, style: Style
) -> None:
    """The bars, each in the colour of the posterior at its centre."""
    table = colour_table(style.components, style.ghost)
    centres = np.maximum(np.rint(bars.centres), 0.0) if holds_counts(scene) else bars.centres
    inputs = np.ascontiguousarray(scene.prepared.frame.to_frame(centres[:, None]).T)
    shares = scene.posterior(parameters, inputs)
    canvas = style.colour("canvas")
    ground = np.array([canvas.red(), canvas.green(), canvas.blue()])
    colours = ground + BAR_OPACITY * (table.colours[table.codes(shares)] - ground)
    area = axes.area
    lefts = np.rint(area.left() + (bars.edges[:, 0] - axes.x_low) * axes.x_scale)
    rights = np.rint(area.left() + (bars.edges[:, 1] - axes.x_low) * axes.x_scale)
    # Neighbours stand one pixel apart where they are wide enough to lose it.
    gap = 1.0 if not bars.counts and len(lefts) and float(np.median(rights - lefts)) >= 6 else 0.0
    tops = area.bottom() - bars.heights * axes.y_scale
    seen = (rights > area.left()) & (lefts < area.right()) & (bars.heights > 0)
    for place in np.flatnonzero(seen).tolist():
        left = max(float(lefts[place]), area.left())
        right = min(float(rights[place]) - gap, area.right())
        top = max(float(tops[place]), area.top())
        bar = QRectF(left, top, max(right - left, 1.0), area.bottom() - top)
        painter.fillRect(bar, QColor(*np.rint(colours[place]).astype(int).tolist()))


def draw_densities(
    painter: QPainter, axes: Axes, scene: Scene, parameters: Parameters, shown: Components, style: Style
) -> None:
    """Every component's weighted density in its colour, and their sum; nothing where there is no density."""
    counts = holds_counts(scene)
    grid = _integers(axes) if counts else _grid(axes, shown)
    if grid.size == 0:
        return
    try:
        with np.errstate(all="ignore"):
            densities = scene.weighted_densities(parameters, grid)
    except (UndefinedLikelihood, np.linalg.LinAlgError):
        return
    x = axes.area.left() + (grid - axes.x_low) * axes.x_scale
    dots = counts and len(grid) > 1 and (x[1] - x[0]) >= 6 * style.axis_width
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for k, density in enumerate(densities):
        pen = QPen(style.component(k), 1.1 * style.curve_width)
        _draw_curve(painter, axes, x, density, pen, dots, style)
    total = np.sum(densities, axis=0)
    _draw_curve(painter, axes, x, total, style.pen("text", 1.15 * style.curve_width), dots, style)
    painter.restore()


def _draw_curve(
    painter: QPainter, axes: Axes, x: Array, density: Array, pen: QPen, dots: bool, style: Style
) -> None:
    finite = np.isfinite(density)
    if not np.any(finite):
        return
    # What lies far above the area is clipped anyway, and the rasteriser has limits of its own.
    y = np.clip(axes.area.bottom() - density[finite] * axes.y_scale, -4000.0, 8000.0)
    points = [QPointF(*pair) for pair in zip(x[finite].tolist(), y.tolist(), strict=True)]
    if dots:
        thin = QPen(pen)
        thin.setWidthF(0.5 * pen.widthF())
        painter.setPen(thin)
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.color())
        for point in points:
            painter.drawEllipse(point, 1.1 * style.point_radius, 1.1 * style.point_radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        return
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    painter.strokePath(path, pen)


def _grid(axes: Axes, shown: Components) -> Array:
    """Places for the curves: even in pixels, and close enough around each mean for a narrow component."""
    count = max(16, round(axes.area.width() / CURVE_STEP_PIXELS))
    even = np.linspace(axes.x_low, axes.x_high, count)
    with np.errstate(all="ignore"):
        deviations = np.sqrt(shown.covariances[:, 0, 0])
        near = (shown.means[:, :1] + deviations[:, None] * AROUND_A_MEAN).ravel()
    near = near[np.isfinite(near) & (near > axes.x_low) & (near < axes.x_high)]
    return np.unique(np.concatenate((even, near)))


def _integers(axes: Axes) -> Array:
    low, high = max(0, math.ceil(axes.x_low)), math.floor(axes.x_high)
    if high < low:
        return np.zeros(0)
    every = max(1, (high - low) // MOST_INTEGERS)
    return np.arange(low, high + 1, every, dtype=float)
