"""Every model by the command line: its parameters by their names, its own settings, its start, and refusals in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.running import fails, fitted, succeeds

SHAPES: dict[str, tuple[tuple[str, ...], dict[str, tuple[int, ...]]]] = {
    "bernoulli-mixture": (
        ("latent-classes:items=5,size=200", "--model", "bernoulli-mixture:components=2"),
        {"weights": (2,), "probabilities": (2, 5)},
    ),
    "binomial-mixture": (
        (
            "binomial-counts:trials=7,dimension=2,size=200",
            "--model",
            "binomial-mixture:components=2,trials=7",
        ),
        {"weights": (2,), "probabilities": (2, 2)},
    ),
    "multinomial-mixture": (
        ("word-counts:words=4,size=200", "--model", "multinomial-mixture:components=3"),
        {"weights": (3,), "probabilities": (3, 4)},
    ),
    "genetic-linkage": (("linkage", "--model", "genetic-linkage"), {"theta": ()}),
    "coins": (
        ("coin-tosses:coins=3,tosses=8", "--model", "coins:components=3,tosses=8,hold=[weights]"),
        {"weights": (3,), "heads": (3,)},
    ),
    "gamma-mixture": (
        ("waiting-times:size=200,dimension=2", "--model", "gamma-mixture:components=2"),
        {"weights": (2,), "shapes": (2, 2), "rates": (2, 2)},
    ),
    "mixture-of-regressions": (
        ("two-lines:size=200", "--model", "mixture-of-regressions:components=2,response=y"),
        {"weights": (2,), "coefficients": (2, 2), "variances": (2,)},
    ),
    "student-t-mixture": (
        ("heavy-tails:size=200", "--model", "student-t-mixture:components=3,start_degrees=4"),
        {"weights": (3,), "means": (3, 2), "scales": (3, 2, 2), "degrees_of_freedom": (3,)},
    ),
}


@pytest.mark.parametrize("model", SHAPES)
def test_what_one_run_reports_is_a_start_for_the_next(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, model: str
) -> None:
    words, shapes = SHAPES[model]
    found = fitted(capsys, *words, "--algorithm", "em", "--max-iterations", "5")
    assert found["model"]["name"] == model
    parameters = found["lanes"][0]["parameters"]
    assert {name: np.shape(block) for name, block in parameters.items()} == shapes
    start = tmp_path / "start.json"
    start.write_text(json.dumps(parameters), encoding="utf-8")
    again = fitted(capsys, *words, "--start", str(start), "--max-iterations", "1")
    assert again["start"]["log_likelihood"] == pytest.approx(found["lanes"][0]["log_likelihood"], rel=1e-12)


@pytest.mark.parametrize("model", SHAPES)
def test_the_table_names_every_number(capsys: pytest.CaptureFixture[str], model: str) -> None:
    words, shapes = SHAPES[model]
    text = succeeds(capsys, "fit", *words, "--algorithm", "em", "--max-iterations", "3")
    singular = {"weights": "weight", "probabilities": "probability", "shapes": "shape", "rates": "rate"}
    singular |= {"coefficients": "coefficient", "variances": "variance", "means": "mean", "scales": "scale"}
    singular |= {"degrees_of_freedom": "degrees of freedom"}
    for name in shapes:
        assert singular.get(name, name) in text
    assert model in text


def test_linkage_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    lanes = ("--algorithm", "em", "--algorithm", "fisher-scoring", "--algorithm", "newton:trust_region=false")
    found = fitted(capsys, "linkage", "--model", "genetic-linkage", *lanes)
    for lane in found["lanes"]:
        assert lane["status"] == "converged"
        assert lane["parameters"]["theta"] == pytest.approx(0.62682149787098, abs=1e-8)
        assert lane["log_likelihood"] == pytest.approx(-7.5486575163320, abs=1e-10)


def test_patterns_count_by_a_column_of_weights(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(Path(__file__).parents[2] / "assets" / "data" / "stouffer_toby.csv")
    words = ("--weights-column", "count", "--model", "bernoulli-mixture:components=2", "--algorithm", "em")
    found = fitted(capsys, file, *words)
    assert found["data"]["total_weight"] == 216
    assert found["lanes"][0]["log_likelihood"] == pytest.approx(-504.4676701184, abs=1e-7)


@pytest.mark.parametrize(
    ("text", "model", "sentence"),
    [
        ("a,b\n1,0\n2,1\n0,0\n1,1\n", "bernoulli-mixture:components=1", "needs 0 (no) or 1 (yes)"),
        ("a\n3\n-1\n", "binomial-mixture:components=1", "-1 in row 2 of column 'a' is no count"),
        ("a\n3\n12\n", "coins:components=1", "12 in row 2 of column 'a' is more than the 10 tosses"),
        (
            "a,b\n3,4\n3,2\n",
            "coins:components=1,trials_column=b",
            "3 in row 2 of column 'a' is more than the 2 of",
        ),
        ("a\n3\n5\n", "genetic-linkage", "5 in row 2 of column 'a' is no cell"),
        ("a\n3\n0\n", "gamma-mixture:components=1", "0 in row 2 of column 'a' is not positive"),
        ("a\n3\n4\n", "multinomial-mixture:components=1", "at least two that share out a row's total"),
        ("a,b\n1,2\n2,3\n", "mixture-of-regressions:components=1,response=c", "response = 'c' is no column"),
        ("a\n1\n1\n", "student-t-mixture:components=1", "column 'a' is constant"),
    ],
)
def test_data_that_do_not_fit_are_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, model: str, sentence: str
) -> None:
    file = tmp_path / "data.csv"
    file.write_text(text, encoding="utf-8")
    said: Any = fails(capsys, "fit", str(file), "--model", model, "--algorithm", "em")
    assert sentence in said


def test_a_chain_may_begin_in_its_stationary_law(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Zucchini & MacDonald (2009): -342.3183, and 4 free parameters where a free initial law makes them 5."""
    model = ("--model", "hidden-markov:emission=poisson,states=2,initial_law=stationary")
    start = tmp_path / "start.json"
    start.write_text('{"transitions": [[0.9, 0.1], [0.1, 0.9]], "rates": [[10], [30]]}', encoding="utf-8")
    lanes = ("em", "generalized-em:inner_steps=1", "lbfgs", "newton", "squarem")
    asked = [word for lane in lanes for word in ("--algorithm", lane)]
    found = fitted(capsys, "earthquakes", *model, "--start", str(start), *asked)
    assert found["model"]["free_parameters"] == 4
    for lane in found["lanes"]:
        assert lane["status"] == "converged"
        assert lane["log_likelihood"] == pytest.approx(-342.3182668, abs=1e-6)
        told = lane["parameters"]
        assert told["initial"] == pytest.approx([0.66082, 0.33918], abs=1e-4)
    start.write_text(json.dumps(told), encoding="utf-8")
    again = fitted(capsys, "earthquakes", *model, "--start", str(start), "--max-iterations", "1")
    assert again["start"]["log_likelihood"] == pytest.approx(lane["log_likelihood"], rel=1e-12)
    table = succeeds(capsys, "fit", "earthquakes", *model, "--start", str(start), "--algorithm", "em")
    assert "initial" in table
    start.write_text(json.dumps({**told, "initial": [1.0, 0.0]}), encoding="utf-8")
    refused = fails(capsys, "fit", "earthquakes", *model, "--start", str(start))
    assert "'initial' follows from the transitions and is 0.661, 0.339; leave it out" in refused


def test_how_a_chain_begins_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = succeeds(capsys, "list", "models")
    assert "initial_law" in listed
    assert "or in the stationary law of the transitions" in " ".join(listed.split())
