"""The command line, in process and as a process: what it prints, and one sentence for what it cannot use."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.listing import EXPERIMENTS, KINDS
from commands.source import Options, experiment_from
from engine.algorithms.gradient_ascent import GradientAscent
from engine.datasets.file import File
from engine.experiment import Experiment
from engine.models.gaussian_mixture import GaussianMixture
from engine.specification import text_of
from main import main
from tests.commands.running import fails, fitted, succeeds

ROOT = Path(__file__).resolve().parent.parent
FAITHFUL = str(ROOT / "assets/data/faithful.csv")
EXPERIMENT = """
title = "Two and three"
[data]
name = "faithful"
[model]
name = "gaussian-mixture"
components = 2
[start]
name = "random-points"
seed = 4
[[lanes]]
algorithm = "em"
name = "first"
[stop]
rule = "gain"
tolerance = 1e-6
max_iterations = 40
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What fit does


def test_fit_prints_json_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    found = fitted(
        capsys,
        FAITHFUL,
        "--model",
        "gaussian-mixture:components=2",
        "--algorithm",
        "em",
        "--algorithm",
        "gradient-ascent:learning_rate=0.5",
        "--trace",
        "--max-iterations",
        "30",
    )
    em, gradient = found["lanes"]
    assert (em["name"], gradient["name"]) == ("em", "gradient-ascent")
    assert em["bic"] == pytest.approx(2322.191743098739, rel=1e-9)
    assert em["trace"]["log_likelihood"][0] == gradient["trace"]["log_likelihood"][0]
    assert gradient["settings"]["learning_rate"] == 0.5
    assert found["data"]["rows"] == 272


def test_progress_is_for_a_person_and_not_for_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched: list[str] = []

    def progress(experiment: Experiment) -> None:
        watched.append(experiment.data.name)

    monkeypatch.setattr("commands.fit.terminal_progress", progress)
    fitted(capsys, "two-bumps:size=30", "--max-iterations", "1")
    assert watched == []
    succeeds(capsys, "fit", "two-bumps:size=30", "--max-iterations", "1")
    assert watched == ["two-bumps"]


def test_fit_prints_a_table_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    printed = succeeds(capsys, "fit", FAITHFUL, "--algorithm", "em", "--algorithm", "em", "--trace")
    assert all(len(line) <= 100 for line in printed.splitlines() if "(converged)" not in line)
    for part in (
        "faithful: 272 rows",
        "BIC",
        "AIC",
        "em 2",
        "em (converged): stationary",
        "covariance",
        "-1119.21",
    ):
        assert part in printed
    assert "\x1b" not in printed


def test_defaults_are_as_documented() -> None:
    made = experiment_from(FAITHFUL)
    assert made.data == File(path=FAITHFUL)
    assert text_of(made.model, whole=True).startswith("gaussian-mixture:components=3")
    assert [lane.title for lane in made.lanes] == ["em", "gradient-ascent"]
    assert text_of(made.start, whole=True) == "k-means++:seed=0"
    assert (made.stop.rule, made.stop.tolerance, made.stop.max_iterations) == ("gradient", 1e-8, 1000)


def test_a_story_suggests_model_and_start_unless_they_are_given() -> None:
    story = "zero-weight:size=50"
    assert experiment_from(story).model == GaussianMixture(components=3, hold=("means", "covariances"))
    assert experiment_from(story).start.name == "parameters"
    own_model = experiment_from(story, Options(model="gaussian-mixture:components=2"))
    assert (own_model.model, own_model.start.name) == (GaussianMixture(components=2), "k-means++")
    own_start = experiment_from(story, Options(start="random-points:seed=3"))
    assert (own_start.model.hold, text_of(own_start.start)) == (  # type: ignore[attr-defined]
        ("means", "covariances"),
        "random-points:seed=3",
    )


def test_what_an_experiment_says_stands_unless_overridden(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "two.toml").write_text(EXPERIMENT, encoding="utf-8")
    as_written = experiment_from("two.toml")
    assert [lane.title for lane in as_written.lanes] == ["first"]
    assert (as_written.stop.rule, as_written.stop.max_iterations) == ("gain", 40)
    changed = experiment_from(
        "two.toml",
        Options(
            model="gaussian-mixture",
            algorithms=("lbfgs", "em"),
            start="k-means++",
            tolerance="0",
            max_iterations="7",
            columns="waiting",
        ),
    )
    assert changed.title == "Two and three"
    assert changed.model == GaussianMixture(components=3)
    assert [lane.title for lane in changed.lanes] == ["lbfgs", "em"]
    assert (changed.stop.rule, changed.stop.tolerance, changed.stop.max_iterations) == ("gain", 0.0, 7)
    assert changed.data.columns == ("waiting",)  # type: ignore[attr-defined]
    assert fitted(capsys, "two.toml", "--max-iterations", "1")["lanes"][0]["name"] == "first"


