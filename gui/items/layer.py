"""Pictures that are kept: what rarely changes is drawn once, what grows is drawn on."""

import math
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap


def is_vector(painter: QPainter) -> bool:
    """Whether it paints on paper or into a drawing, where a kept picture would lose its sharpness."""
    engine = painter.paintEngine()
    return engine is not None and engine.type() != QPaintEngine.Type.Raster


def device_scale(painter: QPainter) -> float:
    """Device pixels for one logical pixel, a scaled painter included."""
    transform = painter.deviceTransform()
    return max(1e-6, math.hypot(transform.m11(), transform.m12()))


class Layer:
    """A transparent picture, kept until its key, its size or the screen's scale changes."""

    def __init__(self) -> None:
        self._pixmap: QPixmap | None = None
        self._key: Hashable = None
        self._fits = (0.0, 0.0, 0.0)

    def draw(
        self,
        painter: QPainter,
        size: QSizeF,
        key: Hashable,
        content: Callable[[QPainter], None],
        within: QRectF | None = None,
    ) -> None:
        """Shows the picture at the painter's origin, after `content` has drawn it where that is needed.

        What is drawn lies `within` a part of it, if that is given.
        """
        if is_vector(painter):
            content(painter)
            return
        if self.begin(painter, size, key):
            with self.painting() as canvas:
                content(canvas)
        self.show(painter, within)

    def begin(self, painter: QPainter, size: QSizeF, key: Hashable) -> bool:
        """Makes the picture fit for what is about to be shown; true if it is blank again."""
        scale = device_scale(painter)
        full_key = (key, size.width(), size.height(), scale)
        if self._pixmap is not None and full_key == self._key:
            return False
        fits = (size.width(), size.height(), scale)
        # To get so much memory anew costs several times as much as to wipe it.
        if self._pixmap is None or fits != self._fits:
            self._pixmap = QPixmap(
                max(1, math.ceil(size.width() * scale)), max(1, math.ceil(size.height() * scale))
            )
            self._pixmap.setDevicePixelRatio(scale)
            self._fits = fits
        self._pixmap.fill(Qt.GlobalColor.transparent)
        self._key = full_key
        return True

    @contextmanager
    def painting(self) -> Iterator[QPainter]:
        """A painter on the picture. Where drawing fails, the next `begin` starts blank."""
        assert self._pixmap is not None
        canvas = QPainter(self._pixmap)
        canvas.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        try:
            yield canvas
        except BaseException:
            # Ended first: a picture that goes while a painter is at work on it takes the process with it.
            canvas.end()
            self.forget()
            raise
        canvas.end()

    def forget(self) -> None:
        """The next `begin` starts blank."""
        self._pixmap, self._key = None, None

    def show(self, painter: QPainter, within: QRectF | None = None, opacity: float = 1.0) -> None:
        """Paints the picture, or the part of it within a rectangle."""
        if self._pixmap is None:
            return
        painter.save()
        painter.setOpacity(opacity)
        if within is not None:
            painter.setClipRect(within, Qt.ClipOperation.IntersectClip)
        painter.drawPixmap(QPointF(0, 0), self._pixmap)
        painter.restore()
