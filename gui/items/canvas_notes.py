"""Words around and upon a data canvas: whose it is, what a grip does, and that a lane is outside."""

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QPainter, QPainterPath

from gui.items.missing_rows import draw_sample_ring
from gui.lane_frame import LaneFrame
from gui.style import Style

HEADER_GAP = 3.0
SAMPLE_WIDTH = 2.2
SAMPLE_RING_WIDTH = 2.0
FEWEST_LETTERS = 6
"""With room for fewer nothing is said of a lane behind its title."""
NO_LIKELIHOOD = {
    "left-constraints": "outside the constraints",
    "collapsed": "collapsed: no maximum here",
    "not-finite": "diverged: no likelihood here",
}
"""What a lane says that has no likelihood any more, by the kind of the event that took it away."""


def header_height(style: Style) -> float:
    """The height of the line above a canvas' area."""
    return float(round(QFontMetricsF(style.font(bold=True)).height() + 4))


@dataclass(frozen=True)
class Legend:
    """What must be said of the points, from the longest to the shortest `wordings`; with a sample of a ring if wanted."""

    wordings: tuple[str, ...] = ()
    with_ring: bool = False


def draw_header(painter: QPainter, place: QRectF, lane: LaneFrame, legend: Legend, style: Style) -> None:
    """The lane's line style, title and algorithm at the left, what must be said of the points at the right.

    Where there is no room for all of it the title comes first, then what is said of the points.
    """
    middle = place.center().y()
    length = SAMPLE_WIDTH * style.font_size
    painter.setPen(style.sample_pen(lane.index, length, 1.25 * style.curve_width))
    painter.drawLine(QLineF(place.left(), middle, place.left() + length, middle))
    left = place.left() + length + 0.5 * style.font_size
    bold, small = style.font(bold=True), style.font(small=True)
    right = place.right()
    if legend.wordings:
        metrics = QFontMetricsF(small)
        title = QFontMetricsF(bold).horizontalAdvance(lane.title)
        sample = SAMPLE_RING_WIDTH * style.small_font_size if legend.with_ring else 0.0
        room = max(0.0, right - left - title - style.font_size - 1.25 * sample)
        fitting = (each for each in legend.wordings if metrics.horizontalAdvance(each) <= room)
        wording = next(fitting, legend.wordings[-1])
        shown = metrics.elidedText(wording, Qt.TextElideMode.ElideRight, room)
        right -= metrics.horizontalAdvance(shown)
        painter.setFont(small)
        painter.setPen(style.pen("muted"))
        painter.drawText(
            QRectF(right, place.top(), metrics.horizontalAdvance(shown) + 2, place.height()),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            shown,
        )
        if legend.with_ring:
            right -= 1.25 * sample
            draw_sample_ring(painter, QRectF(right, place.top(), sample, place.height()), style)
        right -= style.font_size
    left = _word(
        painter, lane.title, QRectF(left, place.top(), right - left, place.height()), style, bold, lane
    )
    rest = [lane.algorithm] if lane.algorithm != lane.title else []
    rest += [lane.settings] if lane.settings else []
    left += 0.6 * style.font_size
    if rest and right - left > FEWEST_LETTERS * QFontMetricsF(small).averageCharWidth():
        line = QRectF(left, place.top(), right - left, place.height())
        _word(painter, ", ".join(rest), line, style, small, None)


def _word(
    painter: QPainter, text: str, place: QRectF, style: Style, font: QFont, lane: LaneFrame | None
) -> float:
    """Draws one line of text, shortened where it must be, and gives its right end."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, place.width()))
    painter.setFont(font)
    painter.setPen(style.pen("muted") if lane is None else style.lane(lane.index))
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    return float(place.left() + metrics.horizontalAdvance(shown))


def why_no_likelihood(lane: LaneFrame) -> str:
    """In a few words, where a lane is that has no likelihood: told by the newest event that took it away."""
    for iteration, event in reversed(lane.events):
        if iteration <= lane.iteration and event.kind in NO_LIKELIHOOD:
            return NO_LIKELIHOOD[event.kind]
    return NO_LIKELIHOOD["left-constraints"]


def _band(style: Style) -> float:
    """The width of the hatched edge."""
    return max(9.0, 0.75 * style.font_size)


def draw_hatched_edge(painter: QPainter, area: QRectF, style: Style) -> None:
    """A hatched edge within the area: what is shown is no likelihood's climb any more."""
    band = _band(style)
    frame = QPainterPath()
    frame.addRect(area)
    inner = QPainterPath()
    inner.addRect(area.adjusted(band, band, -band, -band))
    edge = frame.subtracted(inner)
    painter.save()
    painter.fillPath(edge, style.colour("canvas", 0.8))
    painter.fillPath(edge, QBrush(style.colour("danger", 0.65), Qt.BrushStyle.BDiagPattern))
    painter.restore()


def draw_outside(painter: QPainter, area: QRectF, lane: LaneFrame, style: Style) -> None:
    """Says, at the foot of the area, why what is shown is no likelihood's climb any more."""
    text = why_no_likelihood(lane)
    painter.save()
    font = style.font(small=True, bold=True)
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(text) + 14, metrics.height() + 5
    top = area.bottom() - height - 0.2 * _band(style)
    plate = QRectF(area.center().x() - 0.5 * width, top, width, height)
    painter.setPen(style.pen("danger", style.axis_width))
    painter.setBrush(style.colour("canvas"))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setFont(font)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def draw_hint(painter: QPainter, area: QRectF, at: QPointF, text: str, style: Style) -> None:
    """A few words beside a place, kept inside the area."""
    font = style.font(small=True)
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(text) + 14, metrics.height() + 6
    away = 5.0 * style.point_radius + 4
    plate = QRectF(at.x() + away, at.y() + away, width, height)
    if plate.right() > area.right() - 4:
        plate.moveRight(min(at.x() - away, area.right() - 4))
    if plate.bottom() > area.bottom() - 4:
        plate.moveBottom(min(at.y() - away, area.bottom() - 4))
    plate.moveLeft(max(plate.left(), area.left() + 4))
    plate.moveTop(max(plate.top(), area.top() + 4))
    painter.save()
    painter.setPen(style.pen("line", style.axis_width))
    painter.setBrush(style.colour("panel", 0.95))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setFont(font)
    painter.setPen(style.pen("text"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
