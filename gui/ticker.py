"""The window's beat: between two of them the engines compute, in each of them what is new is shown."""

import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from gui.meter import Meter
from gui.pacing import FLAT_OUT_SECONDS, PLAYED_SECONDS, Pacing
from gui.session import Session


class Ticker(QObject):
    """Ticks a session and paints its window, and rests in between as long as `Pacing` says."""

    def __init__(self, session: Session, painted: QWidget, meter: Meter, parent: QObject) -> None:
        super().__init__(parent)
        self.began = time.monotonic()
        """When the last tick began, in seconds of the monotonic clock."""
        self._session = session
        self._painted = painted
        self._meter = meter
        self._pacing = Pacing()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._tick)
        self.timer.start(0)

    def _tick(self) -> None:
        """Closes the gate, shows what is new, and opens the gate when that has been painted."""
        began = time.monotonic()
        self._session.turns.close_gate()
        before = self._session.frame
        try:
            self._session.tick(began - self.began)
            self.began = began
            if self._session.frame is not before:
                # Paint now, behind the closed gate, and not when the event loop gets round to it: everything
                # at once, because each `repaint` of a view would paint all the others that wait as well.
                QApplication.sendEvent(self._painted, QEvent(QEvent.Type.UpdateRequest))
            if self._meter.isVisible():
                self._meter.note(began, self._session.frame, self._session.frame is not before)
        finally:
            # A fault in one tick must not be the last tick.
            shortest = PLAYED_SECONDS if self._session.plays_at_a_speed else FLAT_OUT_SECONDS
            rest = self._pacing.rest_after(time.monotonic() - began, shortest)
            self.timer.start(int(1000 * rest))
            # Last of all: the engines take the interpreter as soon as they may.
            self._session.turns.open_gate()

    def stop(self) -> None:
        """Ticks no more."""
        self.timer.stop()
