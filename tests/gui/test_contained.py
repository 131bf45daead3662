"""An exception in what Qt calls is told and does not end the process."""

import sys
from types import TracebackType

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from gui.contained import contained


class Failing(QObject):
    """Fails as numpy does, at each key."""

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress:
            np.min(np.zeros(0))
        return False


@pytest.mark.usefixtures("application")
def test_a_filter_that_fails_is_told_and_the_event_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BaseException] = []

    def note(kind: type[BaseException], fault: BaseException, where: TracebackType | None) -> None:
        told.append(fault)

    monkeypatch.setattr(sys, "excepthook", note)
    button, failing = QPushButton("press"), Failing()
    pressed: list[bool] = []
    button.clicked.connect(lambda checked=False: pressed.append(checked))
    button.installEventFilter(failing)
    button.show()
    for _ in range(5):
        QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(pressed) == len(told) == 5
    assert all(isinstance(fault, ValueError) for fault in told)


def test_it_answers_as_the_method_does() -> None:
    @contained
    def answer(value: int) -> int:
        """A doc that stays."""
        return 2 * value

    assert answer(4) == 8
    assert answer.__doc__ == "A doc that stays."
