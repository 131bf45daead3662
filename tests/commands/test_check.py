"""`check` tells which claims hold, with numbers, and its exit code is 0 only if all do."""

from pathlib import Path

import pytest

from commands import check as command
from engine.experiment import Experiment
from engine.shipped_experiments import FOLDER, shipped_experiments
from main import main
from tests.commands.running import fails, succeeds

OWN = """
title = "Two clusters"
claims = ["em.decreases == 0", "em.iterations < 5"]
[data]
name = "overlapping-clusters"
size = 60
[model]
name = "gaussian-mixture"
components = 2
[[lanes]]
algorithm = "em"
[stop]
max_iterations = 40
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "silent.toml").write_text(OWN.replace("claims", "caption = ''\n#"), encoding="utf-8")
    missing = OWN.replace('"overlapping-clusters"\nsize = 60', '"file"\npath = "nosuch.csv"')
    (tmp_path / "without data.toml").write_text(missing, encoding="utf-8")
    return tmp_path


def test_claims_that_hold_are_told_with_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    printed = succeeds(capsys, "check", "collapse", "symmetric-start")
    told = {tuple(line.split()) for line in printed.splitlines()}
    assert ("holds", "em.status", "==", '"collapsed"', "em.status", "=", "collapsed") in told
    assert ("holds", "em.iterations", ">=", "7", "em.iterations", "=", "9") in told
    claims = sum(len(shipped_experiments()[name].claims) for name in ("collapse", "symmetric-start"))
    assert f"{claims} claims of 2 experiments: all hold" in printed


def test_one_that_fails_is_told_and_ends_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "own.toml", "moons"]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "own.toml: Two clusters\n  holds  em.decreases == 0  em.decreases = 0\n" in captured.out
    assert "  FAILS  em.iterations < 5  em.iterations = 40\n" in captured.out
    assert "1 of 8 claims of 2 experiments does not hold" in captured.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nosuch",), "nosuch"),
        (("moons", "nosuch.toml"), "nosuch.toml"),
        (("moons", "silent.toml"), "claims nothing"),
        (("moons", "without data.toml"), "nosuch.csv"),
        (("three-clusters",), "There is no experiment called 'three-clusters'"),
        (("moons", "--quick"), "--quick"),
        (("",), "no experiment"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_checked_is_told_before_anything_runs(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in fails(capsys, "check", *words)


def test_slow_ones_run_on_demand_or_by_their_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def few() -> dict[str, Experiment]:
        return {
            "collapse": shipped_experiments()["collapse"].replace(slow=True),
            "em-in-five-steps": shipped_experiments()["em-in-five-steps"],
        }

    monkeypatch.setattr(command, "shipped_experiments", few)
    printed = succeeds(capsys, "check")
    assert "Not run, because slow (--slow runs them too): collapse." in printed
    assert "of 1 experiment:" in printed
    assert "of 2 experiments:" in succeeds(capsys, "check", "--slow")
    slow = FOLDER / "collapse.toml"
    assert "of 1 experiment:" in succeeds(capsys, "check", str(slow))
