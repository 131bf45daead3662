"""The JSON of `fit` has the shape that programs rely on, to the last key and bit."""

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import catalogue
from engine.models.gaussian_mixture import GaussianMixture
from engine.settings import settings_of
from tests.commands.running import fitted, succeeds

LANE_KEYS = (
    "name", "algorithm", "settings", "status", "reason", "log_likelihood", "bic", "aic", "parameters",
    "iterations", "evaluations", "passes", "cpu_seconds", "decreases", "events", "trace",
)  # fmt: skip
COVARIANCES = next(each.choices for each in settings_of(GaussianMixture) if each.name == "covariance")


def keys(value: Any) -> Iterator[str]:
    """Every key at every depth."""
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from keys(each)


def without_clocks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_clocks(each) for key, each in value.items() if not key.endswith("seconds")}
    return [without_clocks(each) for each in value] if isinstance(value, list) else value


def test_every_key_is_there_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = fitted(capsys, "faithful", "--trace", "--max-iterations", "4")
    assert tuple(found) == ("data", "model", "start", "lanes")
    assert tuple(found["start"]) == ("log_likelihood", "parameters")
    for lane in found["lanes"]:
        assert tuple(key for key in lane if key in LANE_KEYS) == LANE_KEYS
        assert tuple(lane["evaluations"])[:3] == ("e_steps", "gradients", "log_likelihoods")
        assert tuple(lane["trace"]) == ("log_likelihood", "passes", "cpu_seconds")
        assert {len(column) for column in lane["trace"].values()} == {lane["iterations"] + 1}
        assert lane["trace"]["log_likelihood"][-1] == lane["log_likelihood"]
        assert lane["trace"]["passes"][-1] == lane["passes"]
        assert lane["trace"]["cpu_seconds"][-1] == lane["cpu_seconds"]
    assert "trace" not in fitted(capsys, "faithful", "--max-iterations", "1")["lanes"][0]
    clocks = {key for key in keys(found) if "second" in key or "time" in key or "clock" in key}
    assert all(key.endswith("seconds") for key in clocks)


def test_entry_j_belongs_to_the_parameters_that_step_j_produced(capsys: pytest.CaptureFixture[str]) -> None:
    whole = fitted(capsys, "faithful", "--trace", "--max-iterations", "5")["lanes"]
    for iterations in range(1, 5):
        part = fitted(capsys, "faithful", "--max-iterations", str(iterations))["lanes"]
        for long, short in zip(whole, part, strict=True):
            assert long["trace"]["log_likelihood"][iterations] == short["log_likelihood"]


def test_entry_0_is_the_starts_in_every_lane(capsys: pytest.CaptureFixture[str]) -> None:
    names = list(catalogue.find("algorithms"))
    for first in range(0, len(names), 7):
        lanes = [word for name in ("em", *names[first : first + 7]) for word in ("--algorithm", name)]
        found = fitted(capsys, "three-clusters:size=90", "--trace", "--max-iterations", "1", *lanes)
        value = found["start"]["log_likelihood"]
        assert {lane["trace"]["log_likelihood"][0] for lane in found["lanes"]} == {value}


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_covariances_are_matrices_for_every_type(
    covariance: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("iris", "--model", f"gaussian-mixture:components=2,covariance={covariance}", "--algorithm", "em")
    found = fitted(capsys, *words, "--max-iterations", "3")
    for parameters in (found["start"]["parameters"], found["lanes"][0]["parameters"]):
        shapes = {name: np.shape(block) for name, block in parameters.items()}
        assert shapes == {"weights": (2,), "means": (2, 4), "covariances": (2, 4, 4)}
    # What one run reported is a start for the next.
    (tmp_path / "start.json").write_text(json.dumps(found["lanes"][0]["parameters"]), encoding="utf-8")
    again = fitted(capsys, *words, "--start", str(tmp_path / "start.json"), "--max-iterations", "1")
    assert again["start"]["log_likelihood"] == pytest.approx(found["lanes"][0]["log_likelihood"], rel=1e-13)


def test_rates_of_a_poisson_mixture(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("poisson-counts:dimension=3,size=80", "--model", "poisson-mixture:components=2")
    parameters = fitted(capsys, *words, "--algorithm", "em")["lanes"][0]["parameters"]
    assert {name: np.shape(block) for name, block in parameters.items()} == {"weights": (2,), "rates": (2, 3)}


def test_what_is_not_finite_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    diverging = ("--algorithm", "gradient-ascent:learning_rate=1000")
    refused = ("--algorithm", "lbfgs:weight_coordinates=raw")
    leaving = ("--algorithm", "gradient-ascent:learning_rate=1.2,weight_coordinates=drop-last,name=out")
    found = fitted(capsys, "three-clusters", "--trace", *diverging, *refused, *leaving)
    diverged, refusal, out = found["lanes"]
    assert (diverged["status"], refusal["status"], out["status"]) == (
        "diverged",
        "refused",
        "left-constraints",
    )
    assert diverged["trace"]["log_likelihood"] == [found["start"]["log_likelihood"], None]
    assert [event["kind"] for event in diverged["events"]] == ["not-finite"]
    assert (refusal["log_likelihood"], refusal["bic"], refusal["aic"]) == (None, None, None)
    assert refusal["parameters"] is None
    assert refusal["trace"]["log_likelihood"] == [found["start"]["log_likelihood"]]
    assert out["events"] == [
        {
            "iteration": 1,
            "kind": "left-constraints",
            "detail": "weight 3 became -0.85, and there the log-likelihood has no value",
        }
    ]


def test_criteria_charge_for_the_free_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    found = fitted(capsys, "faithful", "--algorithm", "em", "--model", "gaussian-mixture:components=2")
    lane = found["lanes"][0]
    assert found["model"]["free_parameters"] == 11
    assert lane["bic"] == pytest.approx(11 * math.log(272) - 2 * lane["log_likelihood"], rel=1e-15)
    assert lane["aic"] == pytest.approx(2 * 11 - 2 * lane["log_likelihood"], rel=1e-15)


def test_numbers_have_full_precision_and_a_run_is_repeated_bit_for_bit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("fit", "three-clusters:size=200", "--json", "--trace", "--max-iterations", "20")
    first, again = (succeeds(capsys, *words) for _ in range(2))
    assert without_clocks(json.loads(first)) == without_clocks(json.loads(again))
    values = json.loads(first)["lanes"][0]["trace"]["log_likelihood"]
    assert all(repr(value) in first for value in values)
    assert first.count("\n") == 1


def test_the_best_lane_assigns_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    succeeds(capsys, "fit", "three-clusters:size=120", "--assignments", str(path))
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["row"]) for row in rows] == list(range(1, 121))
    for row in rows:
        shares = [float(row[f"responsibility_{k}"]) for k in (1, 2, 3)]
        assert sum(shares) == pytest.approx(1, abs=1e-12)
        assert int(row["component"]) == 1 + int(np.argmax(shares))


