"""A shipped experiment is opened, fitted and listed by its name."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from commands import window
from commands.source import Options, experiment_from
from engine.shipped_experiments import FOLDER, shipped_experiments
from tests.commands.running import fails, fitted, succeeds


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """What the window would have been opened on."""
    import gui.app

    found: list[Path | None] = []
    monkeypatch.setattr(window, "check_display", lambda: None)

    def open_window(path: Path | None, *_: object) -> int:
        found.append(path)
        return 0

    monkeypatch.setattr(gui.app, "open_window", open_window)
    return found


def test_a_name_opens_its_experiment_in_the_window(
    opened: list[Path | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text("a\n1\n2\n", encoding="utf-8")
    for word in ("em-crawls", "own.csv", str(FOLDER / "moons.toml")):
        assert succeeds(capsys, word) == ""
    assert succeeds(capsys) == ""
    assert opened == [FOLDER / "em-crawls.toml", tmp_path / "own.csv", FOLDER / "moons.toml", None]
    assert all(path is None or path.is_absolute() for path in opened)


def test_no_such_name_is_told_before_a_window_opens(opened: list[Path | None], capsys: Any) -> None:
    sentence = fails(capsys, "em-crawl")
    assert "There is no file 'em-crawl'" in sentence
    assert "data story" not in sentence, "the window does not open one"
    assert opened == []


def test_a_name_is_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    shipped = shipped_experiments()["em-in-five-steps"]
    assert experiment_from("em-in-five-steps") == shipped
    changed = experiment_from("em-in-five-steps", Options(algorithms=("em",), max_iterations="2"))
    assert (changed.model, changed.stop.max_iterations) == (shipped.model, 2)
    found = fitted(capsys, "em-in-five-steps", "--algorithm", "em")
    assert found["lanes"][0]["status"] == "converged"


def test_a_shipped_experiment_is_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    before = (FOLDER / "moons.toml").read_bytes()
    told = fails(capsys, "fit", "moons", "--csv", os.path.relpath(FOLDER / "moons.toml"))
    assert "is what is read" in told
    assert (FOLDER / "moons.toml").read_bytes() == before


def test_experiments_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(succeeds(capsys, "list", "experiments", "--json"))
    assert [each["name"] for each in listed] == list(shipped_experiments())
    for each in listed:
        experiment = shipped_experiments()[each["name"]]
        assert (each["summary"], each["settings"]) == (experiment.title, [])
        assert each["claims"] == list(experiment.claims)
    printed = succeeds(capsys, "list", "experiments")
    assert "  collapse: Collapse: the likelihood has no maximum\n" in printed
    assert '      claims em.status == "collapsed"\n' in printed


def test_sources_are_listed_for_whatever_has_one(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(succeeds(capsys, "list", "--json"))
    sources = {(each["kind"], each["name"]): each["source"] for each in listed}
    assert all(source for (kind, _), source in sources.items() if kind in ("models", "algorithms"))
    assert sources["coordinates", "log-cholesky"] == "Pinheiro & Bates (1996)"
    assert sources["starts", "k-means++"] == "Arthur & Vassilvitskii 2007"
    assert sources["data", "faithful"] == "Azzalini & Bowman 1990"
