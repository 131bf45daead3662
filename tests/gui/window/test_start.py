"""The start dragged by the mouse: on the canvases and in the simplex; and clicks that change nothing."""

import math
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from engine.experiment import Experiment, from_document
from engine.starts.parameters import GivenParameters
from gui.items.axes import Axes
from gui.items.start_ghost import ghost_handles, ghost_means
from gui.requests import ReshapeStart
from gui.views.data_canvas import DataCanvas
from gui.views.simplex import SimplexView
from tests.gui.frames import FIRST_EXPERIMENT
from tests.gui.laboratory import Laboratory
from tests.gui.traces import assert_same, headless

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def axes_of(laboratory: Laboratory, canvas: DataCanvas) -> Axes:
    return canvas.axes(laboratory.frame, QRectF(canvas.rect()))


def ghost(laboratory: Laboratory, canvas: DataCanvas, component: int) -> QPoint:
    """The pixel of a start's mean."""
    at = ghost_means(axes_of(laboratory, canvas), laboratory.frame.scene.start)[component]
    return QPoint(*np.rint(at).astype(int).tolist())


def start_of(experiment: Experiment) -> Any:
    """The start's parameters, each of which is there."""
    assert isinstance(experiment.start, GivenParameters)
    return experiment.start


def assert_both_begin_at(laboratory: Laboratory, start: Any) -> None:
    """Both lanes are at iteration 0, at these natural parameters, with one log-likelihood."""
    preparation = laboratory.session.preparation
    assert preparation is not None
    values = preparation.model.describe(laboratory.lanes[0].parameters)
    assert np.allclose(values["weights"], start.weights, rtol=0, atol=1e-12)
    assert np.allclose(values["means"], start.means, rtol=0, atol=1e-9)
    assert np.allclose(values["covariances"], start.covariances, rtol=1e-9, atol=1e-9)
    one, other = laboratory.lanes
    assert (one.iteration, other.iteration) == (0, 0)
    assert one.parameters.vector.tobytes() == other.parameters.vector.tobytes()
    assert one.log_likelihood == other.log_likelihood


@pytest.mark.parametrize("lane", [0, 1])
def test_a_mean_that_is_dragged_is_where_both_lanes_start(laboratory: Laboratory, lane: int) -> None:
    canvas, before = laboratory.window.canvases[lane], laboratory.experiment
    old = laboratory.lanes[0].log_likelihood
    at = ghost(laboratory, canvas, 0)
    axes = axes_of(laboratory, canvas)
    laboratory.drag(canvas, at, at + QPoint(20, -10), at + QPoint(70, -45))
    start = start_of(laboratory.experiment)
    was = start_of(before)
    assert start.means[0][0] - was.means[0][0] == pytest.approx(70 / axes.x_scale)
    assert start.means[0][1] - was.means[0][1] == pytest.approx(45 / axes.y_scale)
    assert np.allclose(start.means[1:], was.means[1:])
    assert_both_begin_at(laboratory, start)
    assert laboratory.lanes[0].log_likelihood != old
    # One drag is one edit, however many places it went through.
    assert laboratory.session.undo_name == "drag the start"
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == before
    assert laboratory.session.undo_name is None
    assert laboratory.lanes[0].log_likelihood == old
    laboratory.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert start_of(laboratory.experiment) == start


def test_the_handle_of_an_ellipse_makes_it_wider(laboratory: Laboratory) -> None:
    canvas, before = laboratory.window.canvases[0], start_of(laboratory.experiment)
    axes = axes_of(laboratory, canvas)
    mean = ghost(laboratory, canvas, 2)
    ends = ghost_handles(axes, laboratory.frame.scene.start, 2)
    # The end that lies furthest from the other components' means and handles.
    end = QPoint(*np.rint(ends[int(np.argmax(ends[:, 0]))]).astype(int).tolist())
    laboratory.drag(canvas, end, end + QPoint(10, 0), end + QPoint(end.x() - mean.x(), 0))
    start = start_of(laboratory.experiment)
    assert start.covariances[2][0][0] == pytest.approx(4 * before.covariances[2][0][0], rel=0.05)
    assert start.covariances[2][1][1] == pytest.approx(before.covariances[2][1][1], rel=0.05)
    assert np.allclose(start.covariances[:2], before.covariances[:2])
    assert np.allclose(start.means, before.means)
    assert_both_begin_at(laboratory, start)


