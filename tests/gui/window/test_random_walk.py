"""Twenty thousand random events over the whole window while both engines run: nothing raises, nothing leaks."""

import ctypes
import gc
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QMessageBox, QWidget

from engine.experiment import read_experiment
from engine.shipped_experiments import shipped_experiments
from gui.app import FIRST_EXPERIMENT
from tests.gui.laboratory import LEFT, NO_KEY, Laboratory

EVENTS = 20_000
WARM_UP = 3_000
GROWTH = 1.05
PLAIN = (
    Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Period, Qt.Key.Key_R, Qt.Key.Key_D,
    Qt.Key.Key_S, Qt.Key.Key_B, Qt.Key.Key_P, Qt.Key.Key_E, Qt.Key.Key_M, Qt.Key.Key_0, Qt.Key.Key_1,
    Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_F5, Qt.Key.Key_F11, Qt.Key.Key_Escape,
    Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_7, Qt.Key.Key_Comma,
    Qt.Key.Key_PageDown, Qt.Key.Key_PageUp, Qt.Key.Key_Backspace, Qt.Key.Key_L,
)  # fmt: skip
WITH_CONTROL = (
    Qt.Key.Key_Z, Qt.Key.Key_R, Qt.Key.Key_P, Qt.Key.Key_A, Qt.Key.Key_N, Qt.Key.Key_K,
    Qt.Key.Key_Delete, Qt.Key.Key_Delete, Qt.Key.Key_Up, Qt.Key.Key_Down,
)  # fmt: skip
MOST_POINTS = 20_000
POPUP_MILLISECONDS = 60


