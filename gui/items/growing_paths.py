"""The lanes' paths through the weights, drawn on as the cursor moves forward."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QPainter

from engine.parameters import Array
from gui.frame import Frame
from gui.items.curve import draw_path, without_repeats
from gui.items.layer import Layer, is_vector
from gui.items.path_extents import PathSeen
from gui.lane_frame import LaneFrame
from gui.style import Style

LEAST_PIXELS = 0.4
"""A path that has not come further since it was last drawn on waits until it has."""

Pixels = Callable[[Array, npt.NDArray[np.intp]], tuple[Array, Array]]


@dataclass
class _Drawn(PathSeen):
    """How much of a path is in the picture, where the pen stands (None: nowhere yet) and how far it has travelled."""

    pen: tuple[float, float] | None = None
    travelled: float = 0.0


class GrowingPaths:
    """All lanes' paths in one kept picture."""

    def __init__(self) -> None:
        self._layer = Layer()
        self._drawn: list[_Drawn] = []

    def draw(
        self, painter: QPainter, frame: Frame, style: Style, size: QSizeF, key: Hashable, pixels: Pixels
    ) -> None:
        """Shows the paths at the painter's origin; `pixels` says where weights stand."""
        if is_vector(painter):
            _draw_pieces(painter, _new_pieces(frame, pixels, [_Drawn() for _ in frame.lanes]), style)
        else:
            self._draw_on(painter, frame, style, size, key, pixels)
            self._layer.show(painter)
        _draw_last_pieces(painter, frame, style, pixels)

    def _draw_on(
        self, painter: QPainter, frame: Frame, style: Style, size: QSizeF, key: Hashable, pixels: Pixels
    ) -> None:
        fitting = len(self._drawn) == len(frame.lanes) and all(
            drawn.fits(lane) for drawn, lane in zip(self._drawn, frame.lanes, strict=True)
        )
        if not fitting:
            self._layer.forget()
        if self._layer.begin(painter, size, (key, frame.scene.generation)):
            self._drawn = [_Drawn() for _ in frame.lanes]
        pieces = _new_pieces(frame, pixels, self._drawn)
        if pieces:
            with self._layer.painting() as canvas:
                _draw_pieces(canvas, pieces, style)


def _new_pieces(
    frame: Frame, pixels: Pixels, progress: Sequence[_Drawn]
) -> list[tuple[_Drawn, LaneFrame, Array, Array]]:
    """What of each path has not been drawn yet, from where the pen stands, if it leads as far as can be seen."""
    pieces = []
    for lane, drawn in zip(frame.lanes, progress, strict=True):
        part = slice(drawn.count, len(lane.path_iterations))
        if part.stop <= part.start:
            continue
        weights = lane.weights_path[part]
        finite = np.isfinite(weights).all(axis=1)
        x, y = pixels(weights[finite], lane.path_iterations[part][finite])
        if drawn.pen is not None:
            x, y = np.concatenate(((drawn.pen[0],), x)), np.concatenate(((drawn.pen[1],), y))
        if len(x) > 1 and max(np.ptp(x), np.ptp(y)) >= LEAST_PIXELS:
            pieces.append((drawn, lane, x, y))
            continue
        if len(x) and drawn.pen is None:
            drawn.pen = (float(x[0]), float(y[0]))
        drawn.follow(lane)
    return pieces


def _draw_pieces(
    painter: QPainter, pieces: Sequence[tuple[_Drawn, LaneFrame, Array, Array]], style: Style
) -> None:
    for drawn, lane, x, y in pieces:
        pen = style.lane_pen(lane.index)
        drawn.travelled = draw_path(painter, *without_repeats(x, y), pen, drawn.travelled)
        drawn.pen = (float(x[-1]), float(y[-1]))
        drawn.follow(lane)


def _draw_last_pieces(painter: QPainter, frame: Frame, style: Style, pixels: Pixels) -> None:
    """From the last point that was kept to where the lane is: long traces keep only some points."""
    for lane in frame.lanes:
        if not len(lane.path_iterations) or lane.path_iterations[-1] == lane.iteration:
            continue
        both = np.stack((lane.weights_path[-1], lane.components.weights))
        if np.all(np.isfinite(both)):
            iterations = np.array([lane.path_iterations[-1], lane.iteration], dtype=np.intp)
            draw_path(painter, *pixels(both, iterations), style.lane_pen(lane.index))
