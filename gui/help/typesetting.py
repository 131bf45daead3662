"""Formulas in LaTeX as pictures: ziamath sets them as paths, Qt paints these in any size and colour.

ziamath is pure Python with its own font, so that it works offline and everywhere alike; its import takes half a
second of computing, and a formula some hundredths of one, which is why a thread does both.
"""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SET_AT = 20.0
"""Pixels of the type in which formulas are set; they are scaled from there."""


@cache
def typeset(formula: str) -> bytes:
    """A formula as an SVG in black; raises ValueError for what is no LaTeX."""
    from ziamath.config import config
    from ziamath.zmath import Latex

    # Qt reads SVG 1: every glyph as a path of its own, and no symbols.
    config.svg2 = False
    try:
        svg = Latex(formula, size=SET_AT).svg()
    except Exception as error:
        raise ValueError(f"{formula!r} cannot be typeset: {error}") from error
    return svg.encode()


def painted(svg: bytes, colour: QColor, size: float, widest: float, density: float) -> QImage:
    """What `typeset` gave, in type of `size` pixels or smaller, so that it is at most `widest` pixels wide.

    `density` is the number of the screen's dots in a pixel.
    """
    renderer = QSvgRenderer(QByteArray(svg))
    natural = renderer.defaultSize()
    scale = min(size / SET_AT, widest / max(1, natural.width()))
    width, height = natural.width() * scale, natural.height() * scale
    image = QImage(
        max(1, round(width * density)),
        max(1, round(height * density)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, image.width(), image.height()))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), colour)
    painter.end()
    image.setDevicePixelRatio(density)
    return image
