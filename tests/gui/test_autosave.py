"""Whatever ends a window, what was done in it comes back: kill -9 in the middle of an edit, and all that is near it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.datasets.file import File
from engine.experiment import Experiment, read_experiment
from gui import edits
from gui.app import FIRST_EXPERIMENT
from gui.autosave import Autosave
from gui.pins import Pin, pins_read
from tests.gui.laboratory import Laboratory

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST = read_experiment(FIRST_EXPERIMENT)


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def keeper(laboratory: Laboratory, folder: Path, wait: int = 0) -> Autosave:
    """Keeps the session of a window, at once unless it is to wait."""
    return Autosave(laboratory.session, folder, None, wait)


def separate(laboratory: Laboratory, separation: float, final: bool = True) -> Experiment:
    """An edit of the data; the experiment that comes of it."""
    laboratory.session.edit(
        "separation",
        lambda e: e.replace(data=edits.changed(e.data, "separation", separation, "data")),
        final,
    )
    return laboratory.experiment


def kept_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def pins_in(folder: Path) -> tuple[Pin, ...]:
    """The pinned runs in the one file that there is."""
    found = [pins_read(file.read_bytes()) for file in folder.glob("*.pins")]
    return found[0] if found else ()


def lose(laboratory: Laboratory, folder: Path, separation: float) -> Experiment:
    """A session that ended without being closed."""
    lost = keeper(laboratory, folder)
    edited = separate(laboratory, separation)
    lost.close(keep=True)
    return edited


# In processes of their own


def process(*words: str, folder: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "JENSEN_FOLDER": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.gui.window_process", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(folder: Path) -> dict[str, Any]:
    """What the next window opens on."""
    following = process("tell", folder=folder)
    out, error = following.communicate(timeout=60)
    assert following.returncode == 0, error
    found: dict[str, Any] = json.loads(out)
    return found


def test_kill_9_in_the_middle_of_an_edit_and_the_next_window_has_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(FIRST.to_toml(), encoding="utf-8")
    dragged = process("drag", str(mine), folder=tmp_path)
    assert dragged.stdout is not None
    words = dragged.stdout.readline().split()
    assert words[:1] == ["kept"], dragged.communicate()[1]
    dragged.kill()
    out, _ = dragged.communicate(timeout=60)
    assert dragged.returncode != 0
    values = {float(words[1]), *(float(line.split()[1]) for line in out.splitlines())}
    (file,) = kept_files(tmp_path / "sessions")
    found = told(tmp_path)
    # What was in the file when the process died, and not what it had begun with.
    assert found["separation"] in values
    assert found["separation"] != 1.0
    assert (found["path"], found["unsaved"]) == (str(mine), True)
    assert found["pins"] == ["pin 1"]
    assert "without being closed" in found["sentence"]
    # That window was closed: nothing is lost any more, and the next one opens as on any day.
    assert not file.exists()
    assert list((tmp_path / "sessions").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_window_that_the_system_ends_keeps_what_is_not_saved(tmp_path: Path) -> None:
    ended = process("edit", folder=tmp_path)
    out, error = ended.communicate(timeout=60)
    assert ended.returncode == 128 + signal.SIGTERM, error
    found = told(tmp_path)
    assert found["separation"] == float(out.split()[1]) != 1.0
    assert found["unsaved"]


# In this process


def test_a_change_is_in_the_file_and_closing_takes_it_away(laboratory: Laboratory, folder: Path) -> None:
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder)
    edited = separate(laboratory, 1.7)
    laboratory.wait_until(lambda: kept_files(folder))
    other = keeper(laboratory, folder)
    assert not other.has_lost()
    other.close()
    autosave.close()
    assert list(folder.iterdir()) == []
    assert laboratory.experiment == edited
    separate(laboratory, 1.8)
    laboratory.settle()
    assert list(folder.iterdir()) == []


def test_who_drags_on_and_on_is_kept_all_the_same(laboratory: Laboratory, folder: Path) -> None:
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder, wait=200)
    moved = 0

    def drags_on() -> bool:
        nonlocal moved
        moved += 1
        slower = edits.changed(laboratory.experiment.show, "speed", 1.0 + moved / 1000, "show")
        laboratory.session.edit("speed", lambda e: e.replace(show=slower), False)
        return bool(kept_files(folder))

    laboratory.wait_until(drags_on)
    assert moved > 1
    assert laboratory.session.undo_name == "speed"
    autosave.close()


def test_the_last_session_comes_back_with_its_file_and_as_not_saved(
    laboratory: Laboratory, folder: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(FIRST.to_toml(), encoding="utf-8")
    laboratory.open(mine)
    edited = lose(laboratory, folder, 2.25)
    laboratory.open(FIRST_EXPERIMENT)
    autosave = keeper(laboratory, folder)
    heard: list[str] = []
    autosave.told.connect(heard.append)
    assert autosave.reopen_lost()
    assert laboratory.experiment == edited
    assert laboratory.session.path == mine
    assert laboratory.session.has_unsaved_work
    assert laboratory.session.undo_name is None
    assert len(heard) == 1
    laboratory.session.save(mine)
    assert read_experiment(mine) == edited
    assert not laboratory.session.has_unsaved_work
    # From now on it is this window's own, in the same file.
    (file,) = kept_files(folder)
    further = separate(laboratory, 2.5)
    laboratory.wait_until(lambda: "separation = 2.5" in file.read_text(encoding="utf-8"))
    autosave.close(keep=True)
    laboratory.open(FIRST)
    following = keeper(laboratory, folder)
    assert following.reopen_lost()
    assert laboratory.experiment == further
    following.close()
    assert list(folder.iterdir()) == []


def test_pinned_runs_come_back_with_their_curves(laboratory: Laboratory, folder: Path) -> None:
    laboratory.open(FIRST)
    lost = keeper(laboratory, folder)
    laboratory.press(Qt.Key.Key_Right, times=5)
    laboratory.wait_for_iteration(5)
    laboratory.press(Qt.Key.Key_P)
    separate(laboratory, 2.0)
    laboratory.press(Qt.Key.Key_P)
    # A pin is kept though the experiment has not changed.
    laboratory.wait_until(lambda: len(pins_in(folder)) == 2)
    laboratory.session.exchange_pin(1, replace(laboratory.session.pins[1], name="apart", shown=False))
    laboratory.wait_until(lambda: [pin.name for pin in pins_in(folder)] == ["pin 1", "apart"])
    before = laboratory.session.pins
    lost.close(keep=True)
    laboratory.session.use_pins(())
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder)
    assert autosave.reopen_lost()
    after = laboratory.session.pins
    assert [(pin.name, pin.experiment, pin.path, pin.shown, pin.result) for pin in after] == [
        (pin.name, pin.experiment, pin.path, pin.shown, pin.result) for pin in before
    ]
    for mine, theirs in zip(after[0].lanes, before[0].lanes, strict=True):
        assert np.array_equal(mine.log_likelihood, theirs.log_likelihood)
        assert mine.log_likelihood.dtype == theirs.log_likelihood.dtype
        assert np.array_equal(mine.is_likelihood, theirs.is_likelihood)
        assert np.array_equal(mine.weights_path, theirs.weights_path)
        assert np.array_equal(mine.covariances, theirs.covariances)
        assert all(np.array_equal(mine.clocks[name], theirs.clocks[name]) for name in theirs.clocks)
    laboratory.session.restore_pin(0)
    assert laboratory.experiment == before[0].experiment
    laboratory.session.use_pins(())
    autosave.close()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no pins", msgspec.msgpack.encode([{"name": 3}])])
def test_pins_that_cannot_be_read_are_said_and_the_experiment_comes_back(
    laboratory: Laboratory, folder: Path, content: bytes
) -> None:
    laboratory.open(FIRST)
    edited = lose(laboratory, folder, 1.6)
    (file,) = kept_files(folder)
    file.with_suffix(".pins").write_bytes(content)
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder)
    heard: list[str] = []
    autosave.told.connect(heard.append)
    assert autosave.reopen_lost()
    assert laboratory.experiment == edited
    assert laboratory.session.pins == ()
    assert "pinned runs cannot be read" in heard[0]
    autosave.close()
    assert list(folder.iterdir()) == []


def test_lost_sessions_come_back_one_after_the_other_the_newest_first(
    laboratory: Laboratory, folder: Path
) -> None:
    laboratory.open(FIRST)
    for number, separation in enumerate((1.25, 1.5)):
        lose(laboratory, folder, separation)
        for file in kept_files(folder):
            if f"separation = {separation}" in file.read_text(encoding="utf-8"):
                os.utime(file, (number, number))
    laboratory.open(FIRST)
    first, second, third = (keeper(laboratory, folder) for _ in range(3))
    heard: list[str] = []
    first.told.connect(heard.append)
    assert first.reopen_lost()
    assert laboratory.experiment == separate(laboratory, 1.5)
    assert "another one" in heard[0]
    # A second window must not take what the first has taken.
    assert second.reopen_lost()
    assert laboratory.experiment == separate(laboratory, 1.25)
    assert not third.has_lost()
    assert not third.reopen_lost()
    for autosave in (first, second, third):
        autosave.close()
    assert list(folder.iterdir()) == []


def test_a_csv_comes_back_with_its_data(laboratory: Laboratory, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n" + "".join(f"{k % 7},{k % 5 + 0.5}\n" for k in range(60)), encoding="utf-8")
    laboratory.open(FIRST)
    laboratory.load(path)
    assert laboratory.session.undo_name == "open data"
    lost = keeper(laboratory, folder)
    laboratory.session.edit("seed", lambda e: e.replace(data=edits.changed(e.data, "columns", ["b"], "data")))
    edited = laboratory.experiment
    lost.close(keep=True)
    path.unlink()
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder)
    assert autosave.reopen_lost()
    assert laboratory.experiment == edited
    assert isinstance(laboratory.experiment.data, File)
    assert laboratory.session.preparation is not None
    assert laboratory.session.preparation.dataset.rows == 60
    autosave.close()


def test_a_session_whose_data_are_gone_says_so_and_waits(
    laboratory: Laboratory, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "1.5,2.5\n2.5,1.5\n3.5,7.5\n" * 4000, encoding="utf-8")
    laboratory.open(FIRST)
    laboratory.load(path)
    lost = keeper(laboratory, folder)
    laboratory.session.edit("stop", lambda e: e.replace(stop=replace(e.stop, max_iterations=7)))
    edited = laboratory.experiment
    lost.close(keep=True)
    moved = path.rename(tmp_path / "elsewhere.csv")
    laboratory.open(FIRST)
    laboratory.told.clear()
    autosave = keeper(laboratory, folder)
    autosave.reopen_lost()
    laboratory.wait_until(lambda: laboratory.told)
    assert "large.csv" in laboratory.told[0]
    assert laboratory.experiment == FIRST
    autosave.close()
    moved.rename(path)
    following = keeper(laboratory, folder)
    following.reopen_lost()
    laboratory.wait_until(lambda: laboratory.experiment == edited)
    following.close()
    assert list(folder.iterdir()) == []


def test_what_cannot_be_read_is_laid_aside_and_said_once(laboratory: Laboratory, folder: Path) -> None:
    laboratory.open(FIRST)
    edited = lose(laboratory, folder, 1.75)
    (good,) = kept_files(folder)
    os.utime(good, (1, 1))
    (folder / "torn.toml").write_text("[experiment.data]\nname = ", encoding="utf-8")
    (folder / "foreign.toml").write_text("x = 1\n", encoding="utf-8")
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder)
    heard: list[str] = []
    autosave.told.connect(heard.append)
    assert autosave.reopen_lost()
    assert laboratory.experiment == edited
    assert len(heard) == 3
    assert all("unreadable" in sentence for sentence in heard[:2])
    autosave.close()
    assert sorted(each.name for each in folder.iterdir()) == ["foreign.unreadable", "torn.unreadable"]


def test_what_is_still_being_written_comes_too_late_for_a_closed_window(
    laboratory: Laboratory, folder: Path
) -> None:
    laboratory.open(FIRST)
    autosave = keeper(laboratory, folder, wait=10_000)
    separate(laboratory, 1.9)
    older, newer = autosave._job(), autosave._job()
    newer()
    (file,) = kept_files(folder)
    written = file.stat().st_mtime_ns
    older()
    assert file.stat().st_mtime_ns == written
    late = autosave._job()
    autosave.close()
    late()
    assert list(folder.iterdir()) == []


def test_a_folder_that_takes_nothing_is_said_once(laboratory: Laboratory, tmp_path: Path) -> None:
    laboratory.open(FIRST)
    (tmp_path / "sessions").write_text("no folder", encoding="utf-8")
    autosave = keeper(laboratory, tmp_path / "sessions")
    heard: list[str] = []
    autosave.told.connect(heard.append)
    separate(laboratory, 1.1)
    laboratory.wait_until(lambda: heard)
    separate(laboratory, 1.2)
    laboratory.settle()
    assert len(heard) == 1
    assert "save them yourself" in heard[0]
    assert not autosave.has_lost()
    autosave.close()
