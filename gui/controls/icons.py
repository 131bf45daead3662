"""Icons as paths of our own in a box of 16 x 16, in the colours of the style."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from gui.style import Style

BOX = 16.0
RESOLUTIONS = (1.0, 2.0, 3.0)
Drawing = Callable[[QPainter, QColor], None]


def icon(name: str, style: Style, role: str = "text") -> QIcon:
    """The icon called `name`, in the colour of a role, paler where its button is off."""
    found = QIcon()
    for mode, opacity in ((QIcon.Mode.Normal, 1.0), (QIcon.Mode.Disabled, 0.35)):
        for resolution in RESOLUTIONS:
            found.addPixmap(_pixmap(DRAWINGS[name], style.colour(role, opacity), resolution), mode)
    return found


def icon_size(style: Style) -> QSize:
    """The icons' size beside the style's text."""
    side = round(style.font_size * 1.25)
    return QSize(side, side)


def round_pen(colour: QColor, width: float) -> QPen:
    """A pen with round ends and corners."""
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def paint_chevron(painter: QPainter, centre: QPointF, colour: QColor, down: bool, size: float = 3.2) -> None:
    """A small open arrow, pointing down or to the right."""
    painter.setPen(round_pen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = size / 2
    points = (
        ((-size, -half), (0.0, half), (size, -half)) if down else ((-half, -size), (half, 0.0), (-half, size))
    )
    painter.drawPolyline(QPolygonF([centre + QPointF(x, y) for x, y in points]))


def _pixmap(draw: Drawing, colour: QColor, resolution: float) -> QPixmap:
    side = round(BOX * resolution)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(resolution, resolution)
    draw(painter, colour)
    painter.end()
    return pixmap


def _polygon(painter: QPainter, colour: QColor, *points: tuple[float, float]) -> None:
    painter.setPen(round_pen(colour, 1.0))
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))


def _bar(painter: QPainter, colour: QColor, x: float, width: float = 2.2) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(x, 3.0, width, 10.0), 0.8, 0.8)


def _run(painter: QPainter, colour: QColor) -> None:
    _polygon(painter, colour, (4.5, 3.0), (13.0, 8.0), (4.5, 13.0))


def _pause(painter: QPainter, colour: QColor) -> None:
    _bar(painter, colour, 4.0, 3.0)
    _bar(painter, colour, 9.0, 3.0)


def _step(painter: QPainter, colour: QColor) -> None:
    _polygon(painter, colour, (3.0, 3.8), (9.5, 8.0), (3.0, 12.2))
    _bar(painter, colour, 11.2)


def _back(painter: QPainter, colour: QColor) -> None:
    _polygon(painter, colour, (13.0, 3.8), (6.5, 8.0), (13.0, 12.2))
    _bar(painter, colour, 2.6)


def _half_step(painter: QPainter, colour: QColor) -> None:
    """The upper half of the step's arrow is full, the lower one an outline: one of two halves."""
    painter.setPen(round_pen(colour, 1.1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([QPointF(3.5, 3.8), QPointF(10.5, 8.0), QPointF(3.5, 12.2)]))
    _polygon(painter, colour, (3.5, 3.8), (10.5, 8.0), (3.5, 8.0))
    painter.setPen(round_pen(colour, 1.4))
    for y in (3.7, 7.2, 10.7):
        painter.drawLine(QPointF(12.8, y), QPointF(12.8, y + 1.5))


def _reset(painter: QPainter, colour: QColor) -> None:
    painter.setPen(round_pen(colour, 1.7))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath()
    box = QRectF(3.0, 3.2, 10.0, 10.0)
    path.arcMoveTo(box, 130.0)
    path.arcTo(box, 130.0, -300.0)
    painter.drawPath(path)
    _polygon(painter, colour, (2.6, 2.2), (7.4, 3.2), (3.6, 6.6))


def _die(painter: QPainter, colour: QColor) -> None:
    painter.setPen(round_pen(colour, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(2.5, 2.5, 11.0, 11.0), 2.4, 2.4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)


def _data_seed(painter: QPainter, colour: QColor) -> None:
    """A die whose pips are data points."""
    _die(painter, colour)
    for x, y in ((5.4, 5.4), (10.6, 5.4), (8.0, 8.0), (5.4, 10.6), (10.6, 10.6)):
        painter.drawEllipse(QPointF(x, y), 1.15, 1.15)


def _start_seed(painter: QPainter, colour: QColor) -> None:
    """A die that shows a cross: where the means start."""
    _die(painter, colour)
    painter.setPen(round_pen(colour, 1.6))
    painter.drawLine(QPointF(5.4, 8.0), QPointF(10.6, 8.0))
    painter.drawLine(QPointF(8.0, 5.4), QPointF(8.0, 10.6))


def _open(painter: QPainter, colour: QColor) -> None:
    painter.setPen(round_pen(colour, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(
        QPolygonF(
            [
                QPointF(x, y)
                for x, y in (
                    (2.2, 12.8),
                    (2.2, 3.4),
                    (6.2, 3.4),
                    (7.6, 5.2),
                    (12.6, 5.2),
                    (12.6, 7.4),
                )
            ]
        )
    )
    painter.drawPolygon(
        QPolygonF([QPointF(x, y) for x, y in ((2.2, 12.8), (4.4, 7.4), (14.4, 7.4), (12.2, 12.8))])
    )


def _defaults(painter: QPainter, colour: QColor) -> None:
    """An arrow that turns back."""
    painter.setPen(round_pen(colour, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath(QPointF(4.2, 6.0))
    path.lineTo(9.4, 6.0)
    path.arcTo(QRectF(6.2, 6.0, 6.4, 6.4), 90.0, -180.0)
    path.lineTo(5.6, 12.4)
    painter.drawPath(path)
    _polygon(painter, colour, (2.6, 6.0), (6.2, 3.6), (6.2, 8.4))


def _remove(painter: QPainter, colour: QColor) -> None:
    painter.setPen(round_pen(colour, 1.6))
    painter.drawLine(QPointF(4.6, 4.6), QPointF(11.4, 11.4))
    painter.drawLine(QPointF(11.4, 4.6), QPointF(4.6, 11.4))


def _add(painter: QPainter, colour: QColor) -> None:
    painter.setPen(round_pen(colour, 1.7))
    painter.drawLine(QPointF(8.0, 3.6), QPointF(8.0, 12.4))
    painter.drawLine(QPointF(3.6, 8.0), QPointF(12.4, 8.0))


DRAWINGS: dict[str, Drawing] = {
    "run": _run,
    "pause": _pause,
    "step": _step,
    "half-step": _half_step,
    "back": _back,
    "reset": _reset,
    "data-seed": _data_seed,
    "start-seed": _start_seed,
    "open": _open,
    "remove": _remove,
    "add": _add,
    "defaults": _defaults,
}
