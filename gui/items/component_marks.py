"""A mixture's components on a canvas: ellipses, means with their trails, arrows to where they go next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from engine.parameters import Array
from gui.items.axes import Axes
from gui.items.curve import is_dense, polygon, stroke
from gui.items.ellipse import (
    FURTHEST_PIXEL,
    GRID,
    Ellipse,
    draw_ellipse,
    ellipse_in_pixels,
    on_grid,
    outermost,
    share_within,
)
from gui.items.layer import device_scale
from gui.items.stamps import Drawing, stamp, stamp_all
from gui.scene import Components
from gui.style import Style

RADII = (1.0, 2.0)
INK = 0.35
MOST_TINTED = 4
MOST_DOTS = 80
"""A longer trail has dots at its newest iterations only: hundreds of them hide the way, and cost as much as all else."""
LABEL_ANGLES = (-60.0, -120.0, 60.0, 120.0, 0.0, 180.0)


def pixel_means(axes: Axes, means: Array) -> Array:
    """Means (..., 2) of the canvas in pixels."""
    x = axes.area.left() + (means[..., 0] - axes.x_low) * axes.x_scale
    y = axes.area.bottom() - (means[..., 1] - axes.y_low) * axes.y_scale
    return np.stack((x, y), axis=-1)


def pixel_covariances(axes: Axes, covariances: Array) -> Array:
    """Covariances (..., 2, 2) of the canvas in pixels."""
    scale = np.array([axes.x_scale, -axes.y_scale])
    return np.asarray(covariances * scale[:, None] * scale)


def line_width(style: Style, weight: float) -> float:
    """The width of a component's lines, its square growing with its weight."""
    share = math.sqrt(min(max(weight, 0.0), 1.0)) if math.isfinite(weight) else 0.0
    return style.curve_width * (0.45 + 1.35 * share)


