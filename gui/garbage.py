"""Cyclic garbage is collected in the window's thread alone.

Python's collector works in whichever thread happens to allocate, so an engine could be the one that destroys a
widget or a picture which nobody needs any more, and Qt may then crash. So it is switched off, and the window's thread
looks for itself whether there is enough to collect.
"""

import gc

from PySide6.QtCore import QObject, Qt, QTimer

EVERY_MILLISECONDS = 500


class GarbageCollector(QObject):
    """Collects what Python's own collector would, from a timer of the thread that made it; until `close`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.setInterval(EVERY_MILLISECONDS)
        self._timer.timeout.connect(collect_what_is_due)
        self._timer.start()

    def close(self) -> None:
        """Leaves it to Python's own collector again."""
        self._timer.stop()
        gc.enable()


def collect_what_is_due() -> None:
    """Collects the oldest generation that is full, with the younger ones."""
    for generation, (count, limit) in reversed(
        list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))
    ):
        if 0 < limit < count:
            gc.collect(generation)
            return
