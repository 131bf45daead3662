"""The brush that draws points on a data canvas, and what a stroke of it leaves."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen

from engine.parameters import Array
from gui.items.axes import Axes
from gui.style import Style

POINTS_OF_A_MOVE = 2


@dataclass(frozen=True)
class Brush:
    """Its radius in pixels and the class, counted from 0, of the points that it leaves."""

    radius: float = 18.0
    label: int = 0


def canvas_point(axes: Axes, at: QPointF, dimension: int) -> tuple[float, ...]:
    """The canvas coordinates (p,) of a pixel."""
    return (axes.value_x(at.x()), axes.value_y(at.y()))[:dimension]


def sprayed(
    axes: Axes, at: QPointF, brush: Brush, dimension: int, generator: np.random.Generator
) -> tuple[tuple[float, ...], ...]:
    """Points scattered around a pixel, normal with half the brush's radius as deviation."""
    offsets: Array = generator.normal(scale=0.5 * brush.radius, size=(POINTS_OF_A_MOVE, 2))
    return tuple(canvas_point(axes, at + QPointF(*pair), dimension) for pair in offsets.tolist())


def reach(axes: Axes, brush: Brush, dimension: int) -> tuple[float, ...]:
    """The brush's radius in canvas coordinates, along each axis (p,)."""
    return (brush.radius / axes.x_scale, brush.radius / axes.y_scale)[:dimension]


def draw_brush(painter: QPainter, at: QPointF, brush: Brush, erases: bool, style: Style) -> None:
    """A ring where the brush stands, dashed and without colour while it erases."""
    painter.setPen(style.pen("canvas", 3.0))
    painter.drawEllipse(at, brush.radius, brush.radius)
    pen = QPen(style.colour("danger") if erases else style.component(brush.label), 1.6)
    if erases:
        pen.setDashPattern([3.0, 2.0])
    painter.setPen(pen)
    painter.drawEllipse(at, brush.radius, brush.radius)
