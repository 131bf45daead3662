"""What the window remembers of itself: size, theme, folder, files; and that `--fresh` forgets it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow

from engine.experiment import read_experiment
from gui import app
from gui.app import FIRST_EXPERIMENT, open_window
from gui.preferences import MOST_RECENT, OWN_FOLDER, Preferences
from tests.gui.laboratory import Laboratory
from tests.gui.window_process import begin, window

FIRST = read_experiment(FIRST_EXPERIMENT)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything is remembered in this folder."""
    monkeypatch.setenv(OWN_FOLDER, str(tmp_path))
    return tmp_path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """More experiments than are remembered."""
    made = [tmp_path / f"{number} & more.toml" for number in range(MOST_RECENT + 2)]
    for path in made:
        path.write_text(FIRST.to_toml(), encoding="utf-8")
    return made


@pytest.mark.usefixtures("application")
def test_nothing_is_remembered_on_the_first_day() -> None:
    first = Preferences()
    assert (first.theme, first.folder, first.recent, first.speed) == (None, "", [], None)
    assert not first.restore_size_of(QMainWindow())


def test_the_last_files_come_first_and_those_that_are_gone_go(files: list[Path]) -> None:
    written = Preferences()
    for path in files:
        written.remember(path)
    assert Preferences().recent == files[:1:-1]
    written.remember(files[5])
    files[7].unlink()
    expected = [files[5], *(path for path in files[:1:-1] if path not in (files[5], files[7]))]
    assert Preferences().recent == expected
    written.forget_recent()
    assert Preferences().recent == []
    written.remember(files[0])
    assert Preferences().recent == files[:1]


def test_two_windows_remember_each_others_files(files: list[Path]) -> None:
    one, other = Preferences(), Preferences()
    one.remember(files[0])
    other.remember(files[1])
    assert one.recent == other.recent == [files[1], files[0]]


def test_what_makes_no_sense_counts_as_not_there(folder: Path) -> None:
    kept = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    for key, value in (
        ("theme", "pink"),
        ("folder", "/no/such/folder"),
        ("recent", [1, "", "gone"]),
        ("size", "x"),
        ("speed", "fast"),
    ):
        kept.setValue(key, value)
    kept.sync()
    test_nothing_is_remembered_on_the_first_day()


@pytest.mark.usefixtures("application")
def test_a_window_gets_its_size_again_but_not_the_full_screen() -> None:
    shell = QMainWindow()
    shell.resize(700, 420)
    shell.show()
    shell.setWindowState(Qt.WindowState.WindowFullScreen)
    Preferences().keep_size_of(shell)
    again = QMainWindow()
    assert Preferences().restore_size_of(again)
    assert not again.isFullScreen()
    assert (again.width(), again.height()) == (700, 420)


def test_files_and_folders_are_remembered_by_the_window(files: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    data = other / "numbers.csv"
    data.write_text("a,b\n" + "".join(f"{k % 7},{k % 5}\n" for k in range(40)), encoding="utf-8")
    with Laboratory(FIRST) as laboratory:
        menu = laboratory.window.menus.file.recent
        menu.aboutToShow.emit()
        assert [action.text() for action in menu.actions()] == ["No file was opened yet"]
        laboratory.load(files[0])
        laboratory.load(data)
        with laboratory.naming(other / "mine"):
            laboratory.press(
                Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            )
        # Shipped experiments have a menu of their own.
        laboratory.window.open_path(FIRST_EXPERIMENT)
        assert laboratory.window.preferences.recent == [other / "mine.toml", data, files[0]]
        assert laboratory.window.preferences.folder == str(other)
        menu.aboutToShow.emit()
        texts = [action.text() for action in menu.actions()]
        assert texts[0].startswith("&1  mine.toml")
        assert texts[2].startswith("&3  0 && more.toml")
        assert texts[-1] == "Forget these"
        menu.actions()[2].trigger()
        assert laboratory.session.path == files[0]
        menu.actions()[-1].trigger()
        assert laboratory.window.preferences.recent == []


def test_the_theme_is_remembered_when_it_is_chosen_and_not_when_a_picture_is_made() -> None:
    with Laboratory(FIRST) as laboratory:
        laboratory.window.use_style("dark")
        assert Preferences().theme is None
        view = next(menu for menu in laboratory.shell.menuBar().actions() if menu.text() == "&View").menu()
        next(action for action in view.actions() if action.text() == "Dark").trigger()  # type: ignore[attr-defined]
        assert laboratory.window.theme == "dark"
        assert Preferences().theme == "dark"


Look = tuple[str, tuple[int, int], bool, float, bool]


def opened(monkeypatch: pytest.MonkeyPatch, fresh: bool = False) -> Look:
    """What the window is like that the program opens; it is changed, and closed again.

    Theme, size, whether it is in a lecture, the speed, and whether there is something to be saved.
    """
    seen: list[Look] = []

    def look() -> None:
        found = window()
        experiment = found.session.experiment
        assert experiment is not None
        size, dirty = (found.shell.width(), found.shell.height()), found.session.dirty
        seen.append((found.theme, size, found.lecture.on, experiment.show.speed, dirty))
        QTest.keyClick(found.transport.speed, Qt.Key.Key_Down)
        found.shell.resize(640, 480)
        found.choose_theme("dark")
        found.lecture.toggle()
        found.shell.close()

    # The process goes on: its signals are the tests' own.
    monkeypatch.setattr(app, "_close_on_signals", lambda window: None)
    begin(look)
    assert open_window(None, fresh) == 0
    return seen[0]


def test_a_day_later_the_window_is_as_it_was_and_fresh_it_is_not(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    first = opened(monkeypatch)
    again = opened(monkeypatch)
    assert first[0] == "light"
    assert again == ("dark", again[1], False, again[3], False)
    assert again[1] != first[1]
    assert first[3] == FIRST.show.speed > again[3] > 0
    assert opened(monkeypatch, fresh=True) == first
    # Nothing was lost, so nothing is kept.
    assert list((folder / "sessions").glob("*")) == []
