"""Which part of the data the canvases show: one for all of them, so that zoom and pan are linked."""

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.dataset import Dataset
from engine.parameters import Array
from gui.projection import Projection
from gui.scene import Scene

DEEPEST_ZOOM = 1e-6
WIDEST_VIEW = 1e3


class Viewport(QObject):
    """The limits shown, (p, 2) in canvas coordinates with p = 1 or 2; `changed` tells of every move.

    The two axes are scaled independently: data on wildly different scales fill the canvas, too. While it is
    `held`, new data in the same place change nothing: the canvas stands still under a brush.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._whole: Array = np.array([[0.0, 1.0], [0.0, 1.0]])
        self._limits = self._whole
        self._dataset: Dataset | None = None
        self.held = False
        self._projection: Projection | None = None

    @property
    def limits(self) -> Array:
        """What is shown now, (p, 2)."""
        return self._limits

    @property
    def is_whole(self) -> bool:
        """Whether all the data are shown, as at first."""
        return bool(np.array_equal(self._limits, self._whole))

    def show_scene(self, scene: Scene) -> None:
        """Fits a scene of new data or another projection; where only the start changed, nothing moves."""
        if scene.dataset is self._dataset and same_projection(scene.projection, self._projection):
            return
        same_place = same_projection(scene.projection, self._projection)
        self._dataset, self._projection = scene.dataset, scene.projection
        self._whole = np.array(scene.limits)
        if not (self.held and same_place):
            self._move(self._whole)

    def reset(self) -> None:
        """Shows all the data again."""
        self._move(self._whole)

    def zoom(self, about: Array, factor: float) -> None:
        """Scales what is shown by `factor` (< 1 comes closer); the point `about` (p,) stays where it is."""
        whole = self._whole[:, 1] - self._whole[:, 0]
        size = (self._limits[:, 1] - self._limits[:, 0]) / whole
        factor = min(max(factor, DEEPEST_ZOOM / float(np.min(size))), WIDEST_VIEW / float(np.max(size)))
        about = np.asarray(about)[:, None]
        self._move(about + (self._limits - about) * factor)

    def pan(self, by: Array) -> None:
        """Moves what is shown by (p,) in canvas coordinates."""
        self._move(self._limits + np.asarray(by)[:, None])

    def _move(self, limits: Array) -> None:
        if not np.array_equal(limits, self._limits):
            self._limits = limits
            self.changed.emit()


def same_projection(one: Projection, other: Projection | None) -> bool:
    """Whether two projections put every row in the same place."""
    return other is not None and (
        one is other
        or (
            one.labels == other.labels
            and np.array_equal(one.matrix, other.matrix)
            and np.array_equal(one.origin, other.origin)
        )
    )
