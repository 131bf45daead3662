"""A mixture's components on a canvas: ellipses, means with their trails, arrows to where they go next."""

import math

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from engine.parameters import Array
from gui.frame import Components
from gui.items.axes import Axes
from gui.items.curve import stroke
from gui.items.ellipse import FURTHEST_PIXEL, draw_ellipse, ellipse_points, share_within
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


def draw_components(painter: QPainter, axes: Axes, components: Components, style: Style) -> None:
    """Ellipses at 1 and 2 standard deviations, their line widths by weight."""
    means = pixel_means(axes, components.means)
    covariances = pixel_covariances(axes, components.covariances)
    tinted = len(means) <= MOST_TINTED
    painter.save()
    for k, weight in enumerate(components.weights.tolist()):
        width = line_width(style, weight)
        tint = QBrush(style.component(k, 0.07)) if tinted else QBrush()
        for radius in reversed(RADII):
            pen = QPen(style.component(k), width if radius == 1 else 0.7 * width)
            halo = style.pen("canvas", pen.widthF() + 1.4 * style.axis_width)
            painter.setBrush(tint if radius == 1 else Qt.BrushStyle.NoBrush)
            if not weight > 0:
                pen.setDashPattern([1.0, 4.0])
            draw_ellipse(painter, means[k], covariances[k], radius, pen, halo)
    painter.restore()


def draw_crosses(painter: QPainter, axes: Axes, components: Components, style: Style) -> None:
    """The means as numbered crosses."""
    painter.save()
    for k, mean in enumerate(pixel_means(axes, components.means)):
        draw_cross(painter, mean, k, style)
    painter.restore()


def draw_cross(painter: QPainter, mean: Array, component: int, style: Style) -> None:
    """A mean (2,) in pixels: a cross in its component's colour, and the component's number."""
    if not np.all(np.abs(mean) < FURTHEST_PIXEL):
        return
    arm = 2.2 * style.point_radius + 0.6
    at = QPointF(float(mean[0]), float(mean[1]))
    for pen in (
        style.pen("canvas", 1.6 * style.curve_width + 2.6),
        style.pen("text", 1.6 * style.curve_width + 0.8),
        QPen(style.component(component), 1.6 * style.curve_width - 0.4),
    ):
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(at + QPointF(-arm, -arm), at + QPointF(arm, arm))
        painter.drawLine(at + QPointF(-arm, arm), at + QPointF(arm, -arm))
    words(painter, str(component + 1), at + QPointF(arm + 4, -arm - 1), style, "text", bold=True)


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
    font = style.font(small=True, bold=bold, scale=scale)
    metrics = QFontMetricsF(font)
    baseline = left_middle + QPointF(0, 0.5 * metrics.capHeight())
    path = QPainterPath()
    path.addText(baseline, font, text)
    rim = style.pen("canvas", rim_width)
    rim.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, rim)
    painter.fillPath(path, style.colour(role))


def label_radii(
    painter: QPainter, axes: Axes, components: Components, style: Style, texts: tuple[str, str]
) -> None:
    """Says, upon the ellipses of one component that has room for it, what they hold."""
    means = pixel_means(axes, components.means)
    covariances = pixel_covariances(axes, components.covariances)
    metrics = QFontMetricsF(style.font(small=True, scale=0.92))
    widths = [metrics.horizontalAdvance(text) for text in texts]
    room = 0.5 * metrics.height()
    if axes.area.height() < 12 * metrics.height():
        return
    inner = axes.area.adjusted(max(widths), room, -max(widths), -room)
    for mean, covariance in zip(means, covariances, strict=True):
        rings = [ellipse_points(mean, covariance, radius, 72) for radius in RADII]
        if rings[0] is None or rings[1] is None:
            continue
        for angle in LABEL_ANGLES:
            direction = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
            places = [ring[np.argmax((ring - mean) @ direction)] for ring in rings if ring is not None]
            across, down = np.abs(places[1] - places[0])
            if (across < max(widths) + 4 and down < metrics.height() + 1) or not all(
                inner.contains(QPointF(*p)) for p in places
            ):
                continue
            for text, width, place in zip(texts, widths, places, strict=True):
                at = QPointF(float(place[0]) - 0.5 * width, float(place[1]))
                words(painter, text, at, style, "text", scale=0.92, rim_width=5.5)
            return


def radius_words(gaussian: bool) -> tuple[str, str]:
    """What the two ellipses are called: the share that a Gaussian has within them, else their radius."""
    if not gaussian:
        return ("1\u03c3", "2\u03c3")
    return (f"{100 * share_within(1.0):.0f} %", f"{100 * share_within(2.0):.0f} %")


def draw_trails(painter: QPainter, axes: Axes, path: Array, style: Style) -> None:
    """The way of every mean up to now, `path` (m, K, 2), with dots at the newest iterations that stand apart."""
    pixels = pixel_means(axes, path)
    painter.save()
    for k in range(pixels.shape[1]):
        way = pixels[:, k]
        way = way[np.all(np.abs(way) < FURTHEST_PIXEL, axis=1)]
        if len(way) < 2:
            continue
        # Steps below a pixel are left out: a lane that has arrived would draw hundreds of them on one spot.
        rounded = np.round(way)
        kept = np.concatenate(([True], np.any(rounded[1:] != rounded[:-1], axis=1)))
        points = [QPointF(*pair) for pair in way[kept].tolist()]
        stroke(painter, points, style.pen("canvas", style.curve_width + 2.2))
        colour = blended(style, k, "text", INK)
        stroke(painter, points, QPen(colour, 0.9 * style.curve_width))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        dot = 0.75 * style.point_radius
        for point in points[-MOST_DOTS - 1 : -1]:
            painter.drawEllipse(point, dot, dot)
    painter.restore()


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
    means = pixel_means(axes, truth.means)
    covariances = pixel_covariances(axes, truth.covariances)
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = style.pen("text", 0.9 * style.curve_width)
    pen.setDashPattern([1.2, 2.2])
    halo = style.pen("canvas", 0.9 * style.curve_width + 1.2)
    labelled = False
    for k, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        if not truth.weights[k] > 0:
            continue
        for radius in RADII:
            draw_ellipse(painter, mean, covariance, radius, pen, halo)
        if not np.all(np.abs(mean) < FURTHEST_PIXEL):
            continue
        draw_diamond(painter, QPointF(*mean.tolist()), style)
        ring = ellipse_points(mean, covariance, 2.0)
        if not labelled and ring is not None:
            lowest = ring[np.argmax(ring[:, 1])]
            if axes.area.adjusted(20, 10, -40, -10).contains(QPointF(*lowest.tolist())):
                words(painter, "truth", QPointF(lowest[0] - 14, lowest[1] + 1), style, "text")
                labelled = True
    painter.restore()


def draw_diamond(painter: QPainter, at: QPointF, style: Style) -> None:
    """Where a true mean is."""
    reach = 2.0 * style.point_radius
    corners = [QPointF(0, -reach), QPointF(reach, 0), QPointF(0, reach), QPointF(-reach, 0)]
    painter.save()
    painter.setPen(style.pen("canvas", 1.2))
    painter.setBrush(style.colour("text"))
    painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
    painter.restore()
