"""The lanes' paths through the weights, drawn on as the cursor moves forward."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QPainter

from engine.parameters import Array
from gui.frame import Frame, LaneFrame
from gui.items.curve import draw_path, without_repeats
from gui.items.layer import Layer, is_vector
from gui.style import Style

Pixels = Callable[[Array, npt.NDArray[np.intp]], tuple[Array, Array]]


@dataclass
class _Drawn:
    """How much of a path is in the picture, and its last point, to notice that it was replaced."""

    count: int = 0
    iteration: int = -1
    weights: tuple[float, ...] = ()
    travelled: float = 0.0

    def fits(self, lane: LaneFrame) -> bool:
        if self.count == 0:
            return True
        if len(lane.path_iterations) < self.count or lane.path_iterations[self.count - 1] != self.iteration:
            return False
        return np.array_equal(lane.weights_path[self.count - 1], self.weights, equal_nan=True)


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
            _draw_all(painter, frame, style, pixels, [_Drawn() for _ in frame.lanes])
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
        lanes = zip(frame.lanes, self._drawn, strict=True)
        if all(len(lane.path_iterations) == drawn.count for lane, drawn in lanes):
            return
        canvas = self._layer.canvas()
        try:
            _draw_all(canvas, frame, style, pixels, self._drawn)
        except BaseException:
            self._layer.forget()
            raise
        finally:
            canvas.end()


def _draw_all(
    painter: QPainter, frame: Frame, style: Style, pixels: Pixels, progress: Sequence[_Drawn]
) -> None:
    for lane, drawn in zip(frame.lanes, progress, strict=True):
        count = len(lane.path_iterations)
        if count <= drawn.count:
            continue
        part = slice(max(0, drawn.count - 1), count)
        weights = lane.weights_path[part]
        finite = np.all(np.isfinite(weights), axis=1)
        x, y = pixels(weights[finite], lane.path_iterations[part][finite])
        pen = style.lane_pen(lane.index)
        drawn.travelled = draw_path(painter, *without_repeats(x, y), pen, drawn.travelled)
        drawn.count, drawn.iteration = count, int(lane.path_iterations[-1])
        drawn.weights = tuple(lane.weights_path[-1].tolist())


def _draw_last_pieces(painter: QPainter, frame: Frame, style: Style, pixels: Pixels) -> None:
    """From the last point that was kept to where the lane is: long traces keep only some points."""
    for lane in frame.lanes:
        if not len(lane.path_iterations) or lane.path_iterations[-1] == lane.iteration:
            continue
        both = np.stack((lane.weights_path[-1], lane.components.weights))
        if np.all(np.isfinite(both)):
            iterations = np.array([lane.path_iterations[-1], lane.iteration], dtype=np.intp)
            draw_path(painter, *pixels(both, iterations), style.lane_pen(lane.index))
