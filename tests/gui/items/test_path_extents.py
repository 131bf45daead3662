"""How far paths reach is what all of their points say, however the cursor came there."""

import numpy as np
import pytest

from engine.parameters import Array
from gui.frame import Frame
from gui.items.path_extents import PathExtents
from tests.gui.frames import first_experiment


def measure(weights: Array) -> Array:
    return np.asarray(np.abs(weights - 1 / 3).max(axis=1))


def expected(frame: Frame) -> float:
    return max(
        float(measure(np.vstack((lane.weights_path, lane.components.weights))).max()) for lane in frame.lanes
    )


def test_it_is_the_greatest_of_all_points_forwards_and_backwards() -> None:
    extents, recorded = PathExtents(), first_experiment()
    for cursor in (0.0, 1.0, 2.0, 40.0, 41.0, 300.0, 7.0, 8.0, 120.0, 0.0):
        frame = recorded.frame(cursor)
        assert extents.greatest(frame, "key", measure) == pytest.approx(expected(frame), rel=1e-15)


def test_a_point_is_measured_once_as_the_path_grows() -> None:
    extents, recorded = PathExtents(), first_experiment()
    seen: list[int] = []

    def counted(weights: Array) -> Array:
        seen.append(len(weights))
        return measure(weights)

    for cursor in range(100):
        extents.greatest(recorded.frame(float(cursor)), "key", counted)
    frame = recorded.frame(99.0)
    assert sum(seen) == sum(len(lane.path_iterations) for lane in frame.lanes)


def test_another_measure_begins_anew() -> None:
    extents, frame = PathExtents(), first_experiment().frame(50.0)
    one = extents.greatest(frame, "one", measure)
    assert extents.greatest(frame, "twice", lambda weights: 2 * measure(weights)) == pytest.approx(2 * one)