def blended(style: Style, component: int, role: str, share: float) -> QColor:
    """A component's colour with a share of another, opaque: strokes that let shine through cost sevenfold."""
    pure, other = style.component(component), style.colour(role)
    return QColor.fromRgbF(
        (1 - share) * pure.redF() + share * other.redF(),
        (1 - share) * pure.greenF() + share * other.greenF(),
        (1 - share) * pure.blueF() + share * other.blueF(),
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn of a component in two dimensions; equal where it looks alike.

    Its mean in pixels, None beyond the screen; its ellipse, None where it has none; the width of its lines.
    """

    mean: tuple[float, float] | None
    ellipse: Ellipse | None
    width: float
    empty: bool


def shapes_of(axes: Axes, components: Components, style: Style) -> tuple[Shape, ...]:
    """The shapes of all components."""
    means = pixel_means(axes, components.means)
    covariances = pixel_covariances(axes, components.covariances)
    found = []
    for mean, covariance, weight in zip(means, covariances, components.weights.tolist(), strict=True):
        x, y = mean.tolist()
        seen = abs(x) < FURTHEST_PIXEL and abs(y) < FURTHEST_PIXEL
        found.append(
            Shape(
                (on_grid(x), on_grid(y)) if seen else None,
                ellipse_in_pixels(mean, covariance),
                round(line_width(style, weight), 2),
                not weight > 0,
            )
        )
    return tuple(found)


def draw_components(painter: QPainter, shapes: Sequence[Shape], style: Style) -> None:
    """Ellipses at 1 and 2 standard deviations, their line widths by weight."""
    tinted = len(shapes) <= MOST_TINTED
    for k, shape in enumerate(shapes):
        if shape.ellipse is None:
            continue
        for radius in reversed(RADII):
            pen = QPen(style.component(k), shape.width if radius == 1 else 0.7 * shape.width)
            halo = style.pen("canvas", pen.widthF() + 1.4 * style.axis_width)
            if shape.empty:
                pen.setDashPattern([1.0, 4.0])
            tint = style.component(k, 0.07) if tinted and radius == 1 else None
            draw_ellipse(painter, shape.ellipse, radius, pen, halo, tint)


def draw_crosses(painter: QPainter, shapes: Sequence[Shape], style: Style, area: QRectF) -> None:
    """The means as crosses in their components' colours, with the components' numbers within the area."""
    for k, shape in enumerate(shapes):
        if shape.mean is not None:
            at = QPointF(*shape.mean)
            arm = 2.2 * style.point_radius + 0.6
            stamp(painter, at, ("cross", style, k), partial(_cross, k, arm, style))
            box = number_box(at, k, style)
            if area.contains(at):
                box.moveTop(max(box.top(), area.top() + 2))
                box.moveRight(min(box.right(), area.right() - 2))
            place = QPointF(box.left(), box.center().y())
            words(painter, str(k + 1), place, style, "text", bold=True)


def number_box(mean: QPointF, component: int, style: Style) -> QRectF:
    """Where a component's number stands beside its mean, in pixels."""
    metrics = QFontMetricsF(style.font(small=True, bold=True))
    arm, height = 2.2 * style.point_radius + 0.6, metrics.capHeight()
    width = metrics.horizontalAdvance(str(component + 1))
    return QRectF(mean.x() + arm + 4, mean.y() - arm - 1 - 0.5 * height, width, height)


def _cross(component: int, arm: float, style: Style) -> Drawing:
    pens = (
        style.pen("canvas", 1.6 * style.curve_width + 2.6),
        style.pen("text", 1.6 * style.curve_width + 0.8),
        QPen(style.component(component), 1.6 * style.curve_width - 0.4),
    )

    def content(canvas: QPainter) -> None:
        for pen in pens:
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            canvas.setPen(pen)
            canvas.drawLine(QPointF(-arm, -arm), QPointF(arm, arm))
            canvas.drawLine(QPointF(-arm, arm), QPointF(arm, -arm))

    reach = arm + pens[0].widthF()
    return QRectF(-reach, -reach, 2 * reach, 2 * reach), content


def words(
    painter: QPainter,
    text: str,
    left_middle: QPointF,
    style: Style,
    role: str,
    bold: bool = False,
    scale: float = 1.0,
    rim_width: float = 3.6,
) -> None:
    """A few small words with a rim in the canvas' colour, so that they can be read upon points."""
    key = ("words", style, text, role, bold, scale, rim_width)

    def drawing() -> Drawing:
        font = style.font(small=True, bold=bold, scale=scale)
        path = QPainterPath()
        path.addText(QPointF(0, 0.5 * QFontMetricsF(font).capHeight()), font, text)
        rim = style.pen("canvas", rim_width)
        rim.setJoinStyle(Qt.PenJoinStyle.RoundJoin)

        def content(canvas: QPainter) -> None:
            canvas.strokePath(path, rim)
            canvas.fillPath(path, style.colour(role))

        return path.boundingRect().adjusted(-rim_width, -rim_width, rim_width, rim_width), content

    stamp(painter, left_middle, key, drawing)


def label_radii(
    painter: QPainter, axes: Axes, shapes: Sequence[Shape], style: Style, texts: tuple[str, str]
) -> None:
    """Says, upon the ellipses of one component that has room for it, what they hold."""
    metrics = QFontMetricsF(style.font(small=True, scale=0.92))
    widths = [metrics.horizontalAdvance(text) for text in texts]
    room = 0.5 * metrics.height()
    if axes.area.height() < 12 * metrics.height():
        return
    inner = axes.area.adjusted(max(widths), room, -max(widths), -room)
    for k, shape in enumerate(shapes):
        if shape.ellipse is None or shape.mean is None:
            continue
        number = number_box(QPointF(*shape.mean), k, style)
        for angle in LABEL_ANGLES:
            places = [outermost(shape.ellipse, radius, angle) for radius in RADII]
            away = places[1] - places[0]
            too_near = abs(away.x()) < max(widths) + 4 and abs(away.y()) < metrics.height() + 1
            if too_near or not all(inner.contains(place) for place in places):
                continue
            inmost = QRectF(0.0, 0.0, widths[0] + 4, metrics.height())
            inmost.moveCenter(places[0])
            if inmost.intersects(number):
                continue
            for text, width, place in zip(texts, widths, places, strict=True):
                at = place - QPointF(0.5 * width, 0)
                words(painter, text, at, style, "text", scale=0.92, rim_width=5.5)
            return


def radius_words(gaussian: bool) -> tuple[str, str]:
    """What the two ellipses are called: the share that a Gaussian has within them, else their radius."""
    if not gaussian:
        return ("1\u03c3", "2\u03c3")
    return (f"{100 * share_within(1.0):.0f} %", f"{100 * share_within(2.0):.0f} %")


def trails(axes: Axes, path: Array) -> tuple[Array, ...]:
    """The way of every mean (m, 2) in pixels, `path` (m, K, 2), without the steps shorter than a pixel."""
    pixels = pixel_means(axes, path)
    near = np.abs(pixels).max(axis=2) < FURTHEST_PIXEL
    # A lane that has arrived would draw hundreds of steps on one spot.
    rounded = np.rint(pixels)
    kept = np.ones(near.shape, dtype=bool)
    kept[1:] = (rounded[1:] != rounded[:-1]).any(axis=2)
    kept &= near
    placed = np.rint(pixels * GRID) / GRID
    return tuple(placed[kept[:, k], k] for k in range(placed.shape[1]))


def draw_trails(painter: QPainter, ways: Sequence[Array], style: Style) -> None:
    """The `trails` of all means, with dots at the newest places that stand apart."""
    radius = 0.75 * style.point_radius
    for k, way in enumerate(ways):
        if len(way) < 2:
            continue
        points = polygon(way)
        colour = blended(style, k, "text", INK)
        if is_dense(way):
            stroke(painter, points, QPen(colour, 1 / device_scale(painter)))
        else:
            stroke(painter, points, style.pen("canvas", style.curve_width + 2.2))
            stroke(painter, points, QPen(colour, 0.9 * style.curve_width))
        stamp_all(painter, way[-MOST_DOTS - 1 : -1], ("dot", style, k), partial(_dot, radius, colour))


def _dot(radius: float, colour: QColor) -> Drawing:
    def content(canvas: QPainter) -> None:
        canvas.setPen(Qt.PenStyle.NoPen)
        canvas.setBrush(colour)
        canvas.drawEllipse(QPointF(0, 0), radius, radius)

    return QRectF(-radius, -radius, 2 * radius, 2 * radius), content


def draw_arrows(painter: QPainter, axes: Axes, before: Components, after: Components, style: Style) -> None:
    """Arrows from each mean to where the other half of the step leads it."""
    starts, ends = pixel_means(axes, before.means), pixel_means(axes, after.means)
    painter.save()
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        draw_arrow(painter, start, end, QPen(style.component(k), 1.5 * style.curve_width), style)
    painter.restore()


def draw_arrow(painter: QPainter, start: Array, end: Array, pen: QPen, style: Style) -> None:
    """An arrow between two places (2,) in pixels; none where it would be shorter than its head."""
    length = float(np.hypot(*(end - start)))
    head = 3.2 * style.point_radius
    if not (math.isfinite(length) and 0.6 * head < length < FURTHEST_PIXEL):
        return
    head = min(head, 0.7 * length)
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    neck = end - head * along
    corners = [end, neck + 0.5 * head * across, neck - 0.5 * head * across]
    shaft = (QPointF(*start.tolist()), QPointF(*neck.tolist()))
    polygon = QPolygonF([QPointF(*corner.tolist()) for corner in corners])
    painter.setBrush(style.colour("canvas"))
    painter.setPen(style.pen("canvas", pen.widthF() + 2.4))
    painter.drawLine(*shaft)
    painter.drawPolygon(polygon)
    painter.setBrush(pen.color())
    painter.setPen(pen)
    painter.drawLine(*shaft)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(polygon)


def draw_truth(painter: QPainter, axes: Axes, truth: Components, style: Style) -> None:
    """The components that the data were drawn from: dotted ellipses and diamonds, without a component's colour."""
    pen = style.pen("text", 0.9 * style.curve_width)
    pen.setDashPattern([1.2, 2.2])
    halo = style.pen("canvas", 0.9 * style.curve_width + 1.2)
    labelled = False
    for shape in shapes_of(axes, truth, style):
        if shape.empty:
            continue
        if shape.ellipse is not None:
            for radius in RADII:
                draw_ellipse(painter, shape.ellipse, radius, pen, halo)
        if shape.mean is None:
            continue
        draw_diamond(painter, QPointF(*shape.mean), style)
        if not labelled and shape.ellipse is not None:
            lowest = outermost(shape.ellipse, 2.0, 90.0)
            if axes.area.adjusted(20, 10, -40, -10).contains(lowest):
                words(painter, "truth", lowest + QPointF(-14, 1), style, "text")
                labelled = True


def draw_diamond(painter: QPainter, at: QPointF, style: Style) -> None:
    """Where a true mean is."""
    reach = 2.0 * style.point_radius
    corners = [QPointF(0, -reach), QPointF(reach, 0), QPointF(0, reach), QPointF(-reach, 0)]
    painter.save()
    painter.setPen(style.pen("canvas", 1.2))
    painter.setBrush(style.colour("text"))
    painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
    painter.restore()
