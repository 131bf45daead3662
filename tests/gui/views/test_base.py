"""What goes wrong in a view is told, and the process lives on."""

import sys
from types import TracebackType
from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.frame import Frame
from gui.views.base import View
from tests.gui.frames import first_experiment

pytestmark = pytest.mark.usefixtures("application")


class Broken(View):
    """Fails as numpy does, wherever it is asked."""

    name: ClassVar[str] = "broken"
    title: ClassVar[str] = "Broken"

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        np.zeros(3)[np.array([7])]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        np.zeros(3)[np.array([7])]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Exceptions that nobody has caught."""
    found: list[BaseException] = []

    def note(kind: type[BaseException], fault: BaseException, where: TracebackType | None) -> None:
        found.append(fault)

    monkeypatch.setattr(sys, "excepthook", note)
    return found


def test_a_fault_in_an_event_is_told_and_ends_nothing(told: list[BaseException]) -> None:
    view = Broken()
    view.show()
    for x in range(10, 60, 10):
        QTest.mouseMove(view.windowHandle(), QPoint(x, 10))
        QApplication.processEvents()
    assert len(told) >= 5
    assert all(isinstance(fault, IndexError) for fault in told)
    view.close()


def test_a_fault_in_drawing_is_told_and_shown(told: list[BaseException]) -> None:
    view = Broken()
    view.resize(300, 120)
    blank = view.grab().toImage()
    assert told == []
    view.show_frame(first_experiment(10).frame(0.0))
    picture = view.grab().toImage()
    assert all(isinstance(fault, IndexError) for fault in told)
    assert len(told) == 1
    assert picture != blank
