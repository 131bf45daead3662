"""The start on a canvas: a dashed ghost whose means and ellipses can be gripped and dragged."""

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array
from gui.items.axes import Axes
from gui.items.component_marks import blended, pixel_covariances, pixel_means
from gui.items.ellipse import FURTHEST_PIXEL, covariance_from_handle, draw_ellipse, ellipse_in_pixels, handles
from gui.scene import Components, Scene
from gui.style import Style

HIT_RADIUS = 10.0
LINE_HIT = 5.0
FADED = 0.25
SHORTEST_AXIS_PIXELS = 3.0
MEAN = -1
FIRST_LEVEL, LEVEL_STEP = 0.16, 0.075


@dataclass(frozen=True)
class Grip:
    """What the mouse holds: a component's mean (`handle` is MEAN) or one of its handles, counted from 0."""

    component: int
    handle: int = MEAN

    @property
    def is_mean(self) -> bool:
        return self.handle == MEAN


def freedom(scene: Scene) -> str:
    """How a start's ellipse may be changed: 'full', 'axes', 'size', or 'none' (a Poisson rate has no spread)."""
    model = scene.model
    if "covariances" not in scene.start_parameters or "covariances" in getattr(model, "hold", ()):
        return "none"
    if not isinstance(model, GaussianMixture):
        return "full"
    return {"diagonal": "axes", "spherical": "size"}.get(model.covariance, "full")


def level(axes: Axes, component: int) -> float:
    """The height in pixels at which a component's ghost stands in one dimension, so that equal ones differ."""
    return axes.area.top() + axes.area.height() * min(0.9, FIRST_LEVEL + LEVEL_STEP * component)


def ghost_means(axes: Axes, start: Components) -> Array:
    """The start's means (K, 2) in pixels."""
    if start.means.shape[1] == 2:
        return pixel_means(axes, start.means)
    x = axes.area.left() + (start.means[:, 0] - axes.x_low) * axes.x_scale
    heights = [level(axes, k) for k in range(len(x))]
    return np.stack((x, np.array(heights)), axis=1)


def ghost_handles(axes: Axes, start: Components, component: int) -> Array:
    """The handles of one component in pixels, (4, 2), or (2, 2) in one dimension; (0, 2) without a spread."""
    mean = ghost_means(axes, start)[component]
    if start.means.shape[1] == 2:
        return handles(mean, pixel_covariances(axes, start.covariances[component]))
    variance = float(start.covariances[component, 0, 0])
    if not variance > 0:
        return np.zeros((0, 2))
    arm = np.array([np.sqrt(variance) * axes.x_scale, 0.0])
    return np.stack((mean + arm, mean - arm))


def grip_at(axes: Axes, scene: Scene, start: Components, at: QPointF, radius: float) -> Grip | None:
    """The nearest mean or handle within `radius` pixels of a place, if any; a mean wins over a handle."""
    place = np.array([at.x(), at.y()])
    means = ghost_means(axes, start)
    best: Grip | None = None
    nearest = radius
    if freedom(scene) != "none":
        for k in range(len(means)):
            ends = ghost_handles(axes, start, k)
            if len(ends):
                distances = np.hypot(*(ends - place).T)
                closest = int(np.argmin(distances))
                if distances[closest] <= nearest:
                    best, nearest = Grip(k, closest), float(distances[closest])
    distances = np.hypot(*(means - place).T)
    distances = np.where(np.isfinite(distances), distances, np.inf)
    closest = int(np.argmin(distances))
    if distances[closest] <= max(nearest, 0.6 * radius if best is not None else radius):
        return Grip(closest)
    if best is None and start.means.shape[1] == 1:
        apart = np.abs(means[:, 0] - at.x())
        closest = int(np.argmin(np.where(np.isfinite(apart), apart, np.inf)))
        if apart[closest] <= LINE_HIT:
            return Grip(closest)
    return best


