"""Small drawings that are made once and stamped wherever they are wanted: marks, crosses, short words.

A mark of a few antialiased shapes costs as much as a hundred copies of its picture. It is kept for each quarter
of a device pixel at which it may stand, so that it moves as smoothly as if it were drawn.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from engine.parameters import Array
from gui.items.curve import FARTHEST_PIXEL
from gui.items.layer import device_scale, is_vector

STEPS = 4
"""Places within a device pixel, in each direction."""

MOST_KEPT = 4_000

Drawing = tuple[QRectF, Callable[[QPainter], None]]
"""What bounds a drawing around the origin, and what draws it there."""

_kept: OrderedDict[Hashable, tuple[QImage, int, int]] = OrderedDict()


def stamp(painter: QPainter, at: QPointF, key: Hashable, drawing: Callable[[], Drawing]) -> None:
    """Draws at a place what `drawing` gives; it is asked once for each `key`, which must say all that it depends on.

    On paper, and where the painter is turned, the drawing itself is drawn. Far beyond the screen there is nothing.
    """
    if not (abs(at.x()) < FARTHEST_PIXEL and abs(at.y()) < FARTHEST_PIXEL):
        return
    transform = painter.deviceTransform()
    if is_vector(painter) or transform.m12() != 0.0:
        painter.save()
        painter.translate(at)
        drawing()[1](painter)
        painter.restore()
        return
    scale = device_scale(painter)
    place = transform.map(at)
    column, x_step = divmod(math.floor(place.x() * STEPS + 0.5), STEPS)
    row, y_step = divmod(math.floor(place.y() * STEPS + 0.5), STEPS)
    picture, left, top = _picture(key, drawing, scale, x_step, y_step)
    shift = QPointF(column - left - place.x(), row - top - place.y()) / scale
    painter.drawImage(at + shift, picture)


def stamp_all(painter: QPainter, places: Array, key: Hashable, drawing: Callable[[], Drawing]) -> None:
    """`stamp` at many places (m, 2), at a fraction of the price of each."""
    transform = painter.deviceTransform()
    if is_vector(painter) or transform.m12() != 0.0 or device_scale(painter) != 1.0:
        for x, y in places.tolist():
            stamp(painter, QPointF(x, y), key, drawing)
        return
    # Qt's whole pixels have an end, which a deep zoom passes.
    places = places[np.all(np.abs(places) < FARTHEST_PIXEL, axis=1)]
    shift = np.array([transform.dx(), transform.dy()])
    pixels, steps = np.divmod(np.floor((places + shift) * STEPS + 0.5).astype(np.int64), STEPS)
    corners = pixels - shift.astype(np.int64)
    pictures: dict[int, tuple[QImage, int, int]] = {}
    variants = (steps[:, 0] * STEPS + steps[:, 1]).tolist()
    for (x, y), variant in zip(corners.tolist(), variants, strict=True):
        found = pictures.get(variant)
        if found is None:
            found = pictures[variant] = _picture(key, drawing, 1.0, *divmod(variant, STEPS))
        painter.drawImage(QPoint(x - found[1], y - found[2]), found[0])


def _picture(
    key: Hashable, drawing: Callable[[], Drawing], scale: float, x_step: int, y_step: int
) -> tuple[QImage, int, int]:
    full_key = (key, scale, x_step, y_step)
    found = _kept.get(full_key)
    if found is None:
        found = _kept[full_key] = _pictured(drawing(), scale, x_step / STEPS, y_step / STEPS)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(full_key)
    return found


def _pictured(drawing: Drawing, scale: float, x: float, y: float) -> tuple[QImage, int, int]:
    """A drawing whose origin is (x, y) device pixels beyond a pixel's corner, and which pixel that is."""
    bounds, content = drawing
    left, top = math.ceil(-bounds.left() * scale) + 1, math.ceil(-bounds.top() * scale) + 1
    width, height = math.ceil(bounds.right() * scale) + 2, math.ceil(bounds.bottom() * scale) + 2
    picture = QImage(max(1, left + width), max(1, top + height), QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(scale)
    canvas = QPainter(picture)
    canvas.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    canvas.translate((left + x) / scale, (top + y) / scale)
    content(canvas)
    canvas.end()
    return picture, left, top
