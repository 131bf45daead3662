"""Hands on the data: points drawn and erased, parameters typed, runs pinned, many starts."""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from engine.datasets.drawn import Drawn
from engine.experiment import from_document
from engine.many_starts import ManyStarts, ends_from
from engine.shipped_experiments import FOLDER as EXPERIMENTS
from engine.starts.parameters import GivenParameters
from engine.starts.random_points import RandomPoints
from gui import edits
from gui.controls.names_field import NamesField
from gui.pins import pinned_lanes
from tests.gui.laboratory import LEFT, Laboratory

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def points(laboratory: Laboratory) -> tuple[tuple[float, ...], ...]:
    data = laboratory.experiment.data
    assert isinstance(data, Drawn)
    return data.points


@pytest.fixture
def brush(laboratory: Laboratory) -> Iterator[Laboratory]:
    """The laboratory with drawing switched on by its key, and off again afterwards."""
    laboratory.press(Qt.Key.Key_B)
    assert laboratory.window.panel.drawing.on.isChecked()
    yield laboratory
    laboratory.window.panel.drawing.on.setChecked(False)


def test_a_click_adds_a_point_where_it_is_and_both_lanes_start_again(brush: Laboratory) -> None:
    laboratory = brush
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    start = laboratory.experiment.start
    canvas = laboratory.window.canvases[0]
    laboratory.click(laboratory.window.panel.drawing.classes.button(2))
    laboratory.click(canvas, QPointF(0.8 * canvas.width(), 0.3 * canvas.height()))
    assert len(points(laboratory)) == 601
    axes = canvas.axes(laboratory.frame, canvas.rect().toRectF())
    assert axes.x(points(laboratory)[-1][0]) == pytest.approx(0.8 * canvas.width(), abs=1)
    assert axes.y(points(laboratory)[-1][1]) == pytest.approx(0.3 * canvas.height(), abs=1)
    dataset = laboratory.frame.scene.dataset
    assert dataset.labels is not None
    assert dataset.labels[-1] == 2
    assert laboratory.experiment.start == start
    assert [lane.iteration for lane in laboratory.lanes] == [0, 0]
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment.data.name == "three-clusters"


def test_a_brush_sprays_while_both_run_and_shift_erases(brush: Laboratory) -> None:
    laboratory = brush
    laboratory.press(Qt.Key.Key_Space)
    canvas = laboratory.window.canvases[1]
    limits = np.array(laboratory.window.viewport.limits)
    places = [QPointF(300 + 6 * i, 80 + 2 * i) for i in range(15)]
    laboratory.drag(canvas, *places)
    sprayed = len(points(laboratory))
    assert sprayed > 610
    assert np.array_equal(laboratory.window.viewport.limits, limits), "the canvas stands still under a brush"
    assert laboratory.session.playing
    assert laboratory.session.undo_name == "draw points"
    handle = laboratory.shell.windowHandle()
    QTest.mousePress(handle, LEFT, SHIFT, laboratory.at(canvas, places[7]))
    QTest.mouseRelease(handle, LEFT, SHIFT, laboratory.at(canvas, places[7]))
    laboratory.settle()
    assert len(points(laboratory)) < sprayed
    laboratory.press(Qt.Key.Key_Z, CONTROL, times=2)
    assert laboratory.experiment.data.name == "three-clusters"


def test_points_are_drawn_and_erased_on_an_axis(brush: Laboratory) -> None:
    laboratory = brush
    laboratory.open(EXPERIMENTS / "collapse.toml")
    canvas = laboratory.window.canvases[0]
    axes = canvas.axes(laboratory.frame, canvas.rect().toRectF())
    place = QPointF(axes.x(3.0), 0.6 * canvas.height())
    laboratory.click(canvas, place)
    assert [len(point) for point in points(laboratory)] == [1] * 7
    assert points(laboratory)[-1][0] == pytest.approx(3.0, abs=1 / axes.x_scale)
    places = [place + QPointF(2 * step, 0) for step in range(15)]
    laboratory.drag(canvas, *places)
    sprayed = len(points(laboratory))
    assert sprayed > 10
    handle = laboratory.shell.windowHandle()
    QTest.mousePress(handle, LEFT, SHIFT, laboratory.at(canvas, place))
    QTest.mouseRelease(handle, LEFT, SHIFT, laboratory.at(canvas, place))
    laboratory.settle()
    assert 6 <= len(points(laboratory)) < sprayed
    laboratory.press(Qt.Key.Key_Z, CONTROL, times=3)
    assert laboratory.experiment.data.name == "file"


