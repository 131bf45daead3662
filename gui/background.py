"""Work away from the window's thread: one job at a time, with progress, cancellable."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.csv_reader import ReadingCancelled
from engine.errors import InputError

Work = Callable[[Callable[[float], None], Callable[[], bool]], Any]


class Background(QObject):
    """Runs a job in a thread and hands its result back in the window's thread.

    A new job takes the place of the old one, whose result is dropped. `progressed(fraction)` tells how far
    it is, and -1 when it is over.
    """

    progressed = Signal(float)
    _advanced = Signal(int, float)
    _finished = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._busy = False
        self._done: Callable[[Any], None] | None = None
        self._refused: Callable[[Exception], None] | None = None
        self._advanced.connect(self._tell)
        self._finished.connect(self._deliver)

    @property
    def busy(self) -> bool:
        """Whether a job is at work whose result is wanted."""
        return self._busy

    def start(self, work: Work, done: Callable[[Any], None], refused: Callable[[Exception], None]) -> None:
        """Runs `work(progress, cancelled)`; then `done(result)` or `refused(error)` in this thread."""
        self._number += 1
        number = self._number
        self._busy, self._done, self._refused = True, done, refused
        self.progressed.emit(0.0)

        def cancelled() -> bool:
            return number != self._number

        def progress(fraction: float) -> None:
            if not cancelled():
                self._advanced.emit(number, fraction)

        def job() -> None:
            try:
                result, error = work(progress, cancelled), None
            except Exception as failure:
                result, error = None, failure
            if not cancelled():
                with contextlib.suppress(RuntimeError):  # the window is gone already
                    self._finished.emit(number, result, error)

        threading.Thread(target=job, name="background", daemon=True).start()

    def cancel(self) -> None:
        """Drops the job; it ends at its next check."""
        if self._busy:
            self._number += 1
            self._busy = False
            self.progressed.emit(-1.0)

    def _tell(self, number: int, fraction: float) -> None:
        """What was sent before a job was dropped arrives after it, and must not bring it back."""
        if number == self._number and self._busy:
            self.progressed.emit(fraction)

    def _deliver(self, number: int, result: Any, error: Exception | None) -> None:
        if number != self._number:
            return
        self._busy = False
        self.progressed.emit(-1.0)
        if error is None:
            assert self._done is not None
            self._done(result)
        elif not isinstance(error, ReadingCancelled):
            assert self._refused is not None
            expected = isinstance(error, (InputError, MemoryError))
            self._refused(error if expected else InputError(f"This cannot be done: {error}."))
