"""Small discs in every colour of a table, drawn once and stamped many times."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtGui import QImage, QPainter, QPixmap

from engine.parameters import Array
from gui.items.colour_table import colour_table
from gui.style import Style

ACROSS = 64
OPACITY = 0.9
HALO = 0.7
HALO_OPACITY = 0.55

X, Y, SOURCE_LEFT, SOURCE_TOP, WIDTH, HEIGHT, SCALE_X, SCALE_Y, OPACITY_PLACE = 0, 1, 2, 3, 4, 5, 6, 7, 9
FRAGMENT_NUMBERS = 10


def disc_coverage(radius: float, size: int) -> Array:
    """How much of each pixel of a (size, size) square a centred disc covers, 0 to 1."""
    offset = np.arange(size) - 0.5 * (size - 1)
    distance = np.hypot(offset[:, None], offset[None, :])
    return np.asarray(np.clip(radius + 0.5 - distance, 0.0, 1.0))


@lru_cache(maxsize=4)
def _atlas(style: Style, radius: float) -> tuple[QImage, int]:
    """A picture with 64 x 64 discs, one for each code, and the side of a disc's square in pixels."""
    size = 2 * math.ceil(radius + HALO + 0.5)
    disc = OPACITY * disc_coverage(radius, size)
    ring = HALO_OPACITY * disc_coverage(radius + HALO, size)
    alpha = disc + ring * (1 - disc)
    halo = style.colour("canvas")
    behind = (ring * (1 - disc))[:, :, None] * np.array([halo.blue(), halo.green(), halo.red()])
    colours = colour_table(style.components, style.ghost).colours[:, ::-1]
    atlas = np.empty((ACROSS, size, ACROSS, size, 4), dtype=np.uint8)
    for row in range(ACROSS):
        some = colours[row * ACROSS : (row + 1) * ACROSS]
        atlas[row, ..., :3] = np.rint(disc[:, None, :, None] * some[None, :, None, :] + behind[:, None])
        atlas[row, ..., 3] = np.rint(255 * alpha)[:, None, :]
    side = ACROSS * size
    pixels = np.ascontiguousarray(atlas.reshape(side, side, 4))
    picture = QImage(pixels.data.cast("B"), side, side, 4 * side, QImage.Format.Format_ARGB32_Premultiplied)
    return picture.copy(), size


class Sprites:
    """Discs of one style at one resolution; `scale` is device pixels for one logical pixel."""

    def __init__(self, style: Style, scale: float) -> None:
        self._radius = style.point_radius * scale
        picture, self._size = _atlas(style, round(self._radius, 2))
        self._pixmap = QPixmap.fromImage(picture)
        self._scale = scale

    def fragments(self, x: Array, y: Array, sizes: Array | None) -> Array:
        """What is drawn at pixels x, y (m,), `sizes` times as wide; the colours are still open."""
        found = np.zeros((len(x), FRAGMENT_NUMBERS))
        found[:, X], found[:, Y] = x, y
        found[:, WIDTH] = found[:, HEIGHT] = self._size
        found[:, SCALE_X] = found[:, SCALE_Y] = (1.0 if sizes is None else sizes) / self._scale
        found[:, OPACITY_PLACE] = 1.0
        return found

    def draw(self, painter: QPainter, fragments: Array, codes: npt.NDArray[np.intp]) -> None:
        """Stamps the fragments in the colours of the codes (m,)."""
        if not len(fragments):
            return
        fragments[:, SOURCE_LEFT] = codes % ACROSS * self._size
        fragments[:, SOURCE_TOP] = codes // ACROSS * self._size
        first: Any = shiboken6.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
        painter.drawPixmapFragments(first, len(fragments), self._pixmap)