def test_a_start_is_read_from_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start: dict[str, Any] = {
        "weights": [1 / 3] * 3,
        "means": [[2, 55], [3.5, 70], [4.3, 80]],
        "covariances": [[[0.33, 0], [0, 46]]] * 3,
    }
    (folder / "start.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(start).encode())
    found = fitted(capsys, FAITHFUL, "--start", "start.json", "--algorithm", "em", "--max-iterations", "2")
    np.testing.assert_allclose(found["start"]["parameters"]["means"], start["means"], rtol=1e-14)
    (folder / "again.json").write_text(json.dumps(found["lanes"][0]["parameters"]), encoding="utf-8")
    again = fitted(capsys, FAITHFUL, "--start", "again.json", "--algorithm", "em", "--max-iterations", "1")
    assert again["start"]["log_likelihood"] == pytest.approx(found["lanes"][0]["log_likelihood"], rel=1e-13)


def test_columns_weights_and_missing_rows_are_chosen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ['"a, b",c,n', "1,5,2", "2,NA,1", "3,4,0", "9,8,1", "10,9,3"]
    (folder / "own.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    common = ("own.csv", "--model", "gaussian-mixture:components=1", "--algorithm", "em")
    needs_every_cell = ("own.csv", "--model", "student-t-mixture:components=1", "--algorithm", "em")
    assert "--drop-missing" in fails(capsys, "fit", *needs_every_cell)
    assert "1 missing cell in 1 of 5 rows, which gaussian-mixture fits" in succeeds(capsys, "fit", *common)
    found = fitted(
        capsys, *common, "--columns", '"a, b",c', "--weights-column", "n", "--drop-missing",
        "--assignments", "rows.csv",
    )  # fmt: skip
    assert found["data"]["columns"] == ["a, b", "c"]
    assert (found["data"]["rows"], found["data"]["total_weight"]) == (4, 6.0)
    with (folder / "rows.csv").open(encoding="utf-8") as stream:
        assert [row["row"] for row in csv.DictReader(stream)] == ["1", "3", "4", "5"]


def test_traces_are_written_beside_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sub").mkdir()
    succeeds(
        capsys, "fit", "two-bumps:size=80", "--csv", "sub/traces.csv", "--max-iterations", "3", "--tolerance", "0"
    )  # fmt: skip
    with (folder / "sub/traces.csv").open(encoding="utf-8") as stream:
        lanes = [row["lane"] for row in csv.DictReader(stream)]
    assert lanes == ["em"] * 4 + ["gradient-ascent"] * 4


def test_a_refused_lane_is_a_result_unless_all_are(capsys: pytest.CaptureFixture[str]) -> None:
    refused = ("--algorithm", "lbfgs:weight_coordinates=raw")
    common = ("three-clusters:size=60", "--max-iterations", "2")
    found = fitted(capsys, *common, *refused, "--algorithm", "em")
    assert [lane["status"] for lane in found["lanes"]] == ["refused", "iteration-limit"]
    assert found["lanes"][0]["log_likelihood"] is None
    assert "raw weights" in fails(capsys, "fit", *common, *refused)


def test_ctrl_c_ends_a_fit_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("engine.comparison.run", interrupted)
    assert main(["fit", "three-clusters:size=40"]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


# What list does


def test_list_names_everything_with_settings_and_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(succeeds(capsys, "list", "--json"))
    assert {each["kind"] for each in listed} == {*KINDS, EXPERIMENTS}
    by_name = {(each["kind"], each["name"]): each for each in listed}
    gradient = by_name["algorithms", "gradient-ascent"]
    rate = next(each for each in gradient["settings"] if each["name"] == "learning_rate")
    assert (rate["above"], rate["default"], rate["adjustable"]) == (0.0, GradientAscent().learning_rate, True)
    assert gradient["source"]
    assert all(each["summary"] and len(each["summary"]) <= 110 for each in listed)
    algorithms = [each for each in listed if each["kind"] == "algorithms"]
    assert all(each["requires"] and each["promises"].endswith(".") for each in algorithms)
    promises = {each["name"]: each["promises"] for each in algorithms}
    assert promises["em"] == "The log-likelihood never decreases."
    assert promises["adam"] == "Nothing is promised."
    assert promises["hard-em"] == "The classification likelihood never decreases."
    assert promises["newton"].endswith("with trust_region = false nothing is promised.")
    assert "line_search = backtracking the log-likelihood never decreases" in promises["gradient-ascent"]
    starts = json.loads(succeeds(capsys, "list", "starts", "--json"))
    assert starts == [each for each in listed if each["kind"] == "starts"]


@pytest.mark.parametrize("kind", [(), ("models",), ("data",)])
def test_list_is_readable(kind: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    printed = succeeds(capsys, "list", *kind)
    assert ("components = 3 (1 to 12)" in printed) == (kind != ("data",))
    assert all(len(line) <= 120 for line in printed.splitlines())


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    printed = succeeds(capsys, "fit", "--help")
    for option in (
        "--model", "--algorithm", "--start", "--tolerance", "--rule", "--max-iterations", "--columns",
        "--weights-column", "--drop-missing", "--json", "--trace", "--csv", "--assignments",
        "--imputed",
    ):  # fmt: skip
        assert option in printed
    assert "render" in succeeds(capsys, "--help")


# As a process


def process(*words: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words], capture_output=True, text=True, timeout=60, **more
    )


def test_fit_needs_neither_qt_nor_what_is_slow_to_import() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from main import main; "
        f"code = main(['fit', {FAITHFUL!r}, '--json', '--max-iterations', '3']); "
        "heavy = {'PySide6', 'pyqtgraph', 'gui', 'scipy', 'pyarrow', 'rich', 'threadpoolctl'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["lanes"]) == 2


def test_a_process_says_one_sentence_and_ends_with_2() -> None:
    done = process("fit", "nosuch.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "list"], stdout=writing, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_closed_streams_are_no_defect() -> None:
    def shell(script: str) -> "subprocess.CompletedProcess[str]":
        command = ["sh", "-c", script, sys.executable, str(ROOT / "main.py")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    without_output = shell('"$0" "$1" list starts >&-')
    assert (without_output.returncode, without_output.stderr) == (0, "")
    without_errors = shell('"$0" "$1" fit nosuch.csv 2>&-')
    assert (without_errors.returncode, without_errors.stdout) == (2, "")
