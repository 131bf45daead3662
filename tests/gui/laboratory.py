"""A whole window on an experiment, driven as a person drives it: by mouse, keys and dropped files.

Every event enters through the shell's native window, so that what lies on top of what, which widget has the
focus and which keys are shortcuts decide as they do on a desk.
"""

import dataclasses
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMessageBox, QWidget

from engine.experiment import Experiment
from engine.trace import Trace
from gui.app import FIRST_EXPERIMENT, application
from gui.frame import Frame
from gui.garbage import GarbageCollector
from gui.lane_frame import LaneFrame
from gui.race import Race
from gui.shell import Shell
from gui.window import Window

LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier
Dialog = TypeVar("Dialog", bound=QWidget)
PATIENCE_SECONDS = 20.0
"""How long to wait for what must come; only a test that fails waits so long."""


class Laboratory:
    """A real window, shown without a display; closed with `with`.

    What goes wrong in a slot or in the answer to an event is only printed by Qt; here it fails the test, at the end.
    """

    def __init__(
        self, source: Experiment | Path = FIRST_EXPERIMENT, size: tuple[int, int] = (1366, 768)
    ) -> None:
        self.application = application()
        self.faults: list[BaseException] = []
        """Exceptions that nobody has caught."""
        self._told_before = sys.excepthook
        sys.excepthook = self._note_fault
        self._collector = GarbageCollector()
        self.shell = Shell("light")
        self.shell.resize(*size)
        self.window = Window(self.shell, "light")
        self.session = self.window.session
        self.told: list[str] = []
        """Every sentence that the session refused something with."""
        self.session.failed.connect(self.told.append)
        self.open(source)
        self.shell.show()
        self.shell.activateWindow()
        self.settle()

    def __enter__(self) -> "Laboratory":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()
        if self.faults and error is None:
            raise AssertionError(f"{len(self.faults)} faults in the window") from self.faults[0]

    def _note_fault(
        self, kind: type[BaseException], fault: BaseException, where: TracebackType | None
    ) -> None:
        self._told_before(kind, fault, where)
        # With its traceback it would keep all that was there: frames, data, traces.
        self.faults.append(fault.with_traceback(None))

    def close(self) -> None:
        """Closes the window without a question and destroys it."""
        self.window.close_now()
        # What still tells of its progress must not tell it to what is gone.
        for thread in threading.enumerate():
            if thread.name == "background":
                thread.join(PATIENCE_SECONDS)
        self.shell.deleteLater()
        self.settle()
        self._collector.close()
        sys.excepthook = self._told_before

    def open(self, source: Experiment | Path) -> None:
        """Opens an experiment (or its file) in this window and waits until both lanes stand at the start."""
        if isinstance(source, Path):
            self.window.open_path(source)
        else:
            self.session.open_experiment(source)
        self.wait_until(lambda: self.session.frame is not None and not self.session.is_loading)
        self.wait_until(lambda: all(trace.count for trace in self.race.traces))
        self.session.refresh(force=True)
        self.settle()

    # What is there

    @property
    def frame(self) -> Frame:
        """The newest frame."""
        assert self.session.frame is not None
        return self.session.frame

    @property
    def lanes(self) -> tuple[LaneFrame, ...]:
        return self.frame.lanes

    @property
    def race(self) -> Race:
        assert self.session.race is not None
        return self.session.race

    @property
    def traces(self) -> list[Trace]:
        return self.race.traces

    @property
    def experiment(self) -> Experiment:
        assert self.session.experiment is not None
        return self.session.experiment

    @property
    def sentence(self) -> str:
        """The line that says in words what just happened."""
        return self.window.sentence.text()

    def picture(self, widget: QWidget | None = None) -> QImage:
        """What a widget (the whole window where none is given) looks like now."""
        seen = self.shell if widget is None else widget
        return seen.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)

    def colours(self, widget: QWidget) -> set[str]:
        """All colours of a widget's picture, as '#rrggbb'."""
        image = self.picture(widget)
        pixels = np.frombuffer(image.constBits(), dtype=np.uint32) & 0xFFFFFF
        return {f"#{colour:06x}" for colour in np.unique(pixels).tolist()}

    # Time

    def settle(self) -> None:
        """Lets every event that waits happen, and what follows from it."""
        panel, rounds = self.window.panel, 3
        while rounds > 0 or (shiboken6.isValid(panel) and not panel.is_arranged):
            rounds -= 1
            QApplication.processEvents()
            # An event loop that was started by `exec` would do so by itself.
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def wait_until(
        self, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS, what: str = ""
    ) -> None:
        """Lets engines and events work until the condition holds; fails, with where things stand, if it never does."""
        deadline = time.monotonic() + seconds
        alarm = QTimer()
        alarm.setSingleShot(True)
        alarm.start(round(1000 * seconds) + 1)
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(
                    f"after {seconds:g} s it is still not so: {what or 'the condition'}; {self._state()}"
                )
            # Sleeps until something happens; the alarm happens at the latest.
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def wait_for_iteration(self, iteration: int, lane: int = 0) -> None:
        """Until a lane shows this iteration or a later one."""
        self.wait_until(lambda: self.lanes[lane].iteration >= iteration, what=f"lane {lane} at {iteration}")

    def play_to_the_end(self) -> None:
        """Plays flat out until every lane has ended."""
        self.session.edit("speed", lambda e: e.replace(show=dataclasses.replace(e.show, speed=0.0)), False)
        if not self.session.playing:
            self.click(self.window.transport.run)
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Until every lane has ended and the cursor stands still at the end."""
        self.wait_until(lambda: self.race.ended and not self.session.playing, what="all lanes at their end")
        self.settle()

    def _state(self) -> str:
        frame = self.session.frame
        if frame is None:
            return "there is no frame"
        lanes = ", ".join(
            f"{each.title} at {each.iteration} of {each.last_iteration}" for each in frame.lanes
        )
        return f"cursor {frame.cursor:g}, playing {frame.playing}, {lanes}; it says {self.sentence!r}"

    # Mouse

    def at(self, widget: QWidget, place: QPointF | QPoint | None = None) -> QPoint:
        """A place in a widget (its middle where none is given) as the shell's native window counts.

        The widget must really be there: not hidden, not scrolled away, nothing on top of it.
        """
        self._scroll_to(widget)
        where = QPointF(widget.rect().center()) if place is None else QPointF(place)
        found = widget.mapTo(self.shell, where).toPoint()
        there = self.shell.childAt(found)
        assert widget.isVisible(), f"{_name(widget)} is hidden"
        assert there is widget or (there is not None and widget.isAncestorOf(there)), (
            f"{_name(there)} covers {_name(widget)}"
        )
        return found

    def _scroll_to(self, widget: QWidget) -> None:
        area = self.window.panel.area
        if area.isAncestorOf(widget):
            area.ensureWidgetVisible(widget, 0, 0)
            self.settle()

    def unfold(self, section: str) -> None:
        """Opens a section of the controls, with a click on its header."""
        self.settle()
        found = self.window.panel.sections[section]
        if not found.is_open:
            self.click(found.header)

    def click(self, widget: QWidget, place: QPointF | QPoint | None = None) -> None:
        """A click with the left button."""
        QTest.mouseClick(self.shell.windowHandle(), LEFT, NO_KEY, self.at(widget, place))
        self.settle()

    def double_click(self, widget: QWidget, place: QPointF | QPoint | None = None) -> None:
        """Two quick clicks."""
        QTest.mouseDClick(self.shell.windowHandle(), LEFT, NO_KEY, self.at(widget, place))
        self.settle()

    def hover(self, widget: QWidget, place: QPointF | QPoint | None = None) -> None:
        """The pointer moves to a place without a button."""
        QTest.mouseMove(self.shell.windowHandle(), self.at(widget, place))
        self.settle()

    def drag(self, widget: QWidget, *places: QPointF | QPoint, hold: bool = False) -> None:
        """Presses at the first place, moves over the others and, unless it is to `hold`, releases at the last."""
        handle = self.shell.windowHandle()
        self.hover(widget, places[0])
        QTest.mousePress(handle, LEFT, NO_KEY, self.at(widget, places[0]))
        for place in places[1:]:
            QTest.mouseMove(handle, self.at(widget, place))
            self.settle()
        if not hold:
            self.release(widget, places[-1])

    def release(self, widget: QWidget, place: QPointF | QPoint) -> None:
        """Lets the left button go."""
        QTest.mouseRelease(self.shell.windowHandle(), LEFT, NO_KEY, self.at(widget, place))
        self.settle()

    def wheel(self, widget: QWidget, place: QPointF, notches: float) -> None:
        """Turns the wheel over a place."""
        event = QWheelEvent(
            place,
            QPointF(widget.mapToGlobal(place.toPoint())),
            QPoint(),
            QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton,
            NO_KEY,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        self.settle()

    # Keys

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEY, times: int = 1) -> None:
        """A key, pressed and released, wherever the focus is."""
        for _ in range(times):
            QTest.keyClick(self.shell.windowHandle(), key, modifiers)
            self.settle()

    def write(self, text: str) -> None:
        """Types into whatever has the focus."""
        for letter in text:
            QTest.keyClick(self.shell.windowHandle(), letter)  # type: ignore[call-overload]
        self.settle()

    def retype(self, entry: QLineEdit, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
        """Clicks into an entry, replaces what stands there, and finishes with a key."""
        self.click(entry)
        self.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.write(text)
        self.press(end)

    def choose(self, box: QComboBox, value: object) -> None:
        """Opens a box with a click and clicks on the item that stands for a value."""
        usual = QApplication.doubleClickInterval()
        # A list that has just opened takes no release for so long, or a slow click would choose at once.
        QApplication.setDoubleClickInterval(0)
        self.click(box)
        QApplication.setDoubleClickInterval(usual)
        index = box.model().index(box.findData(value), 0)
        assert index.isValid(), f"{value!r} is no choice of {box.accessibleName()}"
        box.view().scrollTo(index)
        QTest.mouseClick(box.view().viewport(), LEFT, NO_KEY, box.view().visualRect(index).center())
        self.settle()

    # Files and questions

    def drop(self, *paths: Path, onto: QWidget | None = None) -> None:
        """Drags files over a widget (a canvas where none is given) and drops them there."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        # File managers offer the names as text as well.
        data.setText("\n".join(map(str, paths)))
        over = self.window.canvases[0] if onto is None else onto
        target: QWidget | None = self.shell.childAt(self.at(over))
        # As Qt's own window looks for the widget that a drag is offered to.
        while target is not None and not target.isWindow() and not target.acceptDrops():
            target = target.parentWidget()
        assert target is not None
        place, copy = target.mapFrom(self.shell, self.at(over)), Qt.DropAction.CopyAction
        entering = QDragEnterEvent(place, copy, data, LEFT, NO_KEY)
        QApplication.sendEvent(target, entering)
        assert entering.isAccepted(), f"{target} takes no files"
        QApplication.sendEvent(target, QDropEvent(QPointF(place), copy, data, LEFT, NO_KEY))
        self.settle()

    def load(self, path: Path) -> None:
        """Drops a file and waits until it is read or refused."""
        self.drop(path)
        self.wait_until(lambda: not self.session.is_loading, what=f"{path.name} is read")
        self.settle()

    @contextmanager
    def answering(self, *buttons: str) -> Iterator[list[str]]:
        """While it lasts, the n-th question is answered with the n-th button; the list gets what was asked."""
        asked: list[str] = []

        def answer(box: QMessageBox) -> None:
            wanted = buttons[len(asked)]
            asked.append(box.text())
            found = {each.text().replace("&", ""): each for each in box.buttons()}
            QTest.mouseClick(found[wanted], LEFT)

        with self._minding(QMessageBox, answer):
            yield asked
        assert len(asked) == len(buttons), f"{len(asked)} questions were asked: {asked}"

    @contextmanager
    def naming(self, *paths: Path) -> Iterator[None]:
        """While it lasts, the n-th file dialog is given the n-th path, typed into it."""
        named: list[Path] = []

        def name(dialog: QFileDialog) -> None:
            entry = dialog.findChild(QLineEdit)
            assert isinstance(entry, QLineEdit)
            named.append(paths[len(named)])
            entry.setText(str(named[-1]))
            QTest.keyClick(entry, Qt.Key.Key_Return)

        with self._minding(QFileDialog, name):
            yield
        assert len(named) == len(paths), f"{len(named)} files were asked for"

    @contextmanager
    def _minding(self, kind: type[Dialog], answer: Callable[[Dialog], None]) -> Iterator[None]:
        """Looks, inside the dialogs' own event loops, for a dialog of a kind that has not been answered."""
        answered: list[QWidget] = []
        failures: list[BaseException] = []
        watch = QTimer()

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, kind) or not dialog.isVisible() or dialog in answered:
                return
            answered.append(dialog)
            try:
                answer(dialog)
            except BaseException as error:
                failures.append(error)
                dialog.close()

        watch.timeout.connect(look)
        watch.start(1)
        try:
            yield
        finally:
            watch.stop()
            # A desk's window manager would do so.
            self.shell.activateWindow()
            self.settle()
        if failures:
            raise failures[0]


def _name(widget: QWidget | None) -> str:
    return "nothing" if widget is None else widget.accessibleName() or widget.objectName() or repr(widget)
