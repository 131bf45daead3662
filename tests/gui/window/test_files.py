"""Issue lines 5 and 6: files dropped, opened, saved and opened again; unsaved changes; what is broken."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from engine.datasets.file import File
from engine.experiment import Experiment, read_experiment
from engine.models.student_t_mixture import StudentTMixture
from engine.preparation import Preparation
from engine.starts.random_points import RandomPoints
from gui import stage as stage_module
from gui.app import FIRST_EXPERIMENT
from tests.gui.laboratory import PATIENCE_SECONDS, Laboratory
from tests.gui.traces import assert_same, headless
from tests.gui.window.conftest import FIRST

pytestmark = pytest.mark.usefixtures("unpainted")

FAITHFUL = FIRST_EXPERIMENT.parent.parent / "data/faithful.csv"
IRIS = FAITHFUL.with_name("iris.csv")
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def written(tmp_path: Path) -> "type[Files]":
    Files.folder = tmp_path
    return Files


class Files:
    """Small files in the test's own folder."""

    folder: Path

    @classmethod
    def make(cls, name: str, text: str) -> Path:
        path = cls.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def test_faithful_dropped_on_the_window_loads_and_both_lanes_start_again(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    laboratory.load(FAITHFUL)
    assert laboratory.told == []
    data = laboratory.experiment.data
    assert isinstance(data, File)
    assert data.path == "faithful.csv"
    assert laboratory.frame.scene.dataset.rows == 272
    assert laboratory.frame.scene.dataset.columns == ("eruptions", "waiting")
    assert [lane.iteration for lane in laboratory.lanes] == [0, 0]
    assert laboratory.shell.windowTitle().startswith("faithful.csv")
    assert laboratory.shell.isWindowModified()
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == FIRST
    assert laboratory.frame.scene.dataset.rows == 600


@pytest.mark.parametrize("where", ["panel", "transport", "likelihood", "an entry", "the menu"])
def test_a_file_may_be_dropped_anywhere(laboratory: Laboratory, where: str) -> None:
    window = laboratory.window
    form = window.panel.data.form
    assert form is not None
    target: QWidget = {
        "panel": window.panel,
        "transport": window.transport,
        "likelihood": window.likelihood,
        "an entry": form.fields["size"].entry,  # type: ignore[attr-defined]
        "the menu": laboratory.shell.menuBar(),
    }[where]
    laboratory.drop(FAITHFUL, onto=target)
    laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert isinstance(laboratory.experiment.data, File)


BROKEN = {
    "a letter among numbers": ("x,y\n1,2\n3,4\n5,oops\n6,7\n", ("line 4", "'y'", "'oops'")),
    "a row too long": ("x,y\n1,2\n3,4,5\n6,7\n", ("line 3",)),
    "infinite": ("x,y\n1,2\n3,inf\n6,7\n", ("line 3", "'y'")),
    "constant column": ("x,y\n1,2\n1,3\n1,4\n1,5\n", ("'x'",)),
    "too few distinct rows": ("x,y\n1,2\n3,4\n1,2\n3,4\n", ("distinct rows", "3 components")),
    "nothing but text": ("a,b\nred,blue\ngreen,red\n", ("nothing but text",)),
    "empty": ("", ("empty",)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_one_sentence_and_what_was_there_is_still_there(
    laboratory: Laboratory, written: type[Files], kind: str
) -> None:
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    traces = laboratory.traces
    text, words = BROKEN[kind]
    path = written.make("broken.csv", text)
    laboratory.load(path)
    assert len(laboratory.told) == 1
    sentence = laboratory.told[0]
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith((".", "?"))
    assert laboratory.sentence == sentence
    assert laboratory.window.sentence.property("warning") is True
    assert laboratory.experiment == FIRST
    assert laboratory.traces == traces
    assert laboratory.session.cursor == 2
    assert not laboratory.session.has_unsaved_work


@pytest.mark.parametrize("kind", ["no file", "a folder", "no experiment", "binary"])
def test_what_is_no_data_at_all_is_a_sentence_too(laboratory: Laboratory, tmp_path: Path, kind: str) -> None:
    path = {
        "no file": tmp_path / "gone.csv",
        "a folder": tmp_path,
        "no experiment": tmp_path / "bad.toml",
        "binary": tmp_path / "picture.csv",
    }[kind]
    if kind == "no experiment":
        path.write_text("[data]\nname = 'no such story'\n[model]\nname='gaussian-mixture'\n[[lanes]]\n")
    elif kind == "binary":
        path.write_bytes(bytes(range(256)) * 40)
    laboratory.load(path)
    assert len(laboratory.told) == 1
    assert laboratory.experiment == FIRST


def test_two_files_at_once_are_refused(laboratory: Laboratory) -> None:
    laboratory.drop(FAITHFUL, IRIS)
    assert laboratory.sentence == "Drop one file at a time: a CSV or an experiment."
    assert laboratory.experiment == FIRST


def test_missing_cells_are_counted_and_the_rows_may_be_dropped(
    laboratory: Laboratory, written: type[Files]
) -> None:
    rows = "\n".join(f"{x / 7:.3f},{(x * 37 % 23) / 5:.3f}" for x in range(60))
    path = written.make("holes.csv", f"x,y\n{rows}\n1.5,NA\n,2.5\n")
    laboratory.open(FIRST.replace(model=StudentTMixture(), start=RandomPoints()))
    before = laboratory.experiment
    with laboratory.answering("Cancel") as asked:
        laboratory.load(path)
    assert "2 missing cells in 2 of 62 rows, which student-t-mixture cannot use" in asked[0]
    assert laboratory.experiment == before
    with laboratory.answering("Drop those rows"):
        laboratory.load(path)
        laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert laboratory.frame.scene.dataset.rows == 60


def test_what_was_saved_opens_to_the_same_traces_bit_for_bit(laboratory: Laboratory, tmp_path: Path) -> None:
    laboratory.load(FAITHFUL)
    laboratory.press(Qt.Key.Key_Right, times=4)
    laboratory.wait_for_iteration(4)
    entry = laboratory.window.panel.lanes[1].chooser.form.fields["learning_rate"].entry  # type: ignore[union-attr]
    laboratory.retype(entry, "0.4")
    laboratory.click(laboratory.window.canvases[0])
    laboratory.play_to_the_end()
    first, experiment = laboratory.traces, laboratory.experiment
    path = tmp_path / "mine.toml"
    with laboratory.naming(path):
        laboratory.press(Qt.Key.Key_S, CONTROL)
    assert path.exists()
    assert laboratory.told == []
    assert not laboratory.shell.isWindowModified()
    assert laboratory.shell.windowTitle().startswith("mine.toml")
    assert read_experiment(path) == experiment
    laboratory.open(FIRST)
    with laboratory.naming(path):
        laboratory.press(Qt.Key.Key_O, CONTROL)
    laboratory.wait_until(lambda: laboratory.experiment == experiment)
    assert not laboratory.session.has_unsaved_work
    laboratory.play_to_the_end()
    again = laboratory.traces
    assert again[0] is not first[0]
    for one, other, alone in zip(first, again, headless(read_experiment(path)), strict=True):
        assert_same(one, other)
        assert_same(one, alone)


def test_a_file_too_large_for_the_experiment_is_named_with_its_hash(
    laboratory: Laboratory, written: type[Files]
) -> None:
    generator = np.random.Generator(np.random.Philox(3))
    values = generator.normal(size=(4000, 2)) + 4 * generator.integers(2, size=(4000, 1))
    data = written.make("large.csv", "x,y\n" + "\n".join(f"{x:.6f},{y:.6f}" for x, y in values.tolist()))
    laboratory.load(data)
    experiment = written.folder / "large.toml"
    with laboratory.naming(experiment):
        laboratory.press(Qt.Key.Key_S, CONTROL)
    assert laboratory.told == []
    text = experiment.read_text(encoding="utf-8")
    assert 'path = "large.csv"' in text
    assert "sha256" in text
    laboratory.open(FIRST)
    laboratory.load(experiment)
    assert laboratory.frame.scene.dataset.rows == 4000
    laboratory.open(FIRST)
    data.write_text(data.read_text().replace("0", "1"))
    laboratory.load(experiment)
    assert "has changed since the experiment was saved" in laboratory.told[-1]
    assert laboratory.experiment == FIRST


def test_what_cannot_be_written_is_said(laboratory: Laboratory, tmp_path: Path) -> None:
    with laboratory.naming(tmp_path / "no" / "folder.toml"):
        laboratory.press(Qt.Key.Key_S, CONTROL | SHIFT)
    assert "cannot be written" in laboratory.sentence


def test_unsaved_changes_are_asked_about(laboratory: Laboratory, tmp_path: Path) -> None:
    other = FIRST_EXPERIMENT.with_name("moons.toml")
    laboratory.load(other)
    assert laboratory.experiment.title == read_experiment(other).title
    # Nothing was changed, so nothing was asked; how it is shown is no change.
    laboratory.click(laboratory.window.transport.truth)
    laboratory.load(FIRST_EXPERIMENT)
    changed = laboratory.window.panel
    laboratory.choose(changed.lanes[1].chooser.box, "adam")
    present = laboratory.experiment
    with laboratory.answering("Cancel") as asked:
        laboratory.load(other)
    assert asked == ["The experiment has changes that are not saved."]
    assert laboratory.experiment == present
    with laboratory.answering("Cancel"):
        assert not laboratory.shell.close()
    assert laboratory.shell.isVisible()
    with laboratory.answering("Discard"):
        laboratory.load(other)
    assert laboratory.experiment.title == read_experiment(other).title
    laboratory.choose(changed.lanes[1].chooser.box, "adam")
    present = laboratory.experiment
    kept = tmp_path / "kept.toml"
    with laboratory.answering("Save"), laboratory.naming(kept):
        laboratory.load(FIRST_EXPERIMENT)
    # A claim about a lane that is gone cannot be kept.
    assert read_experiment(kept).replace(claims=()) == present.replace(claims=())
    assert laboratory.experiment == read_experiment(FIRST_EXPERIMENT)


def test_columns_are_chosen_by_name_and_as_row_weights(laboratory: Laboratory) -> None:
    laboratory.load(IRIS)
    scene = laboratory.frame.scene
    assert len(scene.dataset.columns) == 4
    assert scene.dataset.labels is not None
    form = laboratory.window.panel.data.form
    assert form is not None
    names = form.fields["columns"]
    first = scene.dataset.columns[0]
    laboratory.click(names.buttons[first])  # type: ignore[attr-defined]
    laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert laboratory.frame.scene.dataset.columns == scene.dataset.columns[1:]
    laboratory.click(names.buttons[first])  # type: ignore[attr-defined]
    laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert set(laboratory.frame.scene.dataset.columns) == set(scene.dataset.columns)
    laboratory.choose(form.fields["weights_column"].box, first)  # type: ignore[attr-defined]
    laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert laboratory.frame.scene.dataset.columns == scene.dataset.columns[1:]
    assert laboratory.frame.scene.dataset.row_weights is not None
    assert laboratory.told == []


# What takes long


def large(rows: int = 60_000) -> str:
    """A CSV of so many different rows."""
    return "x,y\n" + "".join(f"{row % 251}.{row},{row % 97}.5\n" for row in range(rows))


def test_a_large_file_loads_while_both_run_with_progress(
    laboratory: Laboratory, written: type[Files]
) -> None:
    path = written.make("large.csv", large())
    fractions: list[float] = []
    laboratory.session.loading.connect(fractions.append)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.drop(path)
    assert laboratory.session.is_loading
    assert laboratory.window.loading.isVisible()
    laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert not laboratory.window.loading.isVisible()
    assert laboratory.frame.scene.dataset.rows == 60_000
    rising = [each for each in fractions if each >= 0]
    assert rising == sorted(rising)
    assert rising[-1] == 1.0
    assert fractions[-1] == -1.0


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Nothing that is loaded in the background arrives before the event is set."""
    release, prepare = threading.Event(), vars(stage_module)["prepare"]

    def slow(experiment: Experiment, earlier: Preparation | None = None, *rest: Any) -> Preparation:
        found: Preparation = prepare(experiment, earlier, *rest)
        if threading.current_thread() is not threading.main_thread():
            assert release.wait(PATIENCE_SECONDS)
        return found

    monkeypatch.setattr(stage_module, "prepare", slow)
    yield release
    release.set()


def test_loading_is_given_up_by_its_button(
    laboratory: Laboratory, written: type[Files], held_back: threading.Event
) -> None:
    traces = laboratory.traces
    laboratory.drop(written.make("large.csv", large()))
    button = laboratory.window.loading.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    laboratory.click(button)
    assert not laboratory.session.is_loading
    assert not laboratory.window.loading.isVisible()
    held_back.set()
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    assert laboratory.experiment == FIRST
    assert laboratory.traces == traces
    assert not laboratory.window.loading.isVisible()


def test_what_is_edited_while_a_file_loads_is_kept(
    laboratory: Laboratory, written: type[Files], held_back: threading.Event
) -> None:
    laboratory.drop(written.make("large.csv", large()))
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "adam")
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    assert laboratory.session.is_loading
    held_back.set()
    laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert isinstance(laboratory.experiment.data, File)
    assert [lane.title for lane in laboratory.lanes] == ["em", "adam"]
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment.data == FIRST.data
    assert laboratory.experiment.lanes[1].algorithm.name == "adam"
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.experiment == FIRST


def test_a_large_size_typed_while_both_run_keeps_them_running_until_it_is_there(
    laboratory: Laboratory, held_back: threading.Event
) -> None:
    laboratory.press(Qt.Key.Key_Space)
    form = laboratory.window.panel.data.form
    assert form is not None
    laboratory.retype(form.fields["size"].entry, "30000")  # type: ignore[attr-defined]
    assert laboratory.session.is_loading
    laboratory.wait_for_iteration(2)
    laboratory.choose(laboratory.window.panel.lanes[0].chooser.box, "lbfgs")
    assert laboratory.frame.scene.dataset.rows == 600
    held_back.set()
    laboratory.wait_until(lambda: laboratory.frame.scene.dataset.rows == 30_000)
    assert laboratory.session.playing
    assert laboratory.lanes[0].title == "lbfgs"
