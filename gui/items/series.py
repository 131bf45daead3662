"""A series in time, with the hidden states or the moving level that a lane sees behind it."""

import itertools

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.parameters import Array
from gui.items.axes import Axes, draw_axes
from gui.lane_frame import LaneFrame
from gui.series import Levels, Rows, States
from gui.style import Style

STRIPS = ("path", "smoothed", "filtered")
"""Viterbi's path, then the states' probabilities given all rows, then given the rows so far."""
BAND = 2.0
"""How many standard deviations the band about a level is wide on either side."""


def limits_in_time(shown: Rows) -> tuple[float, float, float, float]:
    """What the axes show: times from low to high, then values, with a little room."""
    seen = shown.values[np.isfinite(shown.values)]
    low, high = float(np.min(seen)), float(np.max(seen))
    room = 0.06 * (high - low or 1.0)
    first, last = float(shown.times[0]), float(shown.times[-1])
    aside = max(0.5, 0.01 * (last - first))
    return first - aside, last + aside, low - room, high + room


def draw_series(
    painter: QPainter,
    shown: Rows,
    seen: States | Levels | None,
    lane: LaneFrame,
    axes: Axes,
    style: Style,
    named: bool,
) -> None:
    """The rows as points upon a line, and what a lane sees behind them; `named`: whether the axes' names have room."""
    if isinstance(seen, States):
        axes = _above_strips(painter, shown, seen, axes, style, named)
    note = f", the first {len(shown.rows)} of {shown.all_rows}" if len(shown.rows) < shown.all_rows else ""
    labels = (f"{shown.time_name}{note}", shown.value_name) if named else ("", "")
    draw_axes(painter, axes, style, *labels)
    painter.save()
    painter.setClipRect(axes.area)
    pieces = list(itertools.pairwise((*shown.begins, len(shown.rows))))
    painter.setPen(style.pen("line", style.axis_width))
    for first, _ in pieces[1:]:
        x = axes.x(float(shown.times[first]) - 0.5)
        painter.drawLine(QLineF(x, axes.area.top(), x, axes.area.bottom()))
    if isinstance(seen, Levels):
        _draw_levels(painter, shown, seen, pieces, lane, axes, style)
    for first, last in pieces:
        _draw_line(painter, axes, shown.times[first:last], shown.values[first:last], style.pen("ghost", 0.7))
    if isinstance(seen, States):
        _draw_steps(painter, shown, seen, pieces, axes, style)
    colours = _mixed(seen.smoothed, style) if isinstance(seen, States) else None
    painter.setPen(Qt.PenStyle.NoPen)
    # As large as the room between two rows lets it be.
    radius = min(1.3 * style.point_radius, max(0.8, 0.45 * axes.x_scale))
    for place in np.flatnonzero(np.isfinite(shown.values)).tolist():
        painter.setBrush(style.colour("text") if colours is None else colours[place])
        painter.drawEllipse(axes.point(float(shown.times[place]), float(shown.values[place])), radius, radius)
    painter.restore()


def _above_strips(
    painter: QPainter, shown: Rows, seen: States, axes: Axes, style: Style, named: bool
) -> Axes:
    """The axes above three strips of states, which are drawn below them and their names."""
    metrics = QFontMetricsF(style.font(small=True))
    painter.setFont(style.font(small=True, scale=0.9))
    told = QFontMetricsF(painter.font())
    thick = round(0.75 * metrics.height())
    widest = max(told.horizontalAdvance(name) for name in STRIPS) + 8
    area = axes.area.adjusted(max(0.0, widest - axes.area.left()), 0, 0, -len(STRIPS) * (thick + 3))
    inner = Axes(area, axes.x_low, axes.x_high, axes.y_low, axes.y_high)
    lefts = _edges(shown, inner)
    top = area.bottom() + (2 if named else 1) * metrics.height() + 6
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for number, name in enumerate(STRIPS):
        strip = QRectF(area.left(), top + number * (thick + 3), area.width(), thick)
        if name == "path":
            colours = [style.component(int(state)) for state in seen.path]
        else:
            colours = _mixed(seen.smoothed if name == "smoothed" else seen.filtered, style)
        for place, colour in enumerate(colours):
            left, right = round(lefts[place]), round(lefts[place + 1])
            painter.fillRect(QRectF(left, strip.top(), max(1, right - left), strip.height()), colour)
        painter.setPen(style.pen("muted"))
        box = QRectF(0, strip.top() - 2, area.left() - 4, strip.height() + 4)
        words = told.elidedText(name, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
    painter.restore()
    return inner


def _edges(shown: Rows, axes: Axes) -> list[float]:
    """The pixels at which the rows' parts of a strip begin, and the last one's end."""
    times = shown.times
    between = 0.5 * (times[1:] + times[:-1])
    edges = np.concatenate(([times[0] - 0.5], between, [times[-1] + 0.5]))
    return [min(max(axes.x(each), axes.area.left()), axes.area.right()) for each in edges.tolist()]


def _mixed(shares: Array, style: Style) -> list[QColor]:
    """A colour for each row, mixed from those of the states by their probabilities (K, m)."""
    states = [style.component(k) for k in range(len(shares))]
    palette = np.array([(each.red(), each.green(), each.blue()) for each in states], dtype=np.float64)
    mixed = np.clip(np.nan_to_num(shares).T @ palette, 0, 255).round().astype(int)
    return [QColor(red, green, blue) for red, green, blue in mixed.tolist()]


def _draw_steps(
    painter: QPainter,
    shown: Rows,
    seen: States,
    pieces: list[tuple[int, int]],
    axes: Axes,
    style: Style,
) -> None:
    """The level of the likeliest state, one piece for each visit."""
    for first, last in pieces:
        changes = np.flatnonzero(np.diff(seen.path[first:last])) + 1
        edges = [0, *changes.tolist(), last - first]
        for begin, end in itertools.pairwise(edges):
            state = int(seen.path[first + begin])
            y = axes.y(float(seen.levels[state]))
            left = axes.x(float(shown.times[first + begin]) - 0.5)
            right = axes.x(float(shown.times[first + end - 1]) + 0.5)
            painter.setPen(QPen(style.component(state), 1.6 * style.curve_width))
            painter.drawLine(QLineF(left, y, right, y))


def _draw_levels(
    painter: QPainter,
    shown: Rows,
    seen: Levels,
    pieces: list[tuple[int, int]],
    lane: LaneFrame,
    axes: Axes,
    style: Style,
) -> None:
    """The smoothed level with its band, and the filtered one dashed."""
    for first, last in pieces:
        times = shown.times[first:last]
        level, spread = seen.smoothed[first:last], BAND * seen.deviations[first:last]
        upper = [axes.point(*each) for each in zip(times.tolist(), (level + spread).tolist(), strict=True)]
        lower = [axes.point(*each) for each in zip(times.tolist(), (level - spread).tolist(), strict=True)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.lane(lane.index, 0.18))
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        dashed = style.pen("muted", style.axis_width)
        dashed.setDashPattern([3.0, 2.5])
        _draw_line(painter, axes, times, seen.filtered[first:last], dashed)
        _draw_line(painter, axes, times, level, QPen(style.lane(lane.index), 1.4 * style.curve_width))


def _draw_line(painter: QPainter, axes: Axes, times: Array, values: Array, pen: QPen) -> None:
    """A line through values, broken where one is missing."""
    painter.setPen(pen)
    points: list[QPointF] = []
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        if np.isfinite(value):
            points.append(axes.point(time, value))
            continue
        painter.drawPolyline(points)
        points = []
    painter.drawPolyline(points)
