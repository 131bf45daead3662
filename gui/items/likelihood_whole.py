"""The whole log-likelihood of a model with one or two numbers, and a lane's way upon it."""

import itertools

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.analysis.landscape import Landscape
from gui.items.axes import Axes, draw_axes
from gui.items.component_marks import draw_arrow
from gui.items.contours import contour
from gui.lane_frame import LaneFrame
from gui.style import Style

DROPS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""How far below the highest point of the grid the contours lie; within 2 lie about 95 % for one number."""

LOWEST_SHOWN = 12.0
"""A curve is shown down to so much below its highest point, or to below the start where that is lower."""


def heights_of_the_whole(whole: Landscape, lane: LaneFrame) -> tuple[float, float]:
    """What the vertical axis shows: log-likelihoods for a curve, the second number for contours."""
    if len(whole.names) == 2:
        return 0.0, 1.0
    top = float(np.nanmax(whole.values))
    reached = lane.free_path[:, -1]
    lowest = float(np.min(reached[np.isfinite(reached)], initial=top))
    low = min(top - LOWEST_SHOWN, lowest - 1.0)
    return low, top + 0.08 * (top - low)


def draw_likelihood_whole(
    painter: QPainter, whole: Landscape, lane: LaneFrame, axes: Axes, style: Style, named: bool
) -> None:
    """A curve with the lane's steps upon it, or contours with the lane's way across them.

    `named`: whether the axes' names have room.
    """
    x_name, y_name = whole.names[0], "log-likelihood" if len(whole.names) == 1 else whole.names[1]
    draw_axes(painter, axes, style, *((x_name, y_name) if named else ("", "")))
    painter.save()
    painter.setClipRect(axes.area)
    if len(whole.names) == 1:
        painter.setPen(style.pen("text", style.curve_width))
        points = [axes.point(x, y) for x, y in zip(whole.grid.tolist(), whole.values.tolist(), strict=True)]
        for first, second in itertools.pairwise(points):
            if np.isfinite(first.y()) and np.isfinite(second.y()):
                painter.drawLine(QLineF(first, second))
    else:
        _draw_contours(painter, whole, axes, style)
    path = lane.free_path[np.all(np.isfinite(lane.free_path), axis=1)]
    places = [axes.point(x, y) for x, y in path[:, :2].tolist()]
    _draw_way(painter, places, lane.index, style)
    if len(whole.names) == 2 and lane.free_next is not None and places:
        there = axes.point(*lane.free_next.tolist())
        ends = np.array([[places[-1].x(), places[-1].y()], [there.x(), there.y()]])
        draw_arrow(painter, ends[0], ends[1], QPen(style.lane(lane.index), 1.5 * style.curve_width), style)
    painter.restore()


def _draw_contours(painter: QPainter, whole: Landscape, axes: Axes, style: Style) -> None:
    """Lines at `DROPS`, and a dashed one where both numbers are equal."""
    diagonal = style.pen("muted", style.axis_width)
    diagonal.setDashPattern([3.0, 3.0])
    painter.setPen(diagonal)
    painter.drawLine(QLineF(axes.point(0, 0), axes.point(1, 1)))
    top, step = float(np.nanmax(whole.values)), float(whole.grid[1] - whole.grid[0])
    for drop in DROPS:
        segments = float(whole.grid[0]) + step * contour(whole.values, top - drop)
        painter.setPen(style.pen("text" if drop == 2.0 else "ghost", style.axis_width + 0.4 * (drop <= 2.0)))
        for (x0, y0), (x1, y1) in segments.tolist():
            painter.drawLine(QLineF(axes.point(x0, y0), axes.point(x1, y1)))


def _draw_way(painter: QPainter, places: list[QPointF], lane: int, style: Style) -> None:
    """The start as a ring, a dot for each step, and a larger one where the lane is."""
    colour = style.lane(lane)
    painter.setPen(QPen(colour, 0.9 * style.curve_width))
    for first, second in itertools.pairwise(places):
        painter.drawLine(QLineF(first, second))
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = 1.2 * style.point_radius
    for place in places[1:-1]:
        painter.drawEllipse(place, radius, radius)
    if places:
        painter.drawEllipse(places[-1], 2.0 * radius, 2.0 * radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.pen("ghost", style.curve_width))
        painter.drawEllipse(places[0], 2.2 * radius, 2.2 * radius)
