"""The window ends everything in half a second, whatever it is doing, and signals close it without a question."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.experiment import read_experiment
from gui import edits
from gui.app import FIRST_EXPERIMENT
from tests.gui.laboratory import PATIENCE_SECONDS, Laboratory

ROOT = Path(__file__).resolve().parents[2]
FIRST = read_experiment(FIRST_EXPERIMENT)
HALF_A_SECOND = 0.5


def engines() -> list[threading.Thread]:
    """Threads of lanes that are still alive."""
    return [thread for thread in threading.enumerate() if thread.name == "engine"]


def flat_out(laboratory: Laboratory) -> None:
    laboratory.session.edit("speed", lambda e: e.replace(show=type(e.show)(speed=0.0)))
    laboratory.press(Qt.Key.Key_Space)


def closed_in(laboratory: Laboratory) -> float:
    """Seconds from the click on the window's cross until nothing of it works any more."""
    began = time.monotonic()
    assert laboratory.shell.close()
    laboratory.window.close_now()
    taken = time.monotonic() - began
    assert not engines()
    return taken


def at_the_start(laboratory: Laboratory) -> None:
    """Nothing has been pressed."""


def while_both_run(laboratory: Laboratory) -> None:
    flat_out(laboratory)
    laboratory.wait_for_iteration(2)


def amid_a_drag(laboratory: Laboratory) -> None:
    slider = laboratory.window.transport.speed
    laboratory.drag(slider, slider.rect().center(), slider.rect().center(), hold=True)
    flat_out(laboratory)


def when_all_has_ended(laboratory: Laboratory) -> None:
    flat_out(laboratory)
    laboratory.wait_until(lambda: laboratory.race.ended)


@pytest.mark.parametrize("moment", [at_the_start, while_both_run, amid_a_drag, when_all_has_ended])
def test_closing_ends_everything_in_half_a_second(moment: Callable[[Laboratory], None]) -> None:
    with Laboratory() as laboratory:
        moment(laboratory)
        assert closed_in(laboratory) < HALF_A_SECOND


def test_closing_amid_a_step_on_a_million_points_takes_half_a_second() -> None:
    million = FIRST.replace(data=edits.changed(FIRST.data, "size", 1_000_000, "[data]"))
    with Laboratory() as laboratory:
        laboratory.session.open_experiment(million)
        laboratory.wait_until(lambda: laboratory.frame.scene.dataset.rows == 1_000_000)
        flat_out(laboratory)
        laboratory.wait_until(lambda: laboratory.traces[0].count > 1)
        assert closed_in(laboratory) < HALF_A_SECOND


def test_closing_while_data_are_loaded_takes_half_a_second(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("x,y\n" + "".join(f"{i % 97}.5,{i % 89}.25\n" for i in range(300_000)))
    with Laboratory() as laboratory:
        laboratory.drop(path)
        assert laboratory.session.is_loading
        with laboratory.answering():
            assert closed_in(laboratory) < HALF_A_SECOND


# Signals


@contextmanager
def opened(home: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """`main.py` in a process of its own, from the moment at which its window minds signals."""
    environment = {name: value for name, value in os.environ.items() if "JENSEN" not in name}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*=false", "HOME": str(home)}
    environment |= {
        f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 3 * PATIENCE_SECONDS
        while not minds(process.pid, signal.SIGTERM):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "the window did not open"
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.communicate()


def minds(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize(("number", "busy"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
def test_signals_close_the_window_without_a_question(tmp_path: Path, number: int, busy: bool) -> None:
    words = []
    if busy:
        million = tmp_path / "million.toml"
        large = FIRST.replace(data=edits.changed(FIRST.data, "size", 1_000_000, "[data]"))
        million.write_text(large.to_toml())
        words = [str(million)]
    with opened(tmp_path, *words) as process:
        began = time.monotonic()
        process.send_signal(number)
        said, complained = process.communicate(timeout=PATIENCE_SECONDS)
        taken = time.monotonic() - began
    assert process.returncode == 128 + number, complained
    assert "Traceback" not in complained
    assert said == ""
    # The interpreter itself takes its time to end; the window's part is half a second.
    assert taken < 4 * HALF_A_SECOND
