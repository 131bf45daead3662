"""Before an audience: lecture mode, full screen, the presenter's keys."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt

from gui.lecture import AT_FIRST
from tests.gui.laboratory import Laboratory


@pytest.fixture(autouse=True)
def at_the_desk_again(laboratory: Laboratory) -> Iterator[None]:
    yield
    laboratory.window.lecture.chosen = AT_FIRST
    if laboratory.window.lecture.on:
        laboratory.window.lecture.toggle()
    laboratory.shell.showNormal()


def shown(laboratory: Laboratory) -> set[str]:
    window = laboratory.window
    pictures = {
        "data": window.canvases[0],
        "likelihood": window.likelihood,
        "simplex": window.simplex,
        "sum": window.weight_sum,
    }
    return {name for name, widget in pictures.items() if widget.isVisible()}


def test_lecture_mode_hides_the_controls_and_escape_brings_them_back(laboratory: Laboratory) -> None:
    window = laboratory.window
    controls = (laboratory.shell.menuBar(), window.transport, window.panel, window.timeline, window.sentence)
    at_the_desk = window.style_now
    laboratory.press(Qt.Key.Key_F5)
    assert not any(widget.isVisible() for widget in controls)
    assert window.subtitle.isVisible()
    assert laboratory.experiment.title in window.subtitle.text()
    assert window.style_now.font_size > at_the_desk.font_size
    assert window.style_now.curve_width > at_the_desk.curve_width
    laboratory.press(Qt.Key.Key_Escape)
    assert all(widget.isVisible() for widget in controls)
    assert not window.subtitle.isVisible()
    assert window.style_now == at_the_desk
    assert shown(laboratory) == {"data", "likelihood", "simplex", "sum"}


def test_the_keys_1_to_4_choose_pictures_in_any_combination(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_2)
    assert shown(laboratory) == {"data", "likelihood", "simplex", "sum"}
    laboratory.press(Qt.Key.Key_F5)
    assert shown(laboratory) == set(AT_FIRST)
    laboratory.press(Qt.Key.Key_4)
    assert shown(laboratory) == {"data", "likelihood", "simplex", "sum"}
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_4):
        laboratory.press(key)
    assert shown(laboratory) == {"simplex"}
    assert laboratory.window.simplex.width() > 0.9 * laboratory.shell.width()
    laboratory.press(Qt.Key.Key_3)
    assert shown(laboratory) == {"simplex"}, "the last picture stays"


def test_the_transport_keys_work_in_a_lecture(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_F5)
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(5)
    laboratory.press(Qt.Key.Key_Space)
    assert not laboratory.session.playing


def test_a_presenter_turns_the_pages_and_undo_brings_back_what_was_there(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_F5)
    first = laboratory.experiment
    laboratory.press(Qt.Key.Key_PageDown)
    laboratory.wait_until(lambda: laboratory.experiment != first)
    second = laboratory.experiment
    laboratory.press(Qt.Key.Key_PageDown)
    laboratory.wait_until(lambda: laboratory.experiment != second)
    laboratory.press(Qt.Key.Key_PageUp)
    laboratory.wait_until(lambda: laboratory.experiment == second)
    assert second.title in laboratory.window.subtitle.text()
    laboratory.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, times=3)
    laboratory.wait_until(lambda: laboratory.experiment == first)


def test_full_screen_and_back(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_F11)
    assert laboratory.shell.isFullScreen()
    laboratory.press(Qt.Key.Key_F5)
    laboratory.press(Qt.Key.Key_Escape)
    assert laboratory.shell.isFullScreen()
    assert not laboratory.window.lecture.on
    laboratory.press(Qt.Key.Key_Escape)
    assert not laboratory.shell.isFullScreen()


def test_digits_typed_into_a_field_stay_there(laboratory: Laboratory) -> None:
    form = laboratory.window.panel.data.form
    assert form is not None
    laboratory.retype(form.fields["size"].entry, "412")  # type: ignore[attr-defined]
    assert getattr(laboratory.experiment.data, "size", None) == 412
