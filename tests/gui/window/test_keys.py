"""Keys work whichever widget was last touched, text fields excepted; what is greyed out; the size."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from gui.app import FIRST_EXPERIMENT
from tests.gui.laboratory import Laboratory
from tests.gui.window.conftest import FIRST

pytestmark = pytest.mark.usefixtures("unpainted")

IRIS = FIRST_EXPERIMENT.parent.parent / "data/iris.csv"

TOUCHED: dict[str, Callable[[Laboratory], tuple[QWidget, QPointF | None]]] = {
    "a canvas": lambda laboratory: (laboratory.window.canvases[0], QPointF(80, 60)),
    "the likelihood": lambda laboratory: (laboratory.window.likelihood, QPointF(3, 3)),
    "the simplex": lambda laboratory: (laboratory.window.simplex, QPointF(5, 5)),
    "the gauge": lambda laboratory: (laboratory.window.weight_sum, None),
    "a strip": lambda laboratory: (laboratory.window.strips[1], None),
    "the speed": lambda laboratory: (laboratory.window.transport.speed, None),
    "a section": lambda laboratory: (laboratory.window.panel.sections["data"].header, None),
    "a button": lambda laboratory: (laboratory.window.transport.truth, QPointF(8, 12)),
    "the sentence": lambda laboratory: (laboratory.window.sentence, None),
}


@pytest.mark.parametrize("touched", TOUCHED)
def test_the_keys_work_whichever_widget_was_last_touched(laboratory: Laboratory, touched: str) -> None:
    widget, at = TOUCHED[touched](laboratory)
    # A text field has the focus before, and must give it up where the keys are to work.
    laboratory.click(laboratory.window.panel.lanes[0].name)
    laboratory.click(widget, at)
    if touched == "a section":
        laboratory.click(widget, at)
    cursor = laboratory.session.cursor
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_until(lambda: laboratory.session.cursor == cursor + 1)
    laboratory.press(Qt.Key.Key_Period)
    laboratory.wait_until(lambda: laboratory.session.cursor == cursor + 1.5)
    laboratory.press(Qt.Key.Key_Left)
    assert laboratory.session.cursor == cursor + 1
    laboratory.press(Qt.Key.Key_Space)
    assert laboratory.session.playing
    laboratory.press(Qt.Key.Key_Space)
    assert not laboratory.session.playing
    laboratory.press(Qt.Key.Key_R)
    assert laboratory.session.cursor == 0


def test_a_box_that_was_chosen_from_leaves_the_keys_to_the_transport(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "adam")
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    laboratory.press(Qt.Key.Key_R)
    assert laboratory.session.cursor == 0
    assert laboratory.experiment.lanes[1].algorithm.name == "adam"


def test_a_text_field_keeps_its_keys_until_it_is_left(laboratory: Laboratory) -> None:
    name = laboratory.window.panel.lanes[1].name
    laboratory.retype(name, "rs d1", end=Qt.Key.Key_Left)
    laboratory.press(Qt.Key.Key_Space)
    assert name.text() == "rs d 1"
    assert not laboratory.session.playing
    assert laboratory.session.cursor == 0
    assert laboratory.experiment == FIRST
    laboratory.click(laboratory.window.canvases[0])
    assert laboratory.experiment.lanes[1].title == "rs d 1"
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)


def test_a_key_that_is_held_down_does_not_toggle(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Space)
    assert laboratory.session.playing
    for _ in range(3):
        repeated = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True
        )
        QApplication.sendEvent(QApplication.focusWidget() or laboratory.shell, repeated)
    assert laboratory.session.playing
    seed = laboratory.experiment.data
    laboratory.press(Qt.Key.Key_Space)
    for _ in range(3):
        repeated = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_D, Qt.KeyboardModifier.NoModifier, "d", True)
        QApplication.sendEvent(QApplication.focusWidget() or laboratory.shell, repeated)
    assert laboratory.experiment.data == seed


def test_every_control_is_reached_by_tab(laboratory: Laboratory) -> None:
    seen: list[QWidget] = []
    for _ in range(400):
        laboratory.press(Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is None or focused in seen:
            break
        seen.append(focused)
    bar, panel = laboratory.window.transport, laboratory.window.panel
    for widget in (bar.run, bar.step, bar.speed, bar.clock, panel.data.box, panel.lanes[1].chooser.box):
        assert widget in seen, widget.accessibleName()
    nameless = [each for each in seen if not each.accessibleName() and each is not laboratory.window.desk]
    assert [each for each in nameless if not getattr(each, "text", str)()] == []


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_nothing_is_clipped_or_scrolled(laboratory: Laboratory, size: tuple[int, int]) -> None:
    laboratory.shell.resize(*size)
    laboratory.settle()
    window = laboratory.window
    try:
        assert (laboratory.shell.width(), laboratory.shell.height()) == size
        for area in laboratory.shell.findChildren(QAbstractScrollArea):
            if area.isVisible():
                assert not area.verticalScrollBar().isVisible(), area
                assert not area.horizontalScrollBar().isVisible(), area
        for widget in (*window.views, *window.strips, window.transport, window.panel, window.sentence):
            assert laboratory.at(widget)
        if size == (1366, 768):
            assert window.panel.width() == 250
            assert window.simplex.width() == 300
            assert window.weight_sum.width() == 110
            assert window.likelihood.width() >= 640
            assert window.likelihood.height() >= 180
    finally:
        laboratory.shell.resize(1366, 768)
        laboratory.settle()


def test_a_file_with_many_columns_folds_what_no_longer_fits() -> None:
    with Laboratory() as laboratory:
        laboratory.load(IRIS)
        panel = laboratory.window.panel
        assert panel.sections["data"].is_open
        laboratory.wait_until(lambda: not panel.area.verticalScrollBar().isVisible(), what="the panel fits")
