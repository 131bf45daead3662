"""The ellipse of a covariance: its principal axes, its handles, and the covariance of a dragged handle."""

import math

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.parameters import Array

FURTHEST_PIXEL = 20_000.0
SMALLEST_RADIUS = 1.2


def share_within(radius: float) -> float:
    """The share of a two-dimensional Gaussian within `radius` standard deviations: 1 - exp(-r^2/2)."""
    return -math.expm1(-0.5 * radius * radius)


def principal_axes(covariance: Array) -> tuple[Array, Array] | None:
    """Standard deviations (2,), the longer first, and unit directions (2, 2), one a row.

    None where the matrix (2, 2) is not finite or not positive semidefinite: then there is no ellipse.
    """
    if not np.all(np.isfinite(covariance)):
        return None
    variances, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    if variances[0] < -1e-9 * abs(variances[1]) or variances[1] <= 0:
        return None
    directions = vectors.T[::-1]
    # eigh leaves the signs open; a fixed one keeps each handle on its side from frame to frame.
    leading = np.argmax(np.abs(directions), axis=1)
    directions = directions * np.sign(directions[np.arange(2), leading])[:, None]
    return np.sqrt(np.maximum(variances[::-1], 0.0)), directions


def ellipse_points(mean: Array, covariance: Array, radius: float, count: int = 96) -> Array | None:
    """Points (count, 2) of the ellipse at `radius` standard deviations; None where there is none."""
    axes = principal_axes(covariance)
    if axes is None or not np.all(np.isfinite(mean)):
        return None
    lengths, directions = axes
    angle = np.linspace(0.0, 2 * math.pi, count, endpoint=False)
    circle = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    return np.asarray(mean + radius * (circle * lengths) @ directions)


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


def draw_ellipse(
    painter: QPainter, mean: Array, covariance: Array, radius: float, pen: QPen, halo: QPen | None = None
) -> bool:
    """Draws the ellipse of pixels' mean (2,) and covariance (2, 2); false where there is nothing to draw."""
    axes = principal_axes(covariance)
    if axes is None or not np.all(np.abs(mean) < FURTHEST_PIXEL):
        return False
    lengths, directions = axes
    first, second = np.maximum(radius * lengths, SMALLEST_RADIUS)
    if first > FURTHEST_PIXEL:
        return False
    painter.save()
    painter.translate(QPointF(float(mean[0]), float(mean[1])))
    painter.rotate(math.degrees(math.atan2(directions[0, 1], directions[0, 0])))
    if halo is not None:
        painter.setPen(halo)
        painter.drawEllipse(QPointF(0, 0), float(first), float(second))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawEllipse(QPointF(0, 0), float(first), float(second))
    painter.restore()
    return True
