"""Very many points as one picture: how densely they cover each pixel, under a field of colours."""

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.parameters import Array
from gui.items.axes import Axes
from gui.items.sprites import disc_coverage

STAMP_RADIUS = 1.5
MOST_OPAQUE_STAMP = 0.8
FULL_COVER = 2.2
"""Stamps upon each other, on average, at which a picture of stamps is as dark as it should get."""
BIN_PIXELS = 2
CONTRAST = 0.75
GRAIN_QUANTILE = 0.998
PIECE = 1 << 16


def counts_of_pixels(
    axes: Axes, positions: Array, weights: Array | None, width: int, height: int, scale: float
) -> Array:
    """How many points (weighted) fall on each of (height, width) pixels, `scale` of them a logical pixel."""
    counts = np.zeros(width * height)
    # In pieces, because new memory for a million numbers takes longer than to count them.
    for first in range(0, len(positions), PIECE):
        some = positions[first : first + PIECE]
        some_weights = None if weights is None else weights[first : first + PIECE]
        # Truncation rounds towards 0; one more and one less makes it round down from the edge on.
        x = ((some[:, 0] - axes.x_low) * (axes.x_scale * scale) + 1.0).astype(np.int64)
        y = ((axes.y_high - some[:, 1]) * (axes.y_scale * scale) + 1.0).astype(np.int64)
        inside = (x > 0) & (x <= width) & (y > 0) & (y <= height)
        places = (y - 1) * width + (x - 1)
        if not np.all(inside):
            places = places[inside]
            some_weights = None if some_weights is None else some_weights[inside]
        counts += np.bincount(places, some_weights, minlength=width * height)
    return counts.reshape(height, width)


_newest: list[tuple[Array, Array | None, tuple[float, ...], Array]] = []


def counts_for_canvases(
    axes: Axes, positions: Array, weights: Array | None, width: int, height: int, scale: float
) -> Array:
    """The same, counted once where canvases side by side show the same points; not to be written to."""
    seen = (axes.x_low, axes.y_high, axes.x_scale, axes.y_scale, width, height, scale)
    if _newest and _newest[0][0] is positions and _newest[0][1] is weights and _newest[0][2] == seen:
        return _newest[0][3]
    counts = counts_of_pixels(axes, positions, weights, width, height, scale)
    counts.setflags(write=False)
    _newest[:] = [(positions, weights, seen, counts)]
    return counts


def stamped_opacity(counts: Array, radius: float) -> Array:
    """Opacity (height, width) of discs of `radius` pixels stamped at every counted pixel.

    The opacity of one stamp follows from how crowded the picture is, so that both a few and very many
    points keep their shape.
    """
    side = 2 * math.ceil(radius) + 1
    cover = _spread_by(counts, disc_coverage(radius, side))
    covered = cover[cover > 0.2]
    crowd = float(np.mean(covered)) if covered.size else 1.0
    opacity = min(MOST_OPAQUE_STAMP, 1.0 - math.exp(-FULL_COVER / crowd))
    return np.asarray(1.0 - np.exp(math.log1p(-opacity) * cover))


def density_opacity(counts: Array) -> Array:
    """Opacity (height, width) on a log scale of the counts, a single point still visible."""
    binomial = np.array([1.0, 2.0, 1.0])
    smooth = _spread_by(counts, np.outer(binomial, binomial) / 16.0)
    occupied = smooth[smooth > 0]
    if not occupied.size:
        return np.asarray(smooth)
    highest = math.log1p(float(np.quantile(occupied, GRAIN_QUANTILE)))
    level = np.minimum(np.log1p(smooth) / max(highest, 1e-12), 1.0)
    return np.asarray(level**CONTRAST)


def _spread_by(counts: Array, kernel: Array) -> Array:
    reach = len(kernel) // 2
    height, width = counts.shape
    padded = np.pad(counts.astype(np.float32), reach)
    spread = np.zeros((height, width), dtype=np.float32)
    for row, line in enumerate(kernel):
        for column, share in enumerate(line):
            if share > 0:
                spread += np.float32(share) * padded[row : row + height, column : column + width]
    return spread.astype(np.float64)


class PointImage:
    """The covered pixels of an area; what colours them may change from frame to frame."""

    def __init__(
        self, axes: Axes, positions: Array, weights: Array | None, scale: float, as_density: bool
    ) -> None:
        area = axes.area
        width, height = max(1, round(area.width() * scale)), max(1, round(area.height() * scale))
        self._area = area
        if as_density:
            each = BIN_PIXELS * scale
            columns, rows = math.ceil(width / each), math.ceil(height / each)
            counts = counts_for_canvases(axes, positions, weights, columns, rows, 1.0 / BIN_PIXELS)
            bins = _mask(density_opacity(counts))
            self._mask = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
            painter = QPainter(self._mask)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(QRectF(0, 0, columns * each, rows * each), bins)
            painter.end()
        else:
            if weights is not None:
                weights = weights / max(float(np.mean(weights)), 1e-300)
            counts = counts_for_canvases(axes, positions, weights, width, height, scale)
            self._mask = _mask(stamped_opacity(counts, STAMP_RADIUS * scale))

    def coloured(self, field: QImage, cell: float) -> QImage:
        """The points in the colours of a field, whose pixels are squares of `cell` logical pixels."""
        scale = self._mask.width() / self._area.width()
        picture = QImage(self._mask.size(), QImage.Format.Format_ARGB32_Premultiplied)
        canvas = QPainter(picture)
        canvas.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        canvas.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        stretched = QRectF(0, 0, field.width() * cell * scale, field.height() * cell * scale)
        canvas.drawImage(stretched, field)
        return self._masked(canvas, picture)

    def plain(self, colour: QColor) -> QImage:
        """The points in one colour."""
        picture = QImage(self._mask.size(), QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(colour)
        return self._masked(QPainter(picture), picture)

    def show(self, painter: QPainter, picture: QImage) -> None:
        """Paints what one of the above has made."""
        painter.drawImage(self._area, picture)

    def _masked(self, canvas: QPainter, picture: QImage) -> QImage:
        canvas.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        canvas.drawImage(QPointF(0, 0), self._mask)
        canvas.end()
        return picture


def image_of(pixels: npt.NDArray[np.uint32], opaque: bool = True) -> QImage:
    """A picture of 0xAARRGGBB pixels (height, width), with memory of its own."""
    height, width = pixels.shape
    kind = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    contiguous = np.ascontiguousarray(pixels)
    return QImage(contiguous.data.cast("B"), width, height, 4 * width, kind).copy()


def _mask(opacity: Array) -> QImage:
    return image_of(np.rint(255.0 * opacity).astype(np.uint32) << np.uint32(24), opaque=False)
