"""The column of controls shows an experiment and tells what is wanted of it."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from engine import catalogue
from engine.experiment import Experiment, from_document
from engine.run import Intervention
from gui.controls.combinations import reasons
from gui.controls.inputs import ChoiceBox
from gui.controls.names_field import NamesField
from gui.controls.panel import ControlPanel, PanelContext
from gui.controls.typed_fields import NumberField
from gui.style import style
from tests.gui.controls.events import choose, click, drag, heard, on_screen, press, retype, settle
from tests.gui.frames import FIRST_EXPERIMENT

pytestmark = pytest.mark.usefixtures("application")

ROOM_AT_1366x768 = 600


def _experiment(**changes: Any) -> Experiment:
    return from_document(FIRST_EXPERIMENT | changes)


def _show(panel: ControlPanel, experiment: Experiment, **context: Any) -> None:
    dataset = experiment.data.generate()
    found = PanelContext(reasons(experiment, dataset), columns=dataset.columns)
    panel.show_experiment(experiment, dataclasses.replace(found, **context))
    settle()


@pytest.fixture
def panel(application: QApplication) -> Iterator[ControlPanel]:
    made = ControlPanel()
    with on_screen(made):
        _show(made, _experiment())
        yield made


def _number(panel: ControlPanel, lane: int, name: str) -> NumberField:
    form = panel.lanes[lane].chooser.form
    assert form is not None
    field = form.fields[name]
    assert isinstance(field, NumberField)
    return field


def _bottom(panel: ControlPanel, widget: QWidget) -> int:
    return widget.mapTo(panel, QPoint(0, widget.height())).y()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_lanes_need_no_scrolling_on_a_small_screen(theme: str) -> None:
    panel = ControlPanel()
    with on_screen(panel, 250, ROOM_AT_1366x768, theme):
        panel.use_style(style(theme))
        _show(panel, _experiment())
        assert not panel.area.verticalScrollBar().isVisible()
        rate = _number(panel, 1, "learning_rate")
        for widget in (rate.entry, rate.slider, panel.add_lane, panel.sections["stop"].header):
            assert widget is not None
            assert widget.isVisible()
            assert _bottom(panel, widget) <= ROOM_AT_1366x768
        assert panel.sections["data"].is_open
        assert all(lane.is_open for lane in panel.lanes)


def test_a_tall_window_opens_more_and_hands_are_respected() -> None:
    panel = ControlPanel()
    with on_screen(panel, 250, 1100) as window:
        _show(panel, _experiment())
        assert panel.sections["model"].is_open
        assert panel.sections["start"].is_open
        click(panel.sections["start"].header, QPoint(10, 5))
        window.resize(250, 1200)
        settle()
        assert not panel.sections["start"].is_open


@pytest.mark.parametrize("lecture", [False, True])
def test_nothing_needs_to_be_scrolled_sideways(lecture: bool) -> None:
    width = 350 if lecture else 250
    panel = ControlPanel()
    lanes = [{"algorithm": name} for name in ("em", "gradient-ascent", "adam", "lbfgs", "projected-gradient")]
    with on_screen(panel, width, 700, "light", lecture):
        panel.use_style(style("light", lecture))
        _show(panel, _experiment(lanes=lanes))
        for section in panel.sections.values():
            section.open()
        for lane in panel.lanes:
            if lane.chooser.form is not None:
                lane.chooser.form.more.setChecked(True)
        settle()
        inside = panel.area.widget()
        assert inside is not None
        assert inside.minimumSizeHint().width() <= panel.area.viewport().width()
        assert inside.width() <= panel.area.viewport().width()


def test_showing_tells_nobody(panel: ControlPanel) -> None:
    said = [
        heard(signal)
        for signal in (
            panel.data_chosen,
            panel.data_changed,
            panel.model_chosen,
            panel.model_changed,
            panel.start_chosen,
            panel.start_changed,
            panel.stop_changed,
            panel.lane_algorithm_chosen,
            panel.lane_changed,
            panel.lane_renamed,
        )
    ]
    _show(
        panel,
        _experiment(
            data={"name": "poisson-counts"},
            model={"name": "poisson-mixture", "components": 2},
            start={"name": "k-means++", "seed": 3},
            lanes=[{"algorithm": "adam", "name": "A lane"}, {"algorithm": "em"}, {"algorithm": "em"}],
        ),
    )
    _show(panel, _experiment())
    assert said == [[] for _ in said]


def test_separation_is_dragged(panel: ControlPanel) -> None:
    said = heard(panel.data_changed)
    assert panel.data.form is not None
    field = panel.data.form.fields["separation"]
    assert isinstance(field, NumberField)
    assert field.slider is not None
    drag(field.slider, [0.33, 0.2, 0.1])
    assert {name for name, _, _ in said} == {"separation"}
    assert said[-1][1] < 0.5
    assert [final for _, _, final in said][-1] is True


def test_other_data_another_model_and_another_start_are_chosen(panel: ControlPanel) -> None:
    data, start = heard(panel.data_chosen), heard(panel.start_chosen)
    choose(panel.data.box, "zero-weight")
    panel.sections["start"].open()
    settle()
    choose(panel.start.box, "k-means++")
    assert data == [("zero-weight",)]
    assert start == [("k-means++",)]


def test_a_file_is_asked_for_and_what_was_chosen_stays(panel: ControlPanel) -> None:
    asked, chosen = heard(panel.open_file_requested), heard(panel.data_chosen)
    choose(panel.data.box, "file")
    click(panel.open_file)
    assert asked == [(), ()]
    assert chosen == []
    assert panel.data.box.currentData() == "three-clusters"


def test_a_lane_takes_another_algorithm_and_rate(panel: ControlPanel) -> None:
    chosen, changed = heard(panel.lane_algorithm_chosen), heard(panel.lane_changed)
    choose(panel.lanes[1].chooser.box, "lbfgs")
    retype(_number(panel, 1, "learning_rate").entry, "2.5")
    assert chosen == [(1, "lbfgs")]
    assert changed == [(1, "learning_rate", 2.5, True)]


def test_lanes_come_and_go(panel: ControlPanel) -> None:
    added, removed = heard(panel.lane_added), heard(panel.lane_removed)
    click(panel.add_lane)
    click(panel.lanes[0].remove)
    assert added == [()]
    assert removed == [(0,)]
    _show(panel, _experiment(lanes=[{"algorithm": "em"}]))
    assert len(panel.lanes) == 1
    assert not panel.lanes[0].remove.isVisible()
    _show(panel, _experiment(lanes=[{"algorithm": "em"}] * 8))
    assert len(panel.lanes) == 8
    assert not panel.add_lane.isEnabled()
    assert "8 lanes" in panel.add_lane.toolTip()


def test_a_lane_is_renamed_and_an_impossible_name_stays(panel: ControlPanel) -> None:
    renamed = heard(panel.lane_renamed)
    lane = panel.lanes[1]
    assert lane.name.placeholderText() == "Gradient ascent"
    retype(lane.name, "Brisk 2")
    assert renamed == [(1, "Brisk 2")]
    retype(lane.name, "no/slash")
    assert renamed == [(1, "Brisk 2")]
    assert lane.complaint.isVisible()
    _show(panel, _experiment())
    assert lane.name.text() == "no/slash"


def test_values_at_the_cursor_are_shown_and_what_was_changed_in_flight(panel: ControlPanel) -> None:
    experiment = _experiment()
    slowed = dataclasses.replace(
        experiment.lanes[1], interventions=(Intervention(12, "learning_rate", 0.25),)
    )
    changed, removed = heard(panel.lane_changed), heard(panel.intervention_removed)
    _show(
        panel,
        experiment.replace(lanes=(experiment.lanes[0], slowed)),
        in_flight=({}, {"learning_rate": 0.25, "line_search": "none"}),
        iterations=(20, 20),
    )
    assert _number(panel, 1, "learning_rate").entry.text() == "0.25"
    panel.show_in_flight(({}, {"learning_rate": 1.2, "line_search": "none"}), (5, 5))
    assert _number(panel, 1, "learning_rate").entry.text() == "1.2"
    listed = panel.lanes[1].interventions
    assert listed.isVisible()
    buttons = [each for each in listed.findChildren(QWidget) if each.accessibleName().startswith("Take back")]
    assert buttons[0].accessibleName() == "Take back: from 12: learning rate 0.25"
    press(buttons[0], Qt.Key.Key_Return)
    assert removed == [(1, 0)]
    assert changed == []


def test_of_many_interventions_the_newest_are_in_view(panel: ControlPanel) -> None:
    experiment = _experiment()
    many = tuple(Intervention(at, "learning_rate", 0.1 + at) for at in range(9))
    lane = dataclasses.replace(experiment.lanes[1], interventions=many)
    _show(panel, experiment.replace(lanes=(experiment.lanes[0], lane)))
    removed = heard(panel.intervention_removed)
    listed = panel.lanes[1].interventions

    def named() -> dict[str, QWidget]:
        rows = [each for each in listed.findChildren(QWidget) if each.isVisible()]
        return {each.accessibleName(): each for each in rows if each.accessibleName()}

    assert len(named()) == 3
    press(named()["Take back: from 8: learning rate 8.1"], Qt.Key.Key_Return)
    assert removed == [(1, 8)]


def _visible_settings(panel: ControlPanel, lane: int) -> set[str]:
    form = panel.lanes[lane].chooser.form
    assert form is not None
    form.more.setChecked(True)
    settle()
    return {name for name, field in form.fields.items() if field.isVisible()}


def test_only_coordinates_of_the_models_blocks_are_shown(panel: ControlPanel) -> None:
    assert "covariance_coordinates" in _visible_settings(panel, 1)
    assert "rate_coordinates" not in _visible_settings(panel, 1)
    _show(
        panel,
        _experiment(
            data={"name": "poisson-counts"},
            model={"name": "poisson-mixture", "components": 2},
            start={"name": "k-means++"},
        ),
    )
    assert "covariance_coordinates" not in _visible_settings(panel, 1)
    assert "rate_coordinates" in _visible_settings(panel, 1)


def test_leaving_the_constraints_is_asked_only_where_it_can_happen(panel: ControlPanel) -> None:
    assert not panel.lanes[0].after_leaving.isVisible()
    assert not panel.lanes[1].after_leaving.isVisible()
    _show(
        panel,
        _experiment(
            lanes=[{"algorithm": "em"}, {"algorithm": "gradient-ascent", "weight_coordinates": "raw"}]
        ),
    )
    assert panel.lanes[1].after_leaving.isVisible()
    changed = heard(panel.lane_changed)
    choose(panel.lanes[1].after_leaving.box, "continue")
    assert changed == [(1, "after_leaving", "continue", True)]


def test_what_cannot_be_combined_is_grey_with_its_reason(panel: ControlPanel) -> None:
    _show(panel, _experiment(lanes=[{"algorithm": "em"}, {"algorithm": "lbfgs"}]))
    assert panel.model.box.reason_against("poisson-mixture")
    form = panel.lanes[1].chooser.form
    assert form is not None
    box = form.fields["weight_coordinates"].findChild(ChoiceBox)
    assert isinstance(box, ChoiceBox)
    assert "no maximum" in (box.reason_against("raw") or "")


def test_a_column_that_was_left_out_can_be_had_again(panel: ControlPanel) -> None:
    document = FIRST_EXPERIMENT | {"start": {"name": "k-means++"}}
    _show(panel, from_document(document | {"data": {"name": "faithful"}}))
    _show(panel, from_document(document | {"data": {"name": "faithful", "columns": ["waiting"]}}))
    changed = heard(panel.data_changed)
    assert panel.data.form is not None
    field = panel.data.form.fields["columns"]
    assert isinstance(field, NamesField)
    assert {name: button.isChecked() for name, button in field.buttons.items()} == {
        "eruptions": False,
        "waiting": True,
    }
    click(field.buttons["eruptions"])
    assert changed == [("columns", ("waiting", "eruptions"), True)]


def test_the_stopping_rule_is_summed_up_while_closed(panel: ControlPanel) -> None:
    _show(panel, _experiment(stop={"tolerance": 1e-8}))
    assert panel.sections["stop"].header.summary == "gradient < 1e-8"
    panel.sections["stop"].open()
    settle()
    said = heard(panel.stop_changed)
    tolerance = panel.stop.fields["tolerance"]
    assert isinstance(tolerance, NumberField)
    retype(tolerance.entry, "1e-6")
    assert said == [("tolerance", 1e-6, True)]


def test_a_lane_is_made_for_every_algorithm_of_the_catalogue(panel: ControlPanel) -> None:
    box = panel.lanes[0].chooser.box
    for index in range(box.count()):
        _show(panel, _experiment(lanes=[{"algorithm": box.itemData(index)}]))
        assert box.currentIndex() == index


@pytest.mark.parametrize("model", ["gaussian-mixture", "poisson-mixture"])
def test_an_order_of_blocks_offers_those_of_the_model_that_is_there(panel: ControlPanel, model: str) -> None:
    _show(
        panel,
        _experiment(
            data={"name": "poisson-counts"},
            model={"name": model, "components": 2},
            start={"name": "k-means++"},
            lanes=[{"algorithm": "ecm"}],
        ),
    )
    form = panel.lanes[0].chooser.form
    assert form is not None
    form.reveal("order")
    field = form.fields["order"]
    assert isinstance(field, NamesField)
    assert tuple(field.buttons) == catalogue.get("models", model).blocks
    wanted = heard(panel.lane_changed)
    first = next(iter(field.buttons))
    click(field.buttons[first])
    assert wanted == [(0, "order", (first,), True)]
