"""A sentence in the middle of a view that has nothing to draw."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from gui.style import Style


def draw_sentence(painter: QPainter, area: QRectF, words: str, style: Style) -> None:
    """Muted, centred, broken where it is too long for a line."""
    painter.setFont(style.font(small=True))
    painter.setPen(style.pen("muted"))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(8, 8, -8, -8), flags, words)
