"""Lanes by keys alone: what the buttons of a lane's panel do."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui.app import FIRST_EXPERIMENT
from gui.defaults import with_panel_defaults
from tests.gui.laboratory import Laboratory

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def opened() -> Iterator[Laboratory]:
    with Laboratory() as laboratory:
        yield laboratory


@pytest.fixture
def laboratory(opened: Laboratory) -> Laboratory:
    opened.open(FIRST_EXPERIMENT)
    opened.window.desk.setFocus()
    opened.window.menus.lanes._place = 0
    opened.told.clear()
    return opened


def algorithms(laboratory: Laboratory) -> list[str]:
    return [lane.algorithm.name for lane in laboratory.experiment.lanes]


def has_focus(laboratory: Laboratory, lane: int) -> bool:
    focus = QApplication.focusWidget()
    return focus is not None and laboratory.window.panel.lanes[lane].isAncestorOf(focus)


def test_a_lane_is_added_and_undo_names_it(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_N, CONTROL)
    assert algorithms(laboratory) == ["em", "gradient-ascent", "gradient-ascent"]
    assert laboratory.session.undo_name == "add lane"
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert algorithms(laboratory) == ["em", "gradient-ascent"]


def test_l_goes_from_lane_to_lane(laboratory: Laboratory) -> None:
    for lane in (0, 1, 0, 1):
        laboratory.press(Qt.Key.Key_L)
        assert has_focus(laboratory, lane)
    laboratory.click(laboratory.window.panel.lanes[0].header)
    laboratory.press(Qt.Key.Key_L)
    assert has_focus(laboratory, 1)
    laboratory.click(laboratory.window.panel.lanes[0].header)


def test_this_lane_is_duplicated_moved_switched_and_removed(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_D, CONTROL)
    assert algorithms(laboratory) == ["em", "em", "gradient-ascent"]
    laboratory.press(Qt.Key.Key_Down, CONTROL, times=2)
    assert algorithms(laboratory) == ["em", "gradient-ascent", "em"]
    # At the end it stays.
    laboratory.press(Qt.Key.Key_Down, CONTROL)
    assert algorithms(laboratory) == ["em", "gradient-ascent", "em"]
    laboratory.press(Qt.Key.Key_Up, CONTROL)
    laboratory.press(Qt.Key.Key_K, CONTROL)
    assert [lane.on for lane in laboratory.experiment.lanes] == [True, False, True]
    assert algorithms(laboratory) == ["em", "em", "gradient-ascent"]
    assert len(laboratory.lanes) == 2
    laboratory.press(Qt.Key.Key_K, CONTROL)
    assert len(laboratory.lanes) == 3
    laboratory.press(Qt.Key.Key_Delete, CONTROL)
    assert algorithms(laboratory) == ["em", "gradient-ascent"]
    # It is now the lane that took its place.
    laboratory.press(Qt.Key.Key_Delete, CONTROL)
    assert algorithms(laboratory) == ["em"]
    laboratory.press(Qt.Key.Key_Delete, CONTROL)
    assert algorithms(laboratory) == ["em"]
    assert "cannot be removed" in laboratory.told[-1]


def test_a_lane_that_left_goes_on_and_one_that_did_not_says_so(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_5, CONTROL)
    laboratory.wait_until(lambda: "Leaving" in laboratory.experiment.title)
    laboratory.press(Qt.Key.Key_G, CONTROL)
    assert "has not left" in laboratory.sentence
    laboratory.play_to_the_end()
    laboratory.press(Qt.Key.Key_L)
    laboratory.press(Qt.Key.Key_L)
    laboratory.press(Qt.Key.Key_G, CONTROL)
    assert laboratory.experiment.lanes[1].after_leaving == "continue"


def test_the_defaults_of_the_panel_in_focus_come_back(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_D, CONTROL | ALT)
    assert "focus" in laboratory.sentence
    before = laboratory.experiment
    laboratory.window.panel.sections["stop"].header.setFocus()
    laboratory.press(Qt.Key.Key_D, CONTROL | ALT)
    assert laboratory.experiment == with_panel_defaults(before, "stop") != before
    laboratory.window.panel.lanes[1].header.setFocus()
    now = laboratory.experiment
    laboratory.press(Qt.Key.Key_D, CONTROL | ALT)
    assert laboratory.experiment == with_panel_defaults(now, "1") != now


def test_the_palette_finds_what_is_chosen_by_name(laboratory: Laboratory) -> None:
    palette = laboratory.window.help.palette
    for words, lane in (("algorithm of lane 2", 1), ("name of lane 1", 0)):
        laboratory.press(Qt.Key.Key_P, CONTROL | SHIFT)
        laboratory.write(words)
        chosen = palette.chosen
        assert chosen is not None
        assert chosen.title.lower() == words
        laboratory.press(Qt.Key.Key_Return)
        assert has_focus(laboratory, lane)
    laboratory.window.desk.setFocus()
