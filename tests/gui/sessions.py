"""A session without widgets, for tests that tick it themselves."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from engine.experiment import Experiment
from gui.garbage import GarbageCollector
from gui.session import Session
from tests.gui.laboratory import PATIENCE_SECONDS

TICK_SECONDS = 0.016


def wait_until(session: Session, condition: Callable[[], Any]) -> None:
    """Ticks the session, as a window would, until a condition holds; fails if it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"it is still not so; the cursor is at {session.cursor:g}, playing {session.playing}")
        tick(session)
        with session.turns.condition:
            session.turns.condition.wait(TICK_SECONDS / 4)


def tick(session: Session, seconds: float = TICK_SECONDS) -> None:
    """One tick, and what other threads have sent."""
    session.tick(seconds)
    QApplication.processEvents()


@contextmanager
def opened(experiment: Experiment) -> Iterator[Session]:
    """A session that shows the start of an experiment; destroyed, with all its threads, afterwards."""
    owner, collector = QObject(), GarbageCollector()
    session = Session(owner)
    try:
        session.open_experiment(experiment)
        wait_until(session, lambda: session.frame is not None)
        yield session
    finally:
        session.close()
        for thread in threading.enumerate():
            if thread.name == "background":
                thread.join(PATIENCE_SECONDS)
        # A Qt object must not be destroyed by whichever thread lets go of it last.
        owner.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        collector.close()
