"""How far the lanes' paths through the weights reach, each point looked at once."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from engine.parameters import Array
from gui.frame import Frame
from gui.lane_frame import LaneFrame


@dataclass
class PathSeen:
    """How much of a lane's path is known, and its last point, to notice that it was replaced."""

    count: int = 0
    iteration: int = -1
    weights: bytes = b""

    def fits(self, lane: LaneFrame) -> bool:
        """Whether the lane's path only goes on from there."""
        if self.count == 0:
            return True
        if len(lane.path_iterations) < self.count or lane.path_iterations[self.count - 1] != self.iteration:
            return False
        return bool(lane.weights_path[self.count - 1].tobytes() == self.weights)

    def follow(self, lane: LaneFrame) -> None:
        """All of the lane's path is known now."""
        self.count, self.iteration = len(lane.path_iterations), int(lane.path_iterations[-1])
        self.weights = lane.weights_path[-1].tobytes()


class PathExtents:
    """The greatest of a measure over all lanes' paths up to the cursor."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._known: list[tuple[PathSeen, float]] = []

    def greatest(self, frame: Frame, key: Hashable, measure: Callable[[Array], Array]) -> float:
        """The greatest of `measure` (m,) of finite weights (m, K), at least 0; `key` says what it depends on."""
        key = (key, frame.scene.generation, len(frame.lanes))
        if key != self._key:
            self._key, self._known = key, [(PathSeen(), 0.0) for _ in frame.lanes]
        greatest = 0.0
        for place, lane in enumerate(frame.lanes):
            seen, most = self._known[place]
            if not seen.fits(lane):
                seen, most = PathSeen(), 0.0
            if len(lane.path_iterations) > seen.count:
                most = max(most, _greatest(measure, lane.weights_path[seen.count :]))
                seen.follow(lane)
                self._known[place] = (seen, most)
            greatest = max(greatest, most)
            if seen.iteration != lane.iteration:
                greatest = max(greatest, _greatest(measure, lane.components.weights[None, :]))
        return greatest


def _greatest(measure: Callable[[Array], Array], weights: Array) -> float:
    finite = weights[np.isfinite(weights).all(axis=1)]
    return float(measure(finite).max()) if len(finite) else 0.0