def test_an_ellipse_may_be_dragged_parallel_to_the_axes(laboratory: Laboratory) -> None:
    """Its covariance is 0 but for round-off, which must not be taken for a matrix that is not symmetric."""
    generator = np.random.Generator(np.random.Philox(4))
    for _ in range(20):
        root = generator.normal(size=(2, 2)) + 2 * np.eye(2)
        for wanted in (root @ root.T, np.diag(generator.uniform(0.5, 9.0, size=2))):
            wanted = 0.5 * (wanted + wanted.T)
            rows = tuple(tuple(row) for row in wanted.tolist())
            laboratory.session.handle(ReshapeStart(1, rows, True))
            assert laboratory.told == []
            assert np.asarray(start_of(laboratory.experiment).covariances[1]) == pytest.approx(
                wanted, abs=1e-9
            )


def test_a_start_that_is_dragged_while_both_run_begins_anew_and_runs_on(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(3)
    canvas = laboratory.window.canvases[1]
    at = ghost(laboratory, canvas, 1)
    old = laboratory.traces
    laboratory.drag(canvas, at, at + QPoint(0, 30), at + QPoint(5, 60))
    assert laboratory.session.playing
    assert not set(laboratory.traces) & set(old)
    moved = laboratory.experiment
    laboratory.wait_for_iteration(2)
    laboratory.press(Qt.Key.Key_Space)
    for trace, alone in zip(laboratory.traces, headless(moved), strict=True):
        values = trace.floats("log_likelihood")
        assert np.array_equal(values, alone.floats("log_likelihood")[: len(values)])


def test_a_click_never_destroys_a_run(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=4)
    laboratory.wait_for_iteration(4)
    before, traces = laboratory.experiment, laboratory.traces
    window = laboratory.window
    for canvas in window.canvases:
        for component in range(3):
            laboratory.click(canvas, ghost(laboratory, canvas, component))
        ends = ghost_handles(axes_of(laboratory, canvas), laboratory.frame.scene.start, 2)
        laboratory.click(canvas, QPointF(*ends[0].tolist()))
        laboratory.click(canvas)
        laboratory.double_click(canvas)
        laboratory.double_click(canvas, ghost(laboratory, canvas, 0))
    laboratory.click(window.simplex, simplex_ghost(laboratory))
    laboratory.click(window.simplex)
    laboratory.double_click(window.simplex, simplex_ghost(laboratory))
    laboratory.click(window.weight_sum)
    for strip in window.strips:
        laboratory.click(strip)
    assert laboratory.experiment == before
    assert laboratory.traces == traces
    assert laboratory.session.undo_name is None
    assert laboratory.session.cursor == 4
    # These two move the cursor, and nothing else.
    laboratory.click(window.likelihood)
    laboratory.click(window.timeline)
    assert laboratory.experiment == before
    assert laboratory.traces == traces


def test_a_step_after_a_click_on_a_canvas_goes_to_the_transport(laboratory: Laboratory) -> None:
    laboratory.click(laboratory.window.canvases[0])
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)


# The simplex


def with_components(count: int) -> Experiment:
    """Two lanes from weights that differ, in as many components as wanted."""
    weights = np.arange(2.0, count + 2)
    document: dict[str, Any] = FIRST_EXPERIMENT | {
        "model": {"name": "gaussian-mixture", "components": count},
        "start": {
            "name": "parameters",
            "weights": (weights / weights.sum()).tolist(),
            "means": [[float(x), float(x % 2)] for x in np.linspace(-3, 3, count)],
            "covariances": [[[1.0, 0.0], [0.0, 1.0]]] * count,
        },
        "stop": {"tolerance": 0.0, "max_iterations": 30},
    }
    return from_document(document)