def test_missing_cells_are_filled_in_as_the_best_lane_expects_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "filled.csv"
    words = ("wormy-apples", "--algorithm", "em", "--algorithm", "lbfgs", "--imputed", str(path))
    best = fitted(capsys, *words)["lanes"][0]
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    (mean,), (covariance,) = best["parameters"]["means"], best["parameters"]["covariances"]
    slope = covariance[0][1] / covariance[0][0]
    left = math.sqrt(covariance[1][1] - slope * covariance[0][1])
    assert [int(row["row"]) for row in rows] == list(range(1, 19))
    for place, row in enumerate(rows):
        assert float(row["size deviation"]) == 0.0
        if place < 12:
            assert float(row["worms"]) == float(row["worms"]) // 1
            assert float(row["worms deviation"]) == 0.0
        else:
            expected = mean[1] + slope * (float(row["size"]) - mean[0])
            assert float(row["worms"]) == pytest.approx(expected, rel=1e-6)
            assert float(row["worms deviation"]) == pytest.approx(left, rel=1e-5)


def test_traces_hold_every_entry_of_every_lane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "traces.csv"
    words = ("three-clusters", "--max-iterations", "12", "--csv", str(path), "--trace")
    found = fitted(capsys, *words, "--algorithm", "em", "--algorithm", "gradient-ascent:learning_rate=1000")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for lane in found["lanes"]:
        own = [row for row in rows if row["lane"] == lane["name"]]
        assert [int(row["iteration"]) for row in own] == list(range(lane["iterations"] + 1))
        written = [float(row["log_likelihood"]) if row["log_likelihood"] else None for row in own]
        assert written == lane["trace"]["log_likelihood"]


def test_a_matrix_is_fitted_and_the_report_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(Path(__file__).resolve().parent.parent / "reference/data/ability_cov.csv")
    found = fitted(capsys, path, "--matrix", "--observations", "112", "--algorithm", "profile-bfgs")
    assert found["model"]["name"] == "factor-analysis"
    assert (found["data"]["rows"], found["data"]["total_weight"]) == (0, 112.0)
    lane = found["lanes"][0]
    assert set(lane["parameters"]) == {"mean", "loadings", "uniquenesses"}
    assert lane["report"]["discrepancy"] == pytest.approx(0.699345035354, abs=1e-10)
    assert lane["report"]["degrees_of_freedom"] == 9
    rotated = ("--model", "factor-analysis:factors=2,rotation=varimax")
    lane = fitted(capsys, "ability", "--algorithm", "em", "--max-iterations", "5", *rotated)["lanes"][0]
    assert np.shape(lane["report"]["rotated_loadings"]) == np.shape(lane["parameters"]["loadings"]) == (6, 2)
    assert "rotated" not in succeeds(capsys, "fit", "ability", "--algorithm", "em", "--max-iterations", "5")
    assert "rotated loading" in succeeds(capsys, "fit", "ability", "--algorithm", "em", *rotated)
