"""Every edit has a name in the menu, Ctrl+Z takes it back, and Ctrl+Shift+Z does it again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from engine.experiment import read_experiment
from gui.app import FIRST_EXPERIMENT
from gui.requests import DrawPoints, ErasePoints, MoveStartMean, OpenStart, SetStartWeights
from tests.gui.laboratory import Laboratory
from tests.gui.window.conftest import FIRST

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
DATA = FIRST_EXPERIMENT.parent.parent / "data"
MOONS = FIRST_EXPERIMENT.with_name("moons.toml")

Edit = Callable[[Laboratory], object]

EDITS: dict[str, tuple[str, Edit]] = {
    "another story": ("choose data", lambda lab: lab.window.panel.data_chosen.emit("two-bumps")),
    "a setting of the data": (
        "separation of the data",
        lambda lab: lab.window.panel.data_changed.emit("separation", 2.0, True),
    ),
    "another seed of the data": ("new data seed", lambda lab: lab.window.reseed_data()),
    "a setting of the model": (
        "covariance floor of the model",
        lambda lab: lab.window.panel.model_changed.emit("covariance_floor", 0.01, True),
    ),
    "another start": ("choose start", lambda lab: lab.window.panel.start_chosen.emit("random-points")),
    "a start that is dragged": (
        "drag the start",
        lambda lab: lab.session.handle(MoveStartMean(0, (1.0, 2.0), True)),
    ),
    "weights that are dragged": (
        "drag the start",
        lambda lab: lab.session.handle(SetStartWeights((0.2, 0.3, 0.5), True)),
    ),
    "one of many starts": ("start 3", lambda lab: lab.session.handle(OpenStart(3))),
    "points that are drawn": (
        "draw points",
        lambda lab: lab.session.handle(DrawPoints(((1.0, 1.0), (2.0, 2.0)), 0, True)),
    ),
    "points that are erased": (
        "erase points",
        lambda lab: lab.session.handle(ErasePoints((0.0, 0.0), (1.0, 1.0), True)),
    ),
    "the stopping rule": ("rule", lambda lab: lab.window.panel.stop_changed.emit("rule", "gain", True)),
    "a limit": (
        "max iterations",
        lambda lab: lab.window.panel.stop_changed.emit("max_iterations", 9, True),
    ),
    "another algorithm": (
        "choose algorithm",
        lambda lab: lab.window.panel.lane_algorithm_chosen.emit(1, "adam"),
    ),
    "a setting of a lane": (
        "learning rate of gradient-ascent",
        lambda lab: lab.window.panel.lane_changed.emit(1, "learning_rate", 0.3, True),
    ),
    "what a lane does outside": (
        "after leaving of gradient-ascent",
        lambda lab: lab.window.panel.lane_changed.emit(1, "after_leaving", "continue", True),
    ),
    "a lane's name": ("rename lane", lambda lab: lab.window.panel.lane_renamed.emit(0, "mine")),
    "a lane more": ("add lane", lambda lab: lab.window.panel.lane_added.emit()),
    "a lane twice": ("duplicate lane", lambda lab: lab.window.panel.lane_duplicated.emit(0)),
    "a lane in another place": ("move lane", lambda lab: lab.window.panel.lane_moved.emit(0, 1)),
    "a lane off": ("switch lane off", lambda lab: lab.window.panel.lane_switched.emit(0, False)),
    "a lane less": ("remove lane", lambda lab: lab.window.panel.lane_removed.emit(1)),
    "the speed": ("speed", lambda lab: lab.window.transport.speed_changed.emit(50.0)),
    "the clock": ("clock", lambda lab: lab.window.transport.clock_chosen.emit("passes")),
    "the vertical axis": ("vertical", lambda lab: lab.window.transport.vertical_chosen.emit("gap")),
    "the truth": ("truth", lambda lab: lab.window.transport.truth_toggled.emit(True)),
    "the columns that are shown": (
        "columns shown",
        lambda lab: lab.window.transport.columns_chosen.emit((1, 0)),
    ),
    "principal directions": ("columns shown", lambda lab: lab.window.transport.columns_chosen.emit(None)),
    "the defaults of a panel": (
        "restore defaults",
        lambda lab: lab.window.panel.defaults_wanted.emit("1"),
    ),
    "all defaults": ("restore all defaults", lambda lab: lab.window.restore_all_defaults()),
    "a file of numbers": ("open data", lambda lab: lab.window.open_path(DATA / "faithful.csv")),
    "another experiment": (
        f"open {read_experiment(MOONS).title}",
        lambda lab: lab.session.present_path(MOONS),
    ),
}


def entry(laboratory: Laboratory, verb: str) -> QAction:
    """Undo or redo in the menu."""
    (edit,) = [each for each in laboratory.shell.menuBar().actions() if each.text() == "&Edit"]
    menu = edit.menu()
    (found,) = [each for each in menu.actions() if each.text().startswith(f"&{verb}")]  # type: ignore[attr-defined]
    assert isinstance(found, QAction)
    return found


@pytest.mark.parametrize("kind", EDITS)
def test_every_edit_is_named_taken_back_and_done_again(laboratory: Laboratory, kind: str) -> None:
    name, edit = EDITS[kind]
    path = laboratory.session.path
    assert not entry(laboratory, "Undo").isEnabled()
    edit(laboratory)
    laboratory.wait_until(lambda: laboratory.experiment != FIRST)
    edited, edited_path = laboratory.experiment, laboratory.session.path
    assert entry(laboratory, "Undo").text() == f"&Undo {name}"
    assert entry(laboratory, "Undo").isEnabled()
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    laboratory.wait_until(lambda: laboratory.experiment == FIRST)
    assert laboratory.session.path == path
    assert not entry(laboratory, "Undo").isEnabled()
    assert entry(laboratory, "Redo").text() == f"&Redo {name}"
    laboratory.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    laboratory.wait_until(lambda: laboratory.experiment == edited)
    assert laboratory.session.path == edited_path
    assert not entry(laboratory, "Redo").isEnabled()
    assert laboratory.told == []


def test_another_model_is_an_edit(laboratory: Laboratory) -> None:
    laboratory.open(FIRST_EXPERIMENT.with_name("two-kinds-of-counts.toml"))
    before = laboratory.experiment
    laboratory.window.panel.model_chosen.emit("gaussian-mixture")
    assert laboratory.experiment.model.name == "gaussian-mixture"
    assert entry(laboratory, "Undo").text() == "&Undo choose model"
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == before


def test_a_change_in_flight_and_its_removal_are_edits(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=4)
    laboratory.wait_for_iteration(4)
    laboratory.window.panel.lane_changed.emit(1, "learning_rate", 0.2, True)
    changed = laboratory.experiment
    assert changed.lanes[1].interventions
    assert laboratory.session.undo_name == "learning rate of gradient-ascent"
    laboratory.window.panel.intervention_removed.emit(1, 0)
    assert laboratory.session.undo_name == "remove intervention"
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == changed
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == FIRST


def test_one_drag_is_one_edit(laboratory: Laboratory) -> None:
    for value in (1.1, 1.2, 1.3):
        laboratory.window.panel.data_changed.emit("separation", value, False)
    laboratory.window.panel.data_changed.emit("separation", 1.4, True)
    laboratory.window.panel.data_changed.emit("separation", 1.5, True)
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment.data.separation == 1.4  # type: ignore[attr-defined]
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == FIRST


def test_the_columns_that_are_shown_are_in_the_file_and_on_the_canvas(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    laboratory.load(DATA / "iris.csv")
    columns = laboratory.frame.scene.dataset.columns
    laboratory.window.transport.columns_chosen.emit((2, 0))
    assert laboratory.frame.scene.projection.labels == (columns[2], columns[0])
    laboratory.session.save(tmp_path / "mine.toml")
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.frame.scene.projection.labels == columns[:2]
    laboratory.window.transport.columns_chosen.emit(None)
    assert set(laboratory.frame.scene.projection.labels).isdisjoint(columns)
    laboratory.open(tmp_path / "mine.toml")
    assert laboratory.frame.scene.projection.labels == (columns[2], columns[0])
    # Data without those columns show their first two.
    laboratory.window.panel.data_chosen.emit("two-moons")
    assert laboratory.frame.scene.projection.labels == laboratory.frame.scene.dataset.columns[:2]


def test_work_on_a_file_of_ones_own_is_not_left_behind_unasked(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(FIRST.replace(title="Mine").to_toml(), encoding="utf-8")
    laboratory.open(mine)
    laboratory.window.panel.lane_renamed.emit(0, "mine")
    edited = laboratory.experiment
    # A presenter turns the page without being asked; undo would bring it back, closing would not.
    laboratory.session.present_path(MOONS)
    assert not laboratory.session.has_unsaved_work
    with laboratory.answering("Cancel") as asked:
        assert not laboratory.shell.close()
    assert "“Mine” was changed and not saved" in asked[0]
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == edited
    assert laboratory.session.path == mine
    assert laboratory.session.has_unsaved_work
    laboratory.session.save(mine)
    laboratory.session.present_path(MOONS)
    assert laboratory.window.dialogs.may_leave()


def test_undoing_past_a_save_is_work_that_is_not_saved(laboratory: Laboratory, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    laboratory.window.panel.lane_renamed.emit(0, "mine")
    laboratory.session.save(mine)
    assert not laboratory.session.has_unsaved_work
    laboratory.window.panel.lane_renamed.emit(0, "yours")
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert not laboratory.session.has_unsaved_work
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    # As it was before it had a file, which is another one than that file holds.
    assert laboratory.experiment == FIRST
    assert laboratory.session.path is None


def test_a_pin_comes_back_with_its_file(laboratory: Laboratory, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(FIRST.to_toml(), encoding="utf-8")
    laboratory.open(mine)
    laboratory.session.pin()
    laboratory.open(MOONS)
    laboratory.session.restore_pin(len(laboratory.session.pins) - 1)
    assert laboratory.experiment == FIRST
    assert laboratory.session.path == mine
    assert not laboratory.session.has_unsaved_work
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.session.path == MOONS
    laboratory.session.exchange_pin(len(laboratory.session.pins) - 1, None)
    assert np.all([pin.path != mine for pin in laboratory.session.pins])
