"""Real mouse and key events for tests of controls, and what signals said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt, SignalInstance
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSlider, QVBoxLayout, QWidget

from gui.style import style
from gui.stylesheet import stylesheet


def heard(signal: SignalInstance) -> list[tuple[Any, ...]]:
    """A list that fills with the arguments of every emission."""
    said: list[tuple[Any, ...]] = []
    signal.connect(lambda *arguments: said.append(arguments))
    return said


@contextmanager
def on_screen(
    widget: QWidget, width: int = 250, height: int = 700, theme: str = "light", lecture: bool = False
) -> Iterator[QWidget]:
    """The widget in a styled window of this size, closed again afterwards."""
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)
    window.setStyleSheet(stylesheet(style(theme, lecture)))
    window.resize(width, height)
    window.show()
    settle()
    try:
        yield window
    finally:
        window.close()
        window.deleteLater()
        settle()


def settle() -> None:
    """Lets every pending layout and deferred event happen."""
    for _ in range(4):
        QApplication.processEvents()


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """A click with the left button, in the middle where no place is given."""
    QTest.mouseClick(
        widget,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        widget.rect().center() if at is None else at,
    )
    settle()


def press(widget: QWidget, key: Qt.Key) -> None:
    """One key, pressed and released."""
    QTest.keyClick(widget, key)
    settle()


def retype(entry: QLineEdit, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    """Replaces what stands in an entry and finishes with a key."""
    entry.setFocus()
    entry.selectAll()
    QTest.keyClick(entry, Qt.Key.Key_Delete)
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, end)
    settle()


def drag(slider: QSlider, shares: list[float]) -> None:
    """Presses at the first share of the width, moves over the others and releases at the last."""
    points = [QPoint(round(share * slider.width()), slider.height() // 2) for share in shares]
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, points[0])
    for point in points[1:]:
        QTest.mouseMove(slider, point)
        settle()
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, points[-1])
    settle()


def choose(box: QComboBox, value: object) -> None:
    """Opens a combo box and clicks on the item that stands for a value."""
    usual = QApplication.doubleClickInterval()
    # A list that has just opened takes no release for so long, or a slow click would choose at once.
    QApplication.setDoubleClickInterval(0)
    click(box)
    QApplication.setDoubleClickInterval(usual)
    index = box.model().index(box.findData(value), 0)
    box.view().scrollTo(index)
    click(box.view().viewport(), box.view().visualRect(index).center())


def turn_wheel(widget: QWidget) -> bool:
    """One notch of the wheel over a widget; whether the widget took it."""
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.setAccepted(True)
    # Straight to the widget: its parents (a scroll area) may take what it leaves.
    widget.wheelEvent(event)
    return event.isAccepted()
