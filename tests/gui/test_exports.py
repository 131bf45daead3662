"""What leaves the window: pictures in three kinds, results as `fit` writes them, and the line that runs the same."""

import csv
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit

from engine.comparison import compare
from engine.errors import InputError
from engine.experiment import read_experiment
from engine.results import document
from engine.stopping import Stop
from gui.app import FIRST_EXPERIMENT
from gui.controls.fields import ChoiceField
from gui.controls.typed_fields import NumberField
from gui.picture import KINDS, VIEWS, Picture, write_picture
from gui.picture_dialog import PictureDialog
from gui.style import style
from main import main
from tests.engine.test_command_line import read_back, run_alike
from tests.gui.laboratory import Laboratory

FIRST = read_experiment(FIRST_EXPERIMENT).replace(stop=Stop(max_iterations=25))
CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def shared() -> Iterator[Laboratory]:
    with Laboratory(FIRST, size=(1000, 640)) as opened:
        yield opened


@pytest.fixture
def laboratory(shared: Laboratory) -> Laboratory:
    """The window with both lanes at their end, nothing to undo."""
    shared.window.use_style("light")
    shared.open(FIRST)
    shared.session.finish_all()
    shared.session.move_to_iteration(None)
    shared.settle()
    shared.told.clear()
    return shared


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# Pictures


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_view_is_drawn_in_every_kind(
    laboratory: Laboratory, view: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"picture.{kind}"
    write_picture(laboratory.window, Picture(view, kind, "light", 500, 320, 2), path)
    content = path.read_bytes()
    if kind == "png":
        image = QImage(str(path))
        assert (image.width(), image.height()) == (1000, 640)
        assert image.dotsPerMeterX() == round(2 * 96 / 0.0254)
    elif kind == "svg":
        text = content.decode()
        assert 'viewBox="0 0 500 320"' in text
        assert "<text" in text
        # Lines stay lines: no part of it is a picture of pixels, but for icons of the controls.
        assert "<image" not in text or view == "window"
        assert re.findall('font-family="([^"]*)"', text)[0].endswith(", sans-serif")
        assert view == "simplex" or view == "sum" or "clip-path" in text
    else:
        assert content.startswith(b"%PDF")
        box = re.search(rb"/MediaBox \[([^\]]*)\]", content)
        assert box is not None
        assert [float(each) for each in box[1].split()] == [0, 0, 375, 240]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("view", ["window", "likelihood"])
def test_a_picture_is_light_for_print_and_the_window_stays_dark(
    laboratory: Laboratory, view: str, tmp_path: Path
) -> None:
    laboratory.window.use_style("dark")
    write_picture(laboratory.window, Picture(view, "png", "light", 500, 320, 1), tmp_path / "light.png")
    write_picture(laboratory.window, Picture(view, "png", "dark", 500, 320, 1), tmp_path / "dark.png")
    colours = [
        QImage(str(tmp_path / f"{theme}.png")).pixelColor(498, 318).name() for theme in ("light", "dark")
    ]
    role = "window" if view == "window" else "canvas"
    assert colours == [style(theme).colour(role).name() for theme in ("light", "dark")]
    assert laboratory.window.theme == "dark"
    assert laboratory.window.likelihood.style_in_use == style("dark")
    assert laboratory.picture().pixelColor(2, laboratory.shell.height() - 3).name() == style("dark").window


def test_a_finer_picture_is_the_same_picture(laboratory: Laboratory, tmp_path: Path) -> None:
    for scale in (1, 3):
        write_picture(
            laboratory.window,
            Picture("likelihood", "png", "light", 400, 260, scale),
            tmp_path / f"{scale}.png",
        )
    coarse, fine = (QImage(str(tmp_path / f"{scale}.png")) for scale in (1, 3))
    smaller = fine.scaled(400, 260, mode=Qt.TransformationMode.SmoothTransformation)
    assert np.mean(np.abs(grey(coarse) - grey(smaller))) < 2.5
    assert np.mean(np.abs(grey(coarse) - grey(coarse.flipped(Qt.Orientation.Horizontal)))) > 5


def grey(image: QImage) -> Any:
    plain = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(plain.constBits(), dtype=np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : plain.width()].astype(float)


def test_what_is_too_large_or_has_no_place_is_a_sentence_and_the_old_file_stays(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    path = tmp_path / "old.png"
    path.write_text("old")
    with pytest.raises(InputError, match="16000 x 16000 pixels is too large"):
        write_picture(laboratory.window, Picture("data", "png", "light", 4000, 4000, 4), path)
    assert path.read_text() == "old"
    with pytest.raises(InputError, match="cannot be written"):
        write_picture(laboratory.window, Picture("data", "pdf", "light", 400, 400), tmp_path / "no" / "p.pdf")


def answered(laboratory: Laboratory, work: Callable[[PictureDialog], None], path: Path | None) -> None:
    """Ctrl+E, what is done in the dialog, and the name that is typed then; without a name it is given up."""
    minded: list[QDialog] = []

    def answer(dialog: QDialog) -> None:
        minded.append(dialog)
        # A desk's window manager would do so.
        dialog.activateWindow()
        laboratory.settle()
        if isinstance(dialog, PictureDialog):
            work(dialog)
            if path is None:
                QTest.keyClick(dialog, Qt.Key.Key_Escape)
            else:
                QTest.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
            return
        assert isinstance(dialog, QFileDialog)
        entry = dialog.findChild(QLineEdit)
        assert isinstance(entry, QLineEdit)
        entry.setText(str(path))
        QTest.keyClick(entry, Qt.Key.Key_Return)

    with laboratory._minding(QDialog, answer):
        laboratory.press(Qt.Key.Key_E, CONTROL)
    assert len(minded) == (1 if path is None else 2)


def choose(dialog: PictureDialog, setting: str, value: str) -> None:
    field = dialog.form.fields[setting]
    assert isinstance(field, ChoiceField)
    field.box.setCurrentIndex(field.box.findData(value))
    field.box.activated.emit(field.box.currentIndex())


def retype(dialog: PictureDialog, setting: str, text: str) -> None:
    field = dialog.form.fields[setting]
    assert isinstance(field, NumberField)
    field.entry.setFocus()
    field.entry.selectAll()
    QTest.keyClicks(field.entry, text)
    QTest.keyClick(field.entry, Qt.Key.Key_Tab)


def test_the_dialog_asks_for_what_how_large_and_which_kind(laboratory: Laboratory, tmp_path: Path) -> None:
    def work(dialog: PictureDialog) -> None:
        assert dialog.form.fields["height"].isHidden()
        retype(dialog, "width", "2000")
        # The whole window keeps its proportions.
        assert dialog.picture.size == (2000, 1280)
        assert dialog.outcome.text() == "4000 × 2560 pixels"
        choose(dialog, "view", "simplex")
        simplex = laboratory.window.simplex
        assert dialog.picture.size == (simplex.width(), simplex.height())
        assert not dialog.form.fields["height"].isHidden()
        retype(dialog, "width", "600")
        retype(dialog, "height", "16000")
        assert "too large" in dialog.outcome.text()
        assert not dialog.export.isEnabled()
        retype(dialog, "height", "300")
        choose(dialog, "kind", "svg")
        assert dialog.form.fields["scale"].isHidden()
        assert dialog.outcome.text().startswith("15.9 × 7.9 cm")

    laboratory.press(Qt.Key.Key_Space)
    answered(laboratory, work, tmp_path / "mine")
    assert 'viewBox="0 0 600 300"' in (tmp_path / "mine.svg").read_text()
    assert laboratory.sentence == f"Written: {tmp_path / 'mine.svg'}"
    assert laboratory.window.sentence.property("warning") is False
    assert laboratory.window.preferences.folder == str(tmp_path)
    # The next picture begins as this one was; an ending that is typed counts for more than the kind.
    answered(laboratory, lambda dialog: None, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes().startswith(b"%PDF")
    answered(laboratory, lambda dialog: None, None)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_picture_that_cannot_be_written_is_said(laboratory: Laboratory, tmp_path: Path) -> None:
    (tmp_path / "taken.png").mkdir()
    laboratory.window.exports._write_picture(Picture("sum"), tmp_path / "taken.png")
    assert "cannot be written" in laboratory.sentence
    assert laboratory.window.sentence.property("warning") is True


# Results


def exported(laboratory: Laboratory, key: Qt.Key, path: Path) -> None:
    """A key, the name that is typed, and the file is there."""
    with laboratory.naming(path):
        laboratory.press(key, CONTROL | ALT)
    laboratory.wait_until(lambda: laboratory.sentence == f"Written: {path}", what=f"{path.name} is written")


def without_clock(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{key: value for key, value in row.items() if key != "cpu_seconds"} for row in rows]


def test_traces_and_assignments_are_those_of_fit(
    laboratory: Laboratory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    exported(laboratory, Qt.Key.Key_T, tmp_path / "traces.csv")
    exported(laboratory, Qt.Key.Key_A, tmp_path / "rows.csv")
    (tmp_path / "mine.toml").write_text(FIRST.to_toml(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert (
        main(["fit", "mine.toml", "--csv", "fit-traces.csv", "--assignments", "fit-rows.csv", "--json"]) == 0
    )
    capsys.readouterr()
    traces, fitted = (without_clock(rows_of(tmp_path / name)) for name in ("traces.csv", "fit-traces.csv"))
    assert len(traces) > 40
    assert traces == fitted
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "fit-rows.csv").read_bytes()


def test_missing_cells_are_filled_in_as_fit_does(
    laboratory: Laboratory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with laboratory.naming(tmp_path / "none.csv"):
        laboratory.press(Qt.Key.Key_M, CONTROL | ALT)
    laboratory.wait_until(
        lambda: "no missing cells" in laboratory.sentence, what="nothing is to be filled in"
    )
    assert not (tmp_path / "none.csv").exists()
    apples = read_experiment(FIRST_EXPERIMENT.with_name("worms-that-nobody-counted.toml"))
    laboratory.open(apples)
    laboratory.session.finish_all()
    laboratory.session.move_to_iteration(None)
    laboratory.settle()
    exported(laboratory, Qt.Key.Key_M, tmp_path / "filled.csv")
    (tmp_path / "mine.toml").write_text(apples.to_toml(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["fit", "mine.toml", "--imputed", "fit-filled.csv", "--json"]) == 0
    capsys.readouterr()
    assert (tmp_path / "filled.csv").read_bytes() == (tmp_path / "fit-filled.csv").read_bytes()


def without_clocks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_clocks(each) for key, each in value.items() if not key.endswith("seconds")}
    return [without_clocks(each) for each in value] if isinstance(value, list) else value


def test_json_holds_all_that_fit_prints(laboratory: Laboratory, tmp_path: Path) -> None:
    exported(laboratory, Qt.Key.Key_T, tmp_path / "trace.json")
    exported(laboratory, Qt.Key.Key_P, tmp_path / "parameters.json")
    alone = compare(FIRST)
    whole = json.loads((tmp_path / "trace.json").read_text())
    assert without_clocks(whole) == without_clocks(json.loads(json.dumps(document(alone, with_trace=True))))
    short = json.loads((tmp_path / "parameters.json").read_text())
    assert "trace" not in short["lanes"][0]
    assert short["lanes"][0]["parameters"] == whole["lanes"][0]["parameters"]


def test_what_is_seen_is_exported_and_not_what_is_computed_ahead(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    laboratory.session.move_to_iteration(4)
    laboratory.settle()
    assert laboratory.lanes[0].last_iteration > 4
    exported(laboratory, Qt.Key.Key_T, tmp_path / "traces.csv")
    rows = rows_of(tmp_path / "traces.csv")
    assert [(row["lane"], row["iteration"]) for row in rows] == [
        (lane, str(iteration)) for lane in ("em", "gradient-ascent") for iteration in range(5)
    ]
    exported(laboratory, Qt.Key.Key_P, tmp_path / "parameters.csv")
    model, lane = laboratory.frame.scene.model, laboratory.lanes[0]
    means = model.describe(lane.parameters)["means"]
    em = [row for row in rows_of(tmp_path / "parameters.csv") if row["lane"] == "em"]
    assert [float(row["mean x"]) for row in em] == means[:, 0].tolist()


def test_a_name_without_an_ending_gets_that_of_its_kind(laboratory: Laboratory, tmp_path: Path) -> None:
    with laboratory.naming(tmp_path / "traces"):
        laboratory.press(Qt.Key.Key_T, CONTROL | ALT)
    laboratory.wait_until((tmp_path / "traces.csv").exists)


# The command


def copied(laboratory: Laboratory) -> str:
    QGuiApplication.clipboard().setText("")
    laboratory.press(Qt.Key.Key_C, CONTROL | SHIFT)
    return QGuiApplication.clipboard().text()


def test_the_line_that_is_copied_runs_what_is_seen(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "adam")
    line = copied(laboratory)
    assert laboratory.sentence == f"Copied: {line}"
    assert run_alike(read_back(line)) == run_alike(laboratory.experiment)
    assert "--algorithm adam" in line


def test_a_csv_that_was_dropped_is_named_by_its_path(laboratory: Laboratory, tmp_path: Path) -> None:
    path = tmp_path / "my own.csv"
    path.write_text("a,b\n" + "".join(f"{k % 7},{k % 5 + 0.5}\n" for k in range(300)), encoding="utf-8")
    laboratory.load(path)
    words = shlex.split(copied(laboratory))
    assert words[:3] == ["main.py", "fit", str(path)]
    data = laboratory.experiment.data
    again = read_back(shlex.join(words))
    assert again.data.pinned() == data  # type: ignore[attr-defined]
    # Another file under that name would not run the same.
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    assert copied(laboratory) == ""
    assert "save the experiment" in laboratory.sentence


def test_what_was_changed_in_flight_is_left_to_a_file(laboratory: Laboratory, tmp_path: Path) -> None:
    laboratory.session.move_to_iteration(3)
    laboratory.session.adjust_lane(1, "learning_rate", 0.25, True)
    assert laboratory.experiment.lanes[1].interventions
    assert copied(laboratory) == ""
    assert "changed while a lane ran" in laboratory.sentence
    assert "save the experiment" in laboratory.sentence
    path = tmp_path / "mine.toml"
    laboratory.session.save(path)
    line = copied(laboratory)
    assert shlex.split(line) == ["main.py", "fit", str(path)]
    assert run_alike(read_back(line)) == run_alike(laboratory.experiment)
    assert QApplication.activeModalWidget() is None
