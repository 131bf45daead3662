"""The window while both engines run flat out: frame times, answers to the mouse, and what the engines lose."""

import gc
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer

from engine.experiment import Experiment, from_document
from tests.benchmarks.em_iterations import generated
from tests.benchmarks.frame_picture import FrameTimes
from tests.benchmarks.measurement import Figure, Row, at_most

SECONDS = 5.0
SIZES = ((100, 22.0), (10_000, 22.0), (100_000, 22.0), (1_000_000, 33.0))


def experiment(rows: int, speed: float) -> Experiment:
    """EM against gradient ascent that neither ends while it is measured."""
    return from_document(
        {
            "data": {"name": "three-clusters", "size": rows, "separation": 0.6},
            "model": {"name": "gaussian-mixture", "components": 3},
            "start": {"name": "k-means++"},
            "lanes": [{"algorithm": "em"}, {"algorithm": "gradient-ascent", "learning_rate": 0.3}],
            "stop": {"tolerance": 0.0, "max_iterations": 10_000_000},
            "show": {"speed": speed},
        }
    )


class _Ear(QObject):
    """Hears questions in the window's thread."""

    def __init__(self, heard: Callable[[], None]) -> None:
        super().__init__()
        self._heard = heard

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.User:
            self._heard()
            return True
        return bool(super().event(event))


class Watch:
    """Asks the window's thread at intervals, from another thread, and notes how long the answer takes."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.asked = 0.0
        self.answered = threading.Event()
        self._ended = False
        self._ear = _Ear(self._hear)
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _hear(self) -> None:
        self.delays.append(time.perf_counter() - self.asked)
        self.answered.set()

    def _ask(self) -> None:
        pause = threading.Event()
        while not self._ended:
            pause.wait(0.007)
            self.answered.clear()
            self.asked = time.perf_counter()
            QCoreApplication.postEvent(self._ear, QEvent(QEvent.Type.User))
            self.answered.wait(2.0)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._ended = True
        self._thread.join(3.0)


def _let_run(seconds: float) -> None:
    """The event loop as the program runs it: between events it waits, and leaves the interpreter to the engines."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def played(rows: int, speed: float, seconds: float) -> tuple[list[float], list[float], int]:
    """Frame times, delays of answers, and steps of both engines while an experiment plays."""
    from gui.app import application
    from gui.garbage import GarbageCollector
    from gui.shell import Shell
    from gui.window import Window

    app = application()
    shell = Shell("light")
    shell.resize(1366, 768)
    shell.show()
    window = Window(shell, "light")
    window.session.open_experiment(experiment(rows, speed))
    deadline = time.monotonic() + 120
    while window.session.race is None or window.session.is_loading:
        app.processEvents()
        assert time.monotonic() < deadline
    frames: list[float] = []
    began = [0.0]

    def note() -> None:
        # From the beginning of a frame to that of the next: an engine may have nothing new for one of them.
        frames.append(window.ticker.began - began[0])
        began[0] = window.ticker.began

    # As the program itself does before its event loop.
    collector = GarbageCollector(window)
    gc.collect()
    gc.freeze()
    window.session.toggle_play()
    _let_run(0.5)
    steps_before = sum(trace.count for trace in window.session.race.traces)
    window.ticker.timer.timeout.connect(note)
    with Watch() as watch:
        _let_run(seconds)
    steps = sum(trace.count for trace in window.session.race.traces) - steps_before
    window.ticker.timer.timeout.disconnect(note)
    collector.close()
    window.close_now()
    gc.unfreeze()
    return frames[1:], watch.delays, steps


def alone(rows: int, seconds: float) -> int:
    """Steps that both engines make in so many seconds without a window."""
    from engine.preparation import prepare
    from gui.race import Race
    from gui.worker import Turns

    wanted = experiment(rows, 0.0)
    race = Race(Turns(), wanted, prepare(wanted))
    race.allow(float("inf"))
    time.sleep(0.5)
    before = sum(trace.count for trace in race.traces)
    time.sleep(seconds)
    steps = sum(trace.count for trace in race.traces) - before
    race.close()
    return steps


def percentile(samples: list[float], share: float) -> float:
    """In milliseconds."""
    return 1e3 * float(np.percentile(samples, share))


def flat_out(count: int, most: float) -> list[Row]:
    """Frame time and longest time without an answer at a number of points."""
    frames, delays, steps = played(count, 0.0, SECONDS)
    figure = percentile(frames, 99)
    goal, met = at_most(figure, most)
    told = "/".join(f"{percentile(frames, share):.0f}" for share in (50, 95, 99, 100))
    note = f"p50/p95/p99/max {told}; {len(frames)} frames, {steps} steps"
    name = f"frame time p99, both engines flat out, n = {count:,}"
    samples = {"points": [float(count)], "most": [most], "frames": frames}
    first = Row(name, "ms", figure, None, figure, goal, met, note, samples)
    longest = 1e3 * max(delays)
    goal, met = at_most(longest, 50)
    name = f"longest time without an answer, n = {count:,}"
    note = f"{len(delays)} questions"
    return [first, Row(name, "ms", longest, None, longest, goal, met, note, {"delays": delays})]


def frame_times(rows: Sequence[Row]) -> list[FrameTimes]:
    """What `frame_picture` draws, from the rows of `flat_out`."""
    return [
        FrameTimes(int(points), [1e3 * each for each in row.samples["frames"]], row.samples["most"][0])
        for row in rows
        for points in row.samples.get("points", ())
    ]


def while_loading() -> Row:
    """Longest time without an answer while a CSV of a million rows is read and becomes the data of both lanes."""
    from gui.app import application
    from gui.shell import Shell
    from gui.window import Window

    app = application()
    shell = Shell("light")
    shell.resize(1366, 768)
    shell.show()
    window = Window(shell, "light")
    window.session.open_experiment(experiment(100, 0.0))
    while window.session.race is None or window.session.is_loading:
        app.processEvents()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.csv"
        np.savetxt(path, generated(1_000_000, 2, 5), fmt="%.9g", delimiter=",", header="x,y", comments="")
        with Watch() as watch:
            window.open_path(path)
            loop, look = QEventLoop(), QTimer()
            look.timeout.connect(lambda: None if window.session.is_loading else loop.quit())
            look.start(20)
            loop.exec()
            _let_run(0.5)
    window.close_now()
    longest = 1e3 * max(watch.delays)
    goal, met = at_most(longest, 50)
    name = "longest time without an answer, while a CSV of 1,000,000 rows loads"
    return Row(name, "ms", longest, None, longest, goal, met, f"{len(watch.delays)} questions")


def share_taken() -> Row:
    """What the two engines lose to a window that plays at 30 iterations a second."""
    with_window = [played(100_000, 30.0, SECONDS)[2] for _ in range(2)]
    without = [alone(100_000, SECONDS) for _ in range(2)]
    share = 1.0 - sum(with_window) / sum(without)
    goal, met = at_most(share, 0.25)
    return Row(
        "share of the engines' time that the window takes, n = 100,000, played at 30 a second",
        "",
        share,
        None,
        share,
        goal,
        met,
        f"{sum(with_window)} steps with the window, {sum(without)} without",
        {"with": [float(each) for each in with_window], "without": [float(each) for each in without]},
    )


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    for count, most in SIZES:
        yield f"frames, n = {count:,}", partial(flat_out, count, most)
    yield "while a CSV loads", lambda: [while_loading()]
    yield "share of the engines' time", lambda: [share_taken()]
