"""The triangle stays large while the paths stay inside it, and shrinks for what lies outside."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from gui.frame import Frame
from gui.items.path_extents import PathExtents
from gui.items.simplex_triangle import Triangle
from gui.style import style
from tests.gui.frames import FIRST_EXPERIMENT, recorded

AREA = QRectF(0, 0, 300, 215)


def frame_from(weights: list[float], lane: dict[str, Any] | None = None) -> Frame:
    """A frame at the start, or (with a lane) at the end of a short run."""
    document = FIRST_EXPERIMENT | {
        "start": FIRST_EXPERIMENT["start"] | {"weights": weights},
        "lanes": [lane or {"algorithm": "em"}],
        "stop": {"tolerance": 0.0, "max_iterations": 40 if lane else 1},
    }
    made = recorded(document)
    return made.frame(float(made.sources[0].trace.count - 1) if lane else 0.0)


@pytest.mark.parametrize("corner", [0, 1, 2])
def test_every_corner_of_the_simplex_has_room(application: Any, corner: int) -> None:
    weights = np.full(3, 1e-3)
    weights[corner] = 1 - 2e-3
    frame = frame_from(weights.tolist())
    triangle = Triangle(AREA, frame, style("light"), PathExtents())
    assert triangle.halvings == 0
    point = triangle.point(frame.lanes[0].components.weights, 0)
    assert point is not None
    assert AREA.contains(point)


def test_what_left_the_simplex_is_seen(application: Any) -> None:
    lane = {"algorithm": "gradient-ascent", "learning_rate": 0.6, "weight_coordinates": "drop-last"}
    frame = frame_from([0.15, 0.15, 0.7], lane | {"after_leaving": "continue"})
    triangle = Triangle(AREA, frame, style("light"), PathExtents())
    for weights in frame.lanes[0].weights_path:
        point = triangle.point(weights, 0)
        assert point is None or AREA.contains(point)