def test_no_coordinate_of_points_that_were_drawn_can_be_left_out(brush: Laboratory) -> None:
    brush.click(brush.window.canvases[0])
    form = brush.window.panel.data.form
    assert form is not None
    field = form.fields["columns"]
    assert isinstance(field, NamesField)
    assert [button.text() for button in field.buttons.values()] == ["x", "y"]
    assert not any(button.isEnabled() for button in field.buttons.values())
    brush.press(Qt.Key.Key_Z, CONTROL)


def test_points_cannot_be_drawn_into_ten_columns(brush: Laboratory) -> None:
    laboratory = brush
    laboratory.open(
        from_document(
            {
                "data": {"name": "ten-dimensions"},
                "model": {"name": "gaussian-mixture", "components": 5},
                "start": {"name": "k-means++"},
                "lanes": [{"algorithm": "em"}],
            }
        )
    )
    laboratory.click(laboratory.window.canvases[0])
    assert "one or two" in laboratory.told[-1]
    assert laboratory.experiment.data.name == "ten-dimensions"


@pytest.mark.parametrize("story", ["two-coins", "role-conflict", "hidden-chain", "ability"])
def test_a_picture_that_no_points_can_be_drawn_into_says_so_beside_the_brush(
    brush: Laboratory, story: str
) -> None:
    canvas = brush.window.canvases[0]
    brush.session.edit("choose data", lambda e: edits.with_story(e, story))
    before, middle = brush.experiment, canvas.rect().center()
    brush.hover(brush.window.transport.run)
    bare = brush.picture(canvas)
    brush.hover(canvas, middle)
    told = brush.picture(canvas)
    assert told != bare
    brush.click(canvas, middle)
    assert brush.experiment == before
    brush.press(Qt.Key.Key_B)
    assert brush.picture(canvas) == bare


def test_the_start_can_be_typed_and_copied(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_P, CONTROL)
    table = laboratory.window.companions.parameters
    item = table.table.item(0, 1)
    assert item is not None
    item.setText("-2.5")
    start = laboratory.experiment.start
    assert isinstance(start, GivenParameters)
    assert start.means is not None
    assert start.means[0] == pytest.approx((-2.5, 1.0))
    assert json.loads(table.as_json())["means"][0][0] == pytest.approx(-2.5)
    assert table.as_csv().splitlines()[0].startswith("component,weight,mean x,mean y")
    weight = table.table.item(0, 0)
    assert weight is not None
    weight.setText("0.5")
    start = laboratory.experiment.start
    assert isinstance(start, GivenParameters)
    assert start.weights is not None
    assert start.weights[0] == pytest.approx(0.5)
    assert sum(start.weights) == pytest.approx(1)
    kept = laboratory.experiment
    weight.setText("many")
    assert "not a number" in laboratory.told[-1]
    assert laboratory.experiment == kept
    table.hide()


