"""Few hidden states' transitions on the simplex: each row of probabilities is a point with a path of its own."""

import dataclasses

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.parameters import Array
from gui.frame import Frame
from gui.items.simplex_chart import Chart
from gui.lane_frame import LaneFrame
from gui.scene import Components
from gui.style import Style

DRAWN_STATES = (2, 3, 4)
"""So many probabilities in a row have a picture of their own: a line, a triangle, a tetrahedron."""


def entered(state: int) -> str:
    """What a row's probability is called: that of entering this state, counted from 0."""
    return f"to state {state + 1}"


def rows_as_lanes(frame: Frame) -> Frame | None:
    """The frame with a lane for each row of each lane's transitions; None where there are none to be drawn."""
    lanes = [each for lane in frame.lanes for each in _rows(lane)]
    if not lanes or len(lanes[0].components.weights) not in DRAWN_STATES:
        return None
    return dataclasses.replace(frame, lanes=tuple(lanes), pins=())


def start_rows(frame: Frame) -> Array:
    """The transitions (K, K) of the start."""
    return frame.scene.start_parameters["transitions"]


def _rows(lane: LaneFrame) -> list[LaneFrame]:
    if lane.transitions_path is None:
        return []
    iterations, path = lane.transitions_path
    found = []
    for state, row in enumerate(lane.parameters["transitions"]):
        count = len(row)
        here = Components(row, np.zeros((count, 1)), np.zeros((count, 1, 1)))
        found.append(
            dataclasses.replace(
                lane,
                components=here,
                next_components=None,
                path_iterations=iterations,
                weights_path=path[:, state],
            )
        )
    return found


def number_rows_on(painter: QPainter, rows: Frame, chart: Chart, style: Style) -> None:
    """Beside the first lane's mark of each row the state that it leaves, in that state's colour."""
    painter.setFont(style.font(small=True, bold=True))
    metrics = QFontMetricsF(painter.font())
    states = len(rows.lanes[0].components.weights)
    for state, lane in enumerate(rows.lanes[:states]):
        at = chart.point(lane.components.weights, lane.iteration)
        if at is None:
            continue
        text = f"from {state + 1}"
        aside = 2.6 * style.point_radius
        box = QRectF(
            at.x() + aside, at.y() - metrics.height(), metrics.horizontalAdvance(text) + 4, metrics.height()
        )
        if not chart.area.contains(box):
            continue
        painter.fillRect(box, style.colour("canvas", 0.8))
        painter.setPen(style.component(state))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
