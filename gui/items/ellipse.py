"""The ellipse of a covariance: its principal axes, its handles, and the covariance of a dragged handle."""

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from engine.parameters import Array

FURTHEST_PIXEL = 20_000.0
SMALLEST_RADIUS = 1.2
GRID = 8.0
"""Places within a pixel that are told apart."""


def share_within(radius: float) -> float:
    """The share of a two-dimensional Gaussian within `radius` standard deviations: 1 - exp(-r^2/2)."""
    return -math.expm1(-0.5 * radius * radius)


def principal_axes(covariance: Array) -> tuple[Array, Array] | None:
    """Standard deviations (2,), the longer first, and unit directions (2, 2), one a row.

    None where the matrix (2, 2) is not finite or not positive semidefinite: then there is no ellipse.
    """
    found = _axes(covariance)
    if found is None:
        return None
    first, second, turn = found
    directions = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    # A direction may point either way; a fixed one keeps each handle on its side from frame to frame.
    leading = np.argmax(np.abs(directions), axis=1)
    directions = directions * np.sign(directions[np.arange(2), leading])[:, None]
    return np.array([first, second]), directions


def _axes(covariance: Array) -> tuple[float, float, float] | None:
    """Both standard deviations, the longer first, and the longer one's direction in radians.

    In closed form: a general eigensolver takes ten times as long for two rows, and there are many ellipses in
    a frame.
    """
    (xx, xy), (yx, yy) = covariance.tolist()
    largest = max(abs(xx), abs(yy), abs(xy), abs(yx))
    if not (math.isfinite(xx + xy + yx + yy) and largest > 0):
        return None
    xx, yy, xy = xx / largest, yy / largest, 0.5 * (xy + yx) / largest
    long = 0.5 * (xx + yy) + math.hypot(0.5 * (xx - yy), xy)
    if long <= 0:
        return None
    # The determinant keeps the digits that the difference of the two halves would lose.
    short = (xx * yy - xy * xy) / long
    if short < -1e-9 * long:
        return None
    turn = 0.5 * math.atan2(2 * xy, xx - yy)
    return math.sqrt(largest * long), math.sqrt(largest * max(short, 0.0)), turn


def handles(mean: Array, covariance: Array, radius: float = 1.0) -> Array:
    """The ends of the two principal axes, (4, 2): first the longer axis' two ends; (0, 2) without an ellipse."""
    axes = principal_axes(covariance)
    if axes is None:
        return np.zeros((0, 2))
    lengths, directions = axes
    arms = radius * lengths[:, None] * directions
    return np.asarray(mean + np.array([arms[0], -arms[0], arms[1], -arms[1]]))


def covariance_from_handle(
    covariance: Array,
    handle: int,
    displacement: Array,
    radius: float = 1.0,
    freedom: str = "full",
    shortest: float = 1e-6,
) -> Array:
    """The covariance (2, 2) after handle `handle` (as in `handles`) was dragged to mean + displacement.

    With the freedom 'full' that end's axis takes the new length and direction, and the other axis turns with
    it and keeps its length; with 'axes' the axis keeps its direction; with 'size' the ellipse keeps its
    shape. No axis becomes shorter than `shortest` (at one standard deviation). Raises ValueError where
    the covariance has no ellipse.
    """
    axes = principal_axes(covariance)
    if axes is None:
        raise ValueError("a covariance that is not positive definite has no handles")
    lengths, directions = axes
    moved, other = handle // 2, 1 - handle // 2
    arm = (-1.0 if handle % 2 else 1.0) * np.asarray(displacement, dtype=float) / radius
    lengths = np.maximum(lengths, shortest)
    if freedom == "full":
        length = float(np.hypot(arm[0], arm[1]))
        if length > 0:
            along = arm / length
            across = np.array([-along[1], along[0]])
            directions = np.stack((along, across) if moved == 0 else (across, along))
    else:
        length = float(arm @ directions[moved])
    length = max(length, shortest)
    if freedom == "size":
        # The whole ellipse grows, but never until its shorter axis vanishes.
        lengths = lengths * max(length / lengths[moved], shortest / float(np.min(lengths)))
    else:
        lengths = np.array([length, lengths[other]] if moved == 0 else [lengths[other], length])
    return np.asarray((directions.T * lengths**2) @ directions)


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse in pixels at one standard deviation: its centre, its half axes, the longer one's angle in degrees.

    Rounded to less than an eye can see, so that two that look alike are equal.
    """

    x: float
    y: float
    first: float
    second: float
    angle: float


def ellipse_in_pixels(mean: Array, covariance: Array) -> Ellipse | None:
    """The ellipse of a mean (2,) and a covariance (2, 2) in pixels; None where there is nothing to draw."""
    axes = _axes(covariance)
    x, y = mean.tolist()
    if axes is None or not (abs(x) < FURTHEST_PIXEL and abs(y) < FURTHEST_PIXEL):
        return None
    first, second, turn = axes
    if first > FURTHEST_PIXEL:
        return None
    angle = round(math.degrees(turn), 2)
    return Ellipse(on_grid(x), on_grid(y), on_grid(first), on_grid(second), angle)


def outermost(ellipse: Ellipse, radius: float, angle: float) -> QPointF:
    """The point at `radius` standard deviations that lies furthest in a direction, in degrees (90: down)."""
    towards = math.radians(angle - ellipse.angle)
    along, across = ellipse.first * math.cos(towards), ellipse.second * math.sin(towards)
    length = math.hypot(along, across)
    if length == 0:
        return QPointF(ellipse.x, ellipse.y)
    along, across = radius * ellipse.first * along / length, radius * ellipse.second * across / length
    turn = math.radians(ellipse.angle)
    x = along * math.cos(turn) - across * math.sin(turn)
    return QPointF(ellipse.x + x, ellipse.y + along * math.sin(turn) + across * math.cos(turn))


def on_grid(pixel: float) -> float:
    """A pixel to the nearest place that an eye can tell from another."""
    return round(GRID * pixel) / GRID


def draw_ellipse(
    painter: QPainter,
    ellipse: Ellipse,
    radius: float,
    pen: QPen,
    halo: QPen | None = None,
    tint: QColor | None = None,
) -> None:
    """Draws the ellipse at `radius` standard deviations, upon a halo and with a tint inside where they are given."""
    first = max(radius * ellipse.first, SMALLEST_RADIUS)
    second = max(radius * ellipse.second, SMALLEST_RADIUS)
    painter.save()
    painter.translate(QPointF(ellipse.x, ellipse.y))
    painter.rotate(ellipse.angle)
    if tint is not None:
        inside = QPainterPath()
        inside.addEllipse(QPointF(0, 0), first, second)
        # Its edge lies under the line: to smooth it would cost three times as much and show nothing.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillPath(inside, tint)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if halo is not None:
        painter.setPen(halo)
        painter.drawEllipse(QPointF(0, 0), first, second)
    painter.setPen(pen)
    painter.drawEllipse(QPointF(0, 0), first, second)
    painter.restore()