@pytest.mark.parametrize(
    ("kind", "variances", "variances_beside"),
    [
        ("full", (2.5, 4.0), (4.0, 4.0)),
        ("diagonal", (2.5, 4.0), (4.0, 4.0)),
        ("spherical", (2.5, 2.5), (4.0, 4.0)),
        ("tied", (2.5, 4.0), (2.5, 4.0)),
    ],
)
def test_a_variance_can_be_typed_whatever_the_covariances_have_in_common(
    laboratory: Laboratory, kind: str, variances: tuple[float, float], variances_beside: tuple[float, float]
) -> None:
    given = laboratory.experiment.start
    laboratory.session.edit(
        "covariance", lambda e: edits.with_model_setting(e, "covariance", kind).replace(start=given)
    )
    laboratory.press(Qt.Key.Key_P, CONTROL)
    shown = laboratory.window.companions.parameters
    headings = [shown.table.horizontalHeaderItem(c).text() for c in range(shown.table.columnCount())]  # type: ignore[union-attr]
    variance, beside = (shown.table.item(1, headings.index(f"covariance x,{each}")) for each in "xy")
    assert variance is not None
    assert beside is not None
    assert bool(beside.flags() & Qt.ItemFlag.ItemIsEditable) == (kind in ("full", "tied"))
    variance.setText("2.5")
    start = laboratory.experiment.start
    shown.hide()
    assert laboratory.told == []
    assert isinstance(start, GivenParameters)
    assert start.covariances is not None
    assert np.asarray(start.covariances[1]) == pytest.approx(np.diag(variances))
    assert np.asarray(start.covariances[0]) == pytest.approx(np.diag(variances_beside))


def test_of_a_lane_that_has_not_begun_nothing_is_pinned(laboratory: Laboratory) -> None:
    found, experiment = laboratory.session.preparation, laboratory.experiment
    assert found is not None
    first, second = laboratory.race.sources()
    # As it is for a moment where the first pass over many data takes long.
    empty = found.trace(experiment.lanes[0], found.problem(), experiment.seed)
    assert empty.count == 0
    kept = pinned_lanes(laboratory.frame.scene, [replace(first, trace=empty), second])
    assert [lane.index for lane in kept] == [1]


def test_a_pinned_run_stays_while_settings_change_and_can_be_restored(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=6)
    laboratory.wait_for_iteration(6)
    before = laboratory.experiment
    laboratory.press(Qt.Key.Key_P)
    (pin,) = laboratory.session.pins
    assert pin.experiment == before
    assert pin.lanes[0].log_likelihood[6] == laboratory.traces[0].floats("log_likelihood")[6]
    view = laboratory.window.likelihood
    laboratory.press(Qt.Key.Key_R)
    with_pin = laboratory.picture(view)
    laboratory.press(Qt.Key.Key_P, SHIFT)
    listed = laboratory.window.companions.pin_list
    name = listed.table.item(0, 0)
    assert name is not None
    name.setText("rate 1.2")
    name = listed.table.item(0, 0)
    assert name is not None
    name.setCheckState(Qt.CheckState.Unchecked)
    assert laboratory.session.pins[0].name == "rate 1.2"
    assert laboratory.picture(view) != with_pin
    laboratory.session.edit("components", lambda e: e.replace(seed=7))
    QTest.mouseClick(listed.restore, LEFT)
    assert laboratory.experiment == before
    QTest.mouseClick(listed.remove, LEFT)
    assert laboratory.session.pins == ()
    listed.hide()


def test_the_ends_of_many_starts_stand_beside_the_curve_and_a_click_opens_one(laboratory: Laboratory) -> None:
    experiment = laboratory.experiment
    seeds = (0, 1, 2)
    found = ManyStarts(experiment, seeds, tuple(ends_from(experiment, seed) for seed in seeds))
    laboratory.session.searches.show_ends(found)
    view = laboratory.window.likelihood
    laboratory.picture(view)
    marks = view.ends
    assert len(marks) == 6
    chosen = marks[-1]
    laboratory.click(view, chosen.at)
    start = laboratory.experiment.start
    assert isinstance(start, RandomPoints)
    assert start.seed in seeds
    assert laboratory.session.ends is found
    laboratory.session.edit("model", lambda e: e.replace(seed=5))
    assert laboratory.session.ends is None


@pytest.mark.soak
def test_twenty_starts_run_in_other_processes(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_T)
    laboratory.wait_until(lambda: laboratory.session.ends is not None, seconds=120)
    ends = laboratory.session.ends
    assert ends is not None
    assert len(ends.ends) == 20
