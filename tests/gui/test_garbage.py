"""What is unreachable is destroyed in the window's thread, whichever thread allocates."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from gui.garbage import GarbageCollector, collect_what_is_due

pytestmark = pytest.mark.usefixtures("application")


@pytest.fixture
def collector() -> Iterator[GarbageCollector]:
    made = GarbageCollector()
    yield made
    made.close()


def cycle(died_in: list[str]) -> None:
    """A Qt object that only knows itself."""
    lonely = QObject()
    lonely.setProperty("name", "lonely")
    lonely.myself = lonely  # type: ignore[attr-defined]
    weakref.finalize(lonely, lambda: died_in.append(threading.current_thread().name))


def allocate() -> None:
    """Enough for Python's own collector to look for garbage of every age."""
    for _ in range(200):
        kept = [[each] for each in range(1000)]
        del kept
    for _ in range(20):
        ring: list[object] = []
        ring.append(ring)


def in_another_thread() -> None:
    thread = threading.Thread(target=allocate, name="another")
    thread.start()
    thread.join()


def test_an_allocating_thread_destroys_nothing(collector: GarbageCollector) -> None:
    died_in: list[str] = []
    cycle(died_in)
    in_another_thread()
    assert died_in == []
    gc.collect()
    assert died_in == [threading.current_thread().name]


def test_what_is_due_is_collected_and_nothing_else(collector: GarbageCollector) -> None:
    gc.collect()
    died_in: list[str] = []
    cycle(died_in)
    collect_what_is_due()
    assert died_in == []
    rings = [[each] for each in range(2 * gc.get_threshold()[0])]
    collect_what_is_due()
    assert died_in == [threading.current_thread().name]
    assert rings


def test_closed_it_leaves_the_work_to_python() -> None:
    made = GarbageCollector()
    assert not gc.isenabled()
    made.close()
    assert gc.isenabled()
