"""Small marks: one shape for each lane, one for each kind of event; numbers as people read them."""

import math
from collections.abc import Callable, Hashable
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from engine.parameters import Array
from gui.items.stamps import Drawing, stamp, stamp_all
from gui.style import Style

LANE_SHAPES = ("circle", "square", "diamond", "triangle-up", "hexagon", "triangle-down", "star", "plus")

EVENT_SHAPES: dict[str, tuple[str, str]] = {
    "fallback": ("diamond", "muted"),
    "multipliers": ("circle", "muted"),
    "restart": ("plus", "muted"),
    "switch": ("hexagon", "muted"),
    "intervention": ("triangle-up", "accent"),
    "decrease": ("triangle-down", "danger"),
    "empty-component": ("ring", "warning"),
    "certain-probability": ("triangle-right", "warning"),
    "heywood": ("triangle-left", "warning"),
    "left-constraints": ("cross", "danger"),
    "collapsed": ("square", "danger"),
    "not-finite": ("star", "danger"),
}
"""Shape and colour role of each kind of event, the gravest last."""


@cache
def shape_path(shape: str) -> QPainterPath:
    """The outline of a shape within the circle of radius 1."""
    path = QPainterPath()
    if shape in ("circle", "ring"):
        path.addEllipse(QPointF(0, 0), 0.92, 0.92)
    elif shape == "square":
        path.addRect(QRectF(-0.8, -0.8, 1.6, 1.6))
    elif shape in ("cross", "plus"):
        turn = math.pi / 4 if shape == "cross" else 0.0
        arm = 0.32
        corners = [(arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm), (arm, 1)]
        corners += [(-x, -y) for x, y in corners]
        _polygon(path, [_turned(x, y, turn) for x, y in corners])
    elif shape == "star":
        radii = [1.1, 0.5] * 5
        _polygon(path, [_polar(r, math.pi / 5 * i - math.pi / 2) for i, r in enumerate(radii)])
    else:
        sides, first = {
            "diamond": (4, 0.0),
            "triangle-up": (3, -math.pi / 2),
            "triangle-down": (3, math.pi / 2),
            "triangle-left": (3, math.pi),
            "triangle-right": (3, 0.0),
            "hexagon": (6, 0.0),
        }[shape]
        _polygon(path, [_polar(1.05, first + math.tau * i / sides) for i in range(sides)])
    return path


def draw_mark(
    painter: QPainter, shape: str, at: QPointF, radius: float, fill: QColor, outline: QPen | None = None
) -> None:
    """A shape around a point; a ring is left open."""
    stamp(painter, at, *_mark(shape, radius, fill, outline))


def draw_marks(
    painter: QPainter,
    shape: str,
    places: Array,
    radius: float,
    fill: QColor,
    outline: QPen | None = None,
) -> None:
    """`draw_mark` at many places (m, 2)."""
    stamp_all(painter, places, *_mark(shape, radius, fill, outline))


def _mark(
    shape: str, radius: float, fill: QColor, outline: QPen | None
) -> tuple[Hashable, Callable[[], Drawing]]:
    """What a mark's look depends on, and its drawing."""
    rim = None if outline is None else (outline.color().rgba(), outline.widthF())

    def drawing() -> Drawing:
        reach = 1.2 * radius + (outline.widthF() if outline is not None else 0.0)
        return QRectF(-reach, -reach, 2 * reach, 2 * reach), content

    def content(canvas: QPainter) -> None:
        canvas.scale(radius, radius)
        if shape == "ring":
            canvas.setPen(QPen(fill, 0.5))
            canvas.setBrush(Qt.BrushStyle.NoBrush)
        else:
            if outline is None:
                canvas.setPen(Qt.PenStyle.NoPen)
            else:
                canvas.setPen(QPen(outline.color(), outline.widthF() / radius))
            canvas.setBrush(fill)
        canvas.drawPath(shape_path(shape))

    return ("mark", shape, radius, fill.rgba(), rim), drawing


def draw_lane_mark(painter: QPainter, style: Style, lane: int, at: QPointF, radius: float) -> None:
    """The mark of a lane: its shape and colour, set off from what lies under it."""
    shape = LANE_SHAPES[lane % len(LANE_SHAPES)]
    draw_mark(painter, shape, at, radius, style.lane(lane), style.pen("canvas", 1.2))


def value_text(value: float) -> str:
    """A log-likelihood in words: four decimals, fewer where it is large."""
    if not math.isfinite(value):
        return "none" if math.isnan(value) else ("\u221e" if value > 0 else "\u2212\u221e")
    size = abs(value)
    digits = 4 if size < 1e5 else 2 if size < 1e7 else 0
    text = f"{value:.{digits}f}" if size < 1e10 else f"{value:.6e}"
    return text.replace("-", "\u2212")


def small_text(value: float, digits: int = 4) -> str:
    """A number to so many significant digits, with a true minus sign."""
    if not math.isfinite(value):
        return value_text(value)
    return f"{value:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "\u2212")


def signed_text(value: float) -> str:
    """A number to four significant digits, with its sign."""
    return f"+{small_text(value)}" if value >= 0 else small_text(value)


def sum_text(total: float) -> str:
    """A sum of weights to six decimals, or what it differs from 1 by where six do not show it."""
    if not math.isfinite(total):
        return value_text(total)
    excess = total - 1
    if 1e-9 < abs(excess) < 5e-7:
        return f"1{excess:+.0e}".replace("e-0", "e-").replace("-", "\u2212")
    if abs(total) >= 10_000:
        return f"{total:.3e}".replace("e+0", "e").replace("-", "\u2212")
    return f"{total:.6f}".replace("-", "\u2212")


def sum_is_one(total: float) -> bool:
    """Whether a sum of weights is 1 but for round-off."""
    return abs(total - 1) <= 1e-9


def _polygon(path: QPainterPath, corners: list[tuple[float, float]]) -> None:
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.closeSubpath()


def _polar(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.cos(angle), radius * math.sin(angle)


def _turned(x: float, y: float, angle: float) -> tuple[float, float]:
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
