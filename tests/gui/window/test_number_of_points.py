"""The number of points from six hundred to a million by its slider, while both lanes run."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPushButton

from gui.controls.inputs import Slider
from tests.gui.laboratory import Laboratory

MILLION = 1_000_000


def size_slider(laboratory: Laboratory) -> Slider:
    form = laboratory.window.panel.data.form
    assert form is not None
    slider = form.fields["size"].slider  # type: ignore[attr-defined]
    assert isinstance(slider, Slider)
    return slider


def drag_far(laboratory: Laboratory, hold: bool = False) -> None:
    """The slider's handle from where it is to its right end."""
    slider = size_slider(laboratory)
    middle, width = slider.height() / 2, slider.width()
    here = QPointF(8 + (width - 16) * slider.value() / slider.maximum(), middle)
    laboratory.drag(
        slider,
        here,
        *(QPointF((width - 1) * share, middle) for share in (0.5, 0.6, 0.75, 0.9, 1.0)),
        hold=hold,
    )


def legends(laboratory: Laboratory) -> list[str]:
    """What is said beside each canvas about its points."""
    scene = laboratory.frame.scene
    return [canvas._points.legend(scene) for canvas in laboratory.window.canvases]


def test_a_million_points_come_by_the_slider_and_are_told_to_be_a_density(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(2)
    assert legends(laboratory) == ["", ""]
    told: list[float] = []
    laboratory.session.loading.connect(told.append)
    drag_far(laboratory)
    laboratory.wait_until(lambda: laboratory.frame.scene.dataset.rows == MILLION)
    assert told[0] == 0.0, "they are drawn away from the window's thread"
    assert told[-1] == -1.0
    laboratory.wait_for_iteration(1)
    assert legends(laboratory) == ["density of 1\u00a0000\u00a0000 points"] * 2
    assert laboratory.told == []


def test_while_the_slider_is_held_large_data_wait_for_its_release(laboratory: Laboratory) -> None:
    before = laboratory.frame.scene.dataset
    drag_far(laboratory, hold=True)
    held = laboratory.frame.scene.dataset
    assert held is not before, "the data follow the slider as long as they are few"
    assert held.rows < MILLION
    assert not laboratory.session.is_loading
    slider = size_slider(laboratory)
    laboratory.release(slider, QPointF(slider.width() - 1, slider.height() / 2))
    assert laboratory.session.is_loading
    laboratory.wait_until(lambda: laboratory.frame.scene.dataset.rows == MILLION)


def test_points_that_are_being_drawn_are_given_up_by_cancel(laboratory: Laboratory) -> None:
    drag_far(laboratory)
    assert laboratory.session.is_loading
    kept = laboratory.frame.scene.dataset
    button = laboratory.window.loading.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    laboratory.click(button)
    assert not laboratory.session.is_loading
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    assert laboratory.frame.scene.dataset is kept