def resident_bytes() -> int:
    """Memory of this process that is in use now, without what the allocator keeps for later."""
    found = Path("/proc/self/statm")
    if found.exists():
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
        return int(found.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Walk:
    """Sends events that a seed chooses, and notes the longest that one of them took."""

    def __init__(self, laboratory: Laboratory, seed: int) -> None:
        self.laboratory = laboratory
        self.generator = np.random.Generator(np.random.Philox(seed))
        self.longest = 0.0
        self._pressed = False
        # A menu of a button has an event loop of its own, in which only a timer is heard.
        self._closing = QTimer()
        self._closing.setInterval(POPUP_MILLISECONDS)
        self._closing.timeout.connect(self._close_old_popup)
        self._closing.start()
        self._seen: QWidget | None = None

    def _close_old_popup(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None and popup is self._seen:
            popup.close()
        self._seen = popup

    def end(self) -> None:
        """No more popups are closed."""
        self._closing.stop()

    def go(self, events: int) -> None:
        """Sends so many events, letting the window work between them."""
        for _ in range(events):
            began = time.perf_counter()
            self._event()
            QApplication.processEvents()
            self.longest = max(self.longest, time.perf_counter() - began)
            self._keep_going()

    def _keep_going(self) -> None:
        """Closes what popped up, keeps the engines running and the data small enough for a walk."""
        popup = QApplication.activePopupWidget()
        if popup is not None and self.generator.random() < 0.5:
            popup.close()
        session = self.laboratory.session
        if not session.playing and self.generator.random() < 0.05:
            session.toggle_play()
        found = session.preparation
        if found is not None and found.dataset.rows > MOST_POINTS:
            session.undo()

    def _place(self) -> QPoint:
        shell = self.laboratory.shell
        return QPoint(
            int(self.generator.integers(1, shell.width() - 1)),
            int(self.generator.integers(1, shell.height() - 1)),
        )

    def _event(self) -> None:
        handle, at = self.laboratory.shell.windowHandle(), self._place()
        chance = self.generator.random()
        popup = QApplication.activePopupWidget()
        if popup is not None and chance < 0.5:
            inside = QPoint(
                int(self.generator.integers(1, max(2, popup.width()))),
                int(self.generator.integers(1, max(2, popup.height()))),
            )
            QTest.mouseClick(popup, LEFT, NO_KEY, inside)
        elif chance < 0.45:
            QTest.mouseMove(handle, at)
        elif chance < 0.60:
            QTest.mouseClick(handle, LEFT, NO_KEY, at)
        elif chance < 0.70:
            modifier = Qt.KeyboardModifier.ShiftModifier if self.generator.random() < 0.3 else NO_KEY
            if self._pressed:
                QTest.mouseRelease(handle, LEFT, modifier, at)
            else:
                QTest.mousePress(handle, LEFT, modifier, at)
            self._pressed = not self._pressed
        elif chance < 0.76:
            self._wheel(at)
        elif chance < 0.95:
            QTest.keyClick(handle, PLAIN[int(self.generator.integers(len(PLAIN)))])
        else:
            key = WITH_CONTROL[int(self.generator.integers(len(WITH_CONTROL)))]
            QTest.keyClick(handle, key, Qt.KeyboardModifier.ControlModifier)

    def _wheel(self, at: QPoint) -> None:
        shell = self.laboratory.shell
        widget = shell.childAt(at)
        if widget is None:
            return
        place = QPointF(widget.mapFrom(shell, at))
        turned = QPoint(0, 120 if self.generator.random() < 0.5 else -120)
        event = QWheelEvent(
            place, QPointF(shell.mapToGlobal(at)), QPoint(), turned, Qt.MouseButton.NoButton, NO_KEY,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)


@pytest.fixture
def no_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every dialog that would wait for a person is answered at once: not now."""

    def nothing(*arguments: Any, **named: Any) -> tuple[str, str]:
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", nothing)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", nothing)
    for name in ("question", "about", "warning", "information", "critical"):
        monkeypatch.setattr(QMessageBox, name, lambda *a, **k: QMessageBox.StandardButton.Discard)
    for dialog in (QDialog, QFileDialog, QMessageBox):
        monkeypatch.setattr(dialog, "exec", lambda *a, **k: 0)


def fresh(laboratory: Laboratory) -> int:
    """The first experiment again and everything of the walk given back; the memory that is left in use."""
    window = laboratory.window
    window.help.callouts.end()
    for other in QApplication.topLevelWidgets():
        if other is not laboratory.shell:
            other.close()
    popup = QApplication.activePopupWidget()
    while isinstance(popup, QMenu):
        popup.close()
        popup = QApplication.activePopupWidget()
    if window.lecture.on:
        window.lecture.toggle()
    laboratory.session.pause()
    for place in reversed(range(len(laboratory.session.pins))):
        laboratory.session.exchange_pin(place, None)
    laboratory.open(read_experiment(FIRST_EXPERIMENT))
    laboratory.settle()
    gc.collect()
    return resident_bytes()


def see_everything(laboratory: Laboratory) -> None:
    """Every shipped experiment, and whatever is made when it is first asked for: the walk may come by it or not."""
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    for _ in shipped_experiments():
        laboratory.press(Qt.Key.Key_PageDown)
        laboratory.wait_until(lambda: not laboratory.session.is_loading)
        laboratory.press(Qt.Key.Key_Right, times=3)
    for key, modifier in (
        (Qt.Key.Key_E, NO_KEY), (Qt.Key.Key_R, control), (Qt.Key.Key_P, control), (Qt.Key.Key_P, shift),
        (Qt.Key.Key_T, shift), (Qt.Key.Key_F1, control), (Qt.Key.Key_F1, NO_KEY), (Qt.Key.Key_F2, NO_KEY),
        (Qt.Key.Key_P, control | shift), (Qt.Key.Key_Escape, NO_KEY), (Qt.Key.Key_L, control | shift),
        (Qt.Key.Key_L, control), (Qt.Key.Key_F5, NO_KEY), (Qt.Key.Key_Escape, NO_KEY),
    ):  # fmt: skip
        laboratory.press(key, modifier)
        laboratory.shell.activateWindow()
        laboratory.settle()


@pytest.mark.soak
def test_a_random_walk_raises_nothing_and_leaks_nothing(
    no_questions: None, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with Laboratory() as laboratory:
        # A walk that finds Quit would end early.
        laboratory.shell.may_close = lambda: False
        see_everything(laboratory)
        fresh(laboratory)
        laboratory.press(Qt.Key.Key_Space)
        walk = Walk(laboratory, seed=2026)
        walk.go(WARM_UP)
        before = fresh(laboratory)
        laboratory.press(Qt.Key.Key_Space)
        walk.longest = 0.0
        walk.go(EVENTS - WARM_UP)
        after = fresh(laboratory)
        walk.end()
        laboratory.shell.may_close = lambda: True
        record_property("longest_seconds_without_an_answer", walk.longest)
        with capsys.disabled():
            print(
                f"\nrandom walk: {EVENTS} events, longest {1000 * walk.longest:.0f} ms without an answer, "
                f"memory {before / 2**20:.0f} MiB before, {after / 2**20:.0f} MiB after"
            )
        assert after <= GROWTH * before
        assert all(trace.status != "stopped" for trace in laboratory.traces)