def simplex_ghost(laboratory: Laboratory) -> QPointF:
    """The pixel of the start's point in the simplex; with five and more weights, its line in the first bar."""
    view: SimplexView = laboratory.window.simplex
    laboratory.settle()
    chart = view._chart
    assert chart is not None
    weights = laboratory.frame.scene.start.weights
    if len(weights) >= 5:
        area = chart.axes.area  # type: ignore[attr-defined]
        return QPointF(
            area.left() + area.width() / len(weights) / 2,
            chart.axes.y(float(weights[0])),  # type: ignore[attr-defined]
        )
    point = chart.point(weights, 0)
    assert point is not None
    return point


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_dragging_the_ghost_in_the_simplex_sets_both_starts(laboratory: Laboratory, count: int) -> None:
    laboratory.open(with_components(count))
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    before = start_of(laboratory.experiment)
    at = simplex_ghost(laboratory)
    laboratory.drag(laboratory.window.simplex, at, at + QPointF(0, -12), at + QPointF(0, -25))
    start = start_of(laboratory.experiment)
    assert not np.allclose(start.weights, before.weights, atol=0.02)
    assert sum(start.weights) == pytest.approx(1, abs=1e-12)
    assert min(start.weights) >= 0
    assert np.allclose(start.means, before.means)
    assert_both_begin_at(laboratory, start)
    reached = simplex_ghost(laboratory)
    wanted = at + QPointF(0, -25)
    if count < 5:
        assert math.hypot(reached.x() - wanted.x(), reached.y() - wanted.y()) < 2.5
    else:
        # The others keep their proportions.
        rest, old = np.array(start.weights[1:]), np.array(before.weights[1:])
        assert np.allclose(rest / rest.sum(), old / old.sum())
        assert start.weights[0] > before.weights[0]


def test_a_drag_out_of_the_triangle_stops_at_its_edge_and_softmax_says_why_it_cannot(
    laboratory: Laboratory,
) -> None:
    at = simplex_ghost(laboratory)
    view = laboratory.window.simplex
    laboratory.drag(view, at, at + QPointF(0, 60), QPointF(at.x(), view.height() - 25))
    start = start_of(laboratory.experiment)
    assert start.weights[2] == 0
    em, gradient = laboratory.lanes
    assert em.status == "paused"
    assert gradient.status == "refused"
    assert "weight" in gradient.reason
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    assert laboratory.lanes[0].iteration == 1


def test_a_drag_beside_the_ghost_turns_the_tetrahedron_and_nothing_else(laboratory: Laboratory) -> None:
    experiment = with_components(4)
    laboratory.open(experiment)
    view = laboratory.window.simplex
    old, at = laboratory.picture(view), simplex_ghost(laboratory)
    beside = at + QPointF(40, 40) if at.y() < view.height() / 2 else at - QPointF(40, 40)
    laboratory.drag(view, beside, beside + QPointF(20, 5), beside + QPointF(60, 20))
    assert laboratory.picture(view) != old
    assert simplex_ghost(laboratory) != at
    assert laboratory.experiment == experiment


def test_one_dimension_drags_a_mean_along_the_line(laboratory: Laboratory) -> None:
    experiment = from_document(
        {
            "data": {"name": "two-bumps"},
            "model": {"name": "gaussian-mixture", "components": 2},
            "start": {
                "name": "parameters",
                "weights": [0.5, 0.5],
                "means": [[-1.0], [2.0]],
                "covariances": [[[1.0]], [[1.0]]],
            },
            "lanes": [{"algorithm": "em"}, {"algorithm": "lbfgs"}],
        }
    )
    laboratory.open(experiment)
    canvas = laboratory.window.canvases[0]
    at, axes = ghost(laboratory, canvas, 0), axes_of(laboratory, canvas)
    laboratory.drag(canvas, at, at + QPoint(-10, 5), at + QPoint(-40, 0))
    start = start_of(laboratory.experiment)
    assert start.means[0][0] == pytest.approx(-1 - 40 / axes.x_scale)
    assert_both_begin_at(laboratory, start)
    arm = ghost_handles(axes_of(laboratory, canvas), laboratory.frame.scene.start, 1)[0]
    end = QPoint(*np.rint(arm).astype(int).tolist())
    middle = ghost(laboratory, canvas, 1)
    laboratory.drag(canvas, end, end + QPoint(5, 0), QPoint(middle.x() + 2 * (end.x() - middle.x()), end.y()))
    assert start_of(laboratory.experiment).covariances[1][0][0] == pytest.approx(4.0, rel=0.05)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(2)


def test_what_was_dragged_runs_as_its_file_does(laboratory: Laboratory) -> None:
    laboratory.open(with_components(3))
    canvas = laboratory.window.canvases[0]
    at = ghost(laboratory, canvas, 2)
    laboratory.drag(canvas, at, at + QPoint(-20, 0), at + QPoint(-33, 17))
    laboratory.play_to_the_end()
    for played, alone in zip(laboratory.traces, headless(laboratory.experiment), strict=True):
        assert_same(played, alone)