def dragged(axes: Axes, scene: Scene, start: Components, grip: Grip, at: QPointF) -> Components:
    """The start after a grip was dragged to a place: in canvas coordinates exactly where the mouse is."""
    k = grip.component
    place = np.array([at.x(), at.y()])
    if grip.is_mean:
        means = np.array(start.means)
        means[k, 0] = axes.value_x(at.x())
        if means.shape[1] == 2:
            means[k, 1] = axes.value_y(at.y())
        if scene.model.holds_counts:
            means[k] = np.maximum(means[k], 0.0)
        return replace(start, means=means)
    covariances = np.array(start.covariances)
    displacement = place - ghost_means(axes, start)[k]
    if covariances.shape[1] == 1:
        arm = abs(displacement[0]) if displacement[0] * (1 - 2 * (grip.handle % 2)) > 0 else 0.0
        covariances[k] = (max(arm, SHORTEST_AXIS_PIXELS) / axes.x_scale) ** 2
    else:
        seen = covariance_from_handle(
            pixel_covariances(axes, covariances[k]),
            grip.handle,
            displacement,
            freedom=freedom(scene),
            shortest=SHORTEST_AXIS_PIXELS,
        )
        scale = np.array([axes.x_scale, -axes.y_scale])
        covariances[k] = seen / scale[:, None] / scale
    if isinstance(scene.model, GaussianMixture) and scene.model.covariance == "tied":
        covariances[:] = covariances[k]
    return replace(start, covariances=covariances)


def draw_ghost(
    painter: QPainter, axes: Axes, scene: Scene, start: Components, gripped: Grip | None, style: Style
) -> None:
    """Dashed ellipses (lines, in one dimension) at one standard deviation, means as rings; handles where gripped."""
    means = ghost_means(axes, start)
    flat = start.means.shape[1] == 1
    painter.save()
    for k, mean in enumerate(means):
        if not np.all(np.abs(mean) < FURTHEST_PIXEL):
            continue
        held = gripped if gripped is not None and gripped.component == k else None
        pen = QPen(blended(style, k, "canvas", FADED if held is None else 0.0), 0.85 * style.curve_width)
        pen.setDashPattern([4.0, 3.0])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if flat:
            _draw_flat(painter, axes, scene, start, k, pen, style)
        else:
            ellipse = ellipse_in_pixels(mean, pixel_covariances(axes, start.covariances[k]))
            if ellipse is not None:
                draw_ellipse(painter, ellipse, 1.0, pen)
        _draw_ring(painter, QPointF(*mean.tolist()), k, held is not None and held.is_mean, style)
        if held is not None and freedom(scene) != "none":
            for place, end in enumerate(ghost_handles(axes, start, k)):
                _draw_handle(painter, QPointF(*end.tolist()), k, held.handle == place, style)
    painter.restore()


def _draw_flat(
    painter: QPainter, axes: Axes, scene: Scene, start: Components, k: int, pen: QPen, style: Style
) -> None:
    mean = ghost_means(axes, start)[k]
    upright = QLineF(mean[0], axes.area.top(), mean[0], axes.area.bottom())
    painter.setPen(pen)
    painter.drawLine(upright)
    ends = ghost_handles(axes, start, k)
    if len(ends) and freedom(scene) != "none":
        bar = QLineF(*ends[0].tolist(), *ends[1].tolist())
        painter.setPen(style.pen("canvas", pen.widthF() + 2.0))
        painter.drawLine(bar)
        painter.setPen(QPen(style.component(k), 0.85 * style.curve_width))
        painter.drawLine(bar)


def _draw_ring(painter: QPainter, at: QPointF, component: int, bright: bool, style: Style) -> None:
    radius = 1.9 * style.point_radius + (1.5 if bright else 0.0)
    painter.setBrush(style.colour("canvas"))
    painter.setPen(style.pen("canvas", 1.1 * style.curve_width + 2.2))
    painter.drawEllipse(at, radius, radius)
    painter.setPen(QPen(style.component(component), 1.1 * style.curve_width + (0.8 if bright else 0.0)))
    painter.drawEllipse(at, radius, radius)


def _draw_handle(painter: QPainter, at: QPointF, component: int, bright: bool, style: Style) -> None:
    reach = 1.5 * style.point_radius + (1.2 if bright else 0.0)
    painter.setPen(QPen(style.component(component), style.curve_width))
    painter.setBrush(style.component(component) if bright else style.colour("canvas"))
    painter.drawRect(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach))
