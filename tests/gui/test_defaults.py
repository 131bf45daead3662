"""Defaults come back panel by panel or all at once, as edits that undo takes back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from engine.datasets.drawn import Drawn
from engine.datasets.file import File
from engine.experiment import Experiment, Lane, Show, distinctly_named, read_experiment
from engine.run import Intervention
from engine.shipped_experiments import shipped_experiments
from engine.specification import instance, lane
from engine.stopping import Stop
from gui import edits
from gui.app import FIRST_EXPERIMENT
from gui.defaults import PARTS, changed_parts, with_all_defaults, with_defaults, with_lane_defaults
from tests.gui.laboratory import Laboratory

FIRST = read_experiment(FIRST_EXPERIMENT)
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def made(data: str, model: str, start: str, *lanes: Lane) -> Experiment:
    return Experiment(
        instance("datasets", data, "data"),
        instance("models", model, "model"),
        instance("starts", start, "start"),
        distinctly_named(lanes or (lane("em", "lane"),)),
        Stop(),
    )


def test_each_part_goes_back_by_itself() -> None:
    changed = made(
        "three-clusters:size=99,separation=2", "gaussian-mixture:components=4", "random-points:seed=5"
    ).replace(stop=Stop("gain", 1e-3), show=Show(speed=2.0, truth=True))
    assert changed_parts(changed) == set(PARTS)
    for part in PARTS:
        back = with_defaults(changed, part)
        assert changed_parts(back) == set(PARTS) - {part}
        unchanged = {name: getattr(changed, name) for name in PARTS if name != part}
        assert {name: getattr(back, name) for name in unchanged} == unchanged
    assert type(with_defaults(changed, "start").start) is type(changed.start)


def test_a_lane_keeps_its_algorithm_its_name_and_whether_it_is_on() -> None:
    mine = replace(
        lane("gradient-ascent:learning_rate=3,name=mine,after_leaving=continue", "lane"),
        interventions=(Intervention(4, "learning_rate", 0.1),),
        on=False,
    )
    changed = made("three-clusters", "gaussian-mixture", "k-means++", lane("em", "lane"), mine)
    assert changed_parts(changed) == {"1"}
    assert with_lane_defaults(changed, 1).lanes == (
        lane("em", "lane"),
        replace(lane("gradient-ascent:name=mine", "lane"), on=False),
    )


def test_a_storys_own_model_and_start_are_the_defaults() -> None:
    shipped = shipped_experiments()["true-zero-softmax"]
    story = type(shipped.data)()
    expected = edits.with_story(shipped, story.name)
    changed = shipped.replace(model=edits.changed(shipped.model, "hold", (), "model"))
    back = with_all_defaults(changed)
    assert back.model == expected.model
    assert getattr(back.model, "hold", None) == ("means", "covariances")
    assert changed_parts(back) == set()


def test_a_start_by_parameters_becomes_the_storys_or_the_models() -> None:
    dragged = FIRST.replace(start=edits.given({"weights": [0.5, 0.25, 0.25]}))
    assert with_defaults(dragged, "start").start == FIRST.start
    own = dragged.replace(data=File("x.csv", content="a,b\n1,2\n"))
    assert with_defaults(own, "start").start.name == own.model.default_start
    # A start by the parameters of four components does not fit the number that is usual.
    other = made(
        "overlapping-clusters", "gaussian-mixture:components=4", "parameters:weights=[0.25,0.25,0.25,0.25]"
    )
    back = with_defaults(other, "model")
    assert getattr(back.model, "components", 4) != 4
    assert back.start.name == "k-means++"


def test_points_of_ones_own_are_no_settings() -> None:
    file = File("x.csv", columns=("b",), drop_missing=True, content="a,b\n1,2\n")
    assert _default_data(file) == replace(file, columns=())
    drawn = Drawn(((1.0,), (2.0,)), (), ("mine",))
    assert _default_data(drawn) == drawn


def _default_data(data: File | Drawn) -> object:
    return with_defaults(FIRST.replace(data=data), "data").data


@pytest.mark.parametrize("name", sorted(shipped_experiments()))
def test_all_defaults_of_every_shipped_experiment_are_defaults(name: str) -> None:
    assert changed_parts(with_all_defaults(shipped_experiments()[name])) == set()


# In the window


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory(FIRST) as opened:
        yield opened


def test_a_panel_offers_its_defaults_while_something_differs(laboratory: Laboratory) -> None:
    laboratory.open(FIRST)
    section = laboratory.window.panel.sections["data"]
    assert section.defaults.isHidden()
    laboratory.session.edit(
        "separation", lambda e: e.replace(data=edits.changed(e.data, "separation", 2.5, "data"))
    )
    before = laboratory.experiment
    laboratory.click(section.defaults)
    assert laboratory.experiment == FIRST
    assert section.defaults.isHidden()
    assert laboratory.session.undo_name == "restore defaults"
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == before
    assert not section.defaults.isHidden()


def test_a_lane_offers_its_defaults_in_its_menu(laboratory: Laboratory) -> None:
    laboratory.open(FIRST)
    em, gradient = laboratory.window.panel.lanes
    assert not em.restore.isEnabled()
    assert gradient.restore.isEnabled()
    gradient.restore.trigger()
    assert laboratory.experiment.lanes[1] == lane("gradient-ascent", "lane")
    assert not gradient.restore.isEnabled()


def test_all_defaults_are_one_edit(laboratory: Laboratory) -> None:
    laboratory.open(FIRST)
    laboratory.press(Qt.Key.Key_D, CONTROL | SHIFT)
    assert laboratory.experiment == with_all_defaults(FIRST)
    assert changed_parts(laboratory.experiment) == set()
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == FIRST
    laboratory.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert laboratory.experiment == with_all_defaults(FIRST)
    assert laboratory.told == []
