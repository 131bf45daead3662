"""What a comparison leaves in files, whole or as far as a cursor stands in it."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.comparison import Comparison, compare, comparison_of
from engine.datasets.zero_weight import ZeroWeight
from engine.errors import InputError
from engine.experiment import from_document, from_toml
from engine.models.hidden_markov import HiddenMarkov
from engine.results import (
    document,
    parameter_rows,
    row_numbers,
    write_assignments,
    write_json,
    write_parameters,
    write_traces,
)

EXPERIMENT = """
[data]
name = "three-clusters"
size = 150
[model]
name = "gaussian-mixture"
[[lanes]]
algorithm = "em"
[[lanes]]
algorithm = "gradient-ascent"
learning_rate = 1.2
[[lanes]]
algorithm = "lbfgs"
name = "refused"
weight_coordinates = "raw"
[stop]
max_iterations = 12
"""


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(from_toml(EXPERIMENT))


def cut(found: Comparison, iteration: int) -> Comparison:
    """The comparison as it is seen with the cursor at an iteration."""
    traces = [lane.trace.until(min(iteration, lane.trace.count - 1)) for lane in found.lanes]
    return comparison_of(found.experiment, found.preparation, traces)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_parameters_are_a_component_a_row_at_full_precision(found: Comparison, tmp_path: Path) -> None:
    write_parameters(found, tmp_path / "parameters.csv")
    rows = rows_of(tmp_path / "parameters.csv")
    # A refused lane went nowhere: it has no parameters of its own.
    assert [row["lane"] for row in rows] == [""] * 3 + ["em"] * 3 + ["gradient-ascent"] * 3
    assert list(rows[0])[:5] == ["lane", "component", "weight", "mean x", "mean y"]
    best = found.lanes[0].parameters
    assert best is not None
    described = found.preparation.model.describe(best)
    for k, row in enumerate(rows[3:6]):
        assert row["component"] == str(k + 1)
        assert float(row["weight"]) == described["weights"][k]
        assert float(row["mean y"]) == described["means"][k, 1]
        assert float(row["covariance x,y"]) == described["covariances"][k, 0, 1]


def test_json_in_a_file_is_what_is_printed(found: Comparison, tmp_path: Path) -> None:
    write_json(found, tmp_path / "all.json", with_trace=True)
    assert json.loads((tmp_path / "all.json").read_text()) == document(found, with_trace=True)
    write_json(found, tmp_path / "short.json")
    assert "trace" not in json.loads((tmp_path / "short.json").read_text())["lanes"][0]


@pytest.mark.parametrize("iteration", [0, 5])
def test_up_to_the_cursor_is_the_beginning_of_the_whole(
    found: Comparison, iteration: int, tmp_path: Path
) -> None:
    seen = cut(found, iteration)
    write_traces(found, tmp_path / "whole.csv")
    write_traces(seen, tmp_path / "seen.csv")
    whole = [row for row in rows_of(tmp_path / "whole.csv") if int(row["iteration"]) <= iteration]
    assert rows_of(tmp_path / "seen.csv") == whole
    lane: dict[str, Any] = document(seen)["lanes"][0]
    assert (lane["status"], lane["iterations"]) == ("paused", iteration)
    assert lane["evaluations"]["e_steps"] == found.lanes[0].trace.column("e_steps")[iteration]
    reached = seen.lanes[0].parameters
    assert reached is not None
    assert np.array_equal(reached.vector, found.lanes[0].trace.parameters(iteration).vector)


def test_at_the_end_the_cursor_sees_all(found: Comparison) -> None:
    assert document(cut(found, 12), with_trace=True) == document(found, with_trace=True)


def test_a_cut_does_not_grow_with_its_trace(found: Comparison) -> None:
    trace = found.lanes[1].trace
    seen = trace.until(7)
    assert (seen.count, seen.last.iteration, seen.ended) == (8, 7, True)
    assert all(place <= 7 for place, _ in seen.events)
    assert seen.path("weights")[0].tolist() == list(range(8))
    with pytest.raises(IndexError):
        seen.parameters(8)
    assert trace.count == 13


def test_assignments_tell_how_far_they_are(found: Comparison, tmp_path: Path) -> None:
    heard: list[float] = []
    write_assignments(found, tmp_path / "rows.csv", None, heard.append)
    assert heard == [1.0]
    rows = rows_of(tmp_path / "rows.csv")
    assert [int(row["row"]) for row in rows] == list(range(1, 151))
    shares = np.array([[float(row[f"responsibility_{k}"]) for k in (1, 2, 3)] for row in rows])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert [int(row["component"]) for row in rows] == (np.argmax(shares, axis=1) + 1).tolist()


def test_writing_that_is_given_up_leaves_the_old_file(found: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def give_up(fraction: float) -> None:
        raise InputError("Given up.")

    with pytest.raises(InputError, match="Given up"):
        write_assignments(found, path, None, give_up)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_rows_that_were_left_out_keep_their_numbers(tmp_path: Path) -> None:
    text = '[data]\nname = "file"\npath = "x.csv"\ndrop_missing = true\ncontent = "a\\n1\\n\\"\\"\\n3\\nNA\\n5\\n"\n'
    story = from_toml(
        text + '[model]\nname = "gaussian-mixture"\ncomponents = 1\n[[lanes]]\nalgorithm = "em"\n'
    ).data
    numbers = row_numbers(story)
    assert numbers is not None
    assert numbers.tolist() == [1, 3, 5]
    assert row_numbers(from_toml(EXPERIMENT).data) is None


def test_json_says_how_near_each_lane_came_and_at_what_cost(found: Comparison) -> None:
    em, ascent, refused = document(found)["lanes"]
    trace = found.lanes[0].trace
    values, passes = trace.floats("log_likelihood"), trace.floats("passes")
    assert em["gap"] == found.best_known - values[-1] > 0
    assert 0 < em["rate_of_gap"] < 1
    assert list(em["to_gap"]) == ["0.01", "0.0001", "1e-08"]
    wide = comparison_of(found.experiment, found.preparation, [lane.trace for lane in found.lanes])
    assert wide.best_known == found.best_known, "sought the same way each time"
    place = int(np.argmax(values >= found.best_known - 1e-2)) if em["gap"] <= 1e-2 else None
    reached = em["to_gap"]["0.01"]
    assert reached["iterations"] == place
    assert reached["passes"] == (None if place is None else passes[place])
    assert em["smallest_weight"] == float(np.min(trace.last.parameters["weights"]))
    assert ascent["gap"] > em["gap"]
    assert refused["gap"] is None
    assert all(cost is None for costs in refused["to_gap"].values() for cost in costs.values())


def test_a_lane_that_arrives_has_the_cost_of_each_gap_in_order() -> None:
    done = compare(from_toml(EXPERIMENT.replace("max_iterations = 12", "max_iterations = 400")))
    em = document(done)["lanes"][0]
    assert em["gap"] < 1e-8
    costs = [em["to_gap"][gap] for gap in ("0.01", "0.0001", "1e-08")]
    for clock in ("iterations", "passes", "cpu_seconds"):
        spent = [each[clock] for each in costs]
        assert spent == sorted(spent)
        assert spent[0] > 0
    assert costs[2]["passes"] == costs[2]["iterations"] + 1, (
        "an EM step is a pass, and so is the first E step"
    )


def test_what_line_searches_checks_and_quadratic_programs_took_is_told() -> None:
    lanes = ("em", "gradient-ascent", "lbfgs", "squarem", "sqp")
    weights_only = compare(
        from_document(
            {
                "data": {"name": "zero-weight"},
                **ZeroWeight().setup(),
                "lanes": [{"algorithm": name} for name in lanes],
                "stop": {"max_iterations": 20},
            }
        )
    )
    told = {lane["name"]: lane for lane in document(weights_only)["lanes"]}
    spent = {name: lane["evaluations"] for name, lane in told.items()}
    assert spent["em"]["trials"] == spent["gradient-ascent"]["trials"] == 0
    assert spent["lbfgs"]["trials"] == spent["lbfgs"]["gradients"] - 1, (
        "all but the start's are of its line searches"
    )
    assert 0 < spent["squarem"]["trials"] < spent["squarem"]["e_steps"]
    assert spent["sqp"]["quadratic_programs"] == told["sqp"]["iterations"] > 0
    assert all(spent[name]["quadratic_programs"] == 0 for name in lanes if name != "sqp")


def test_assignments_of_hidden_states_tell_the_most_probable_path_too(tmp_path: Path) -> None:
    table = {
        "data": {"name": "hidden-chain", "size": 60, "sequences": 3, "separation": 1.0},
        "model": {"name": "hidden-markov", "states": 3},
        "start": {"name": "truth"},
        "lanes": [{"algorithm": "em"}],
        "stop": {"max_iterations": 3},
    }
    comparison = compare(from_document(table))
    write_assignments(comparison, tmp_path / "rows.csv", None)
    rows = rows_of(tmp_path / "rows.csv")
    ready, best = comparison.preparation, comparison.best
    assert best is not None
    assert best.parameters is not None
    assert isinstance(ready.model, HiddenMarkov)
    path = ready.model.most_probable_path(ready.prepared, best.parameters) + 1
    smoothed = ready.model.smoothed(ready.prepared, best.parameters)
    assert [int(row["path"]) for row in rows] == path.tolist()
    assert [int(row["component"]) for row in rows] == (np.argmax(smoothed, axis=0) + 1).tolist()
    assert [float(row["responsibility_2"]) for row in rows] == smoothed[1].tolist()


def test_parameters_of_hidden_states_have_a_row_for_each_state() -> None:
    described = {
        "initial": np.array([0.25, 0.75]),
        "transitions": np.array([[0.9, 0.1], [0.2, 0.8]]),
        "rates": np.array([[3.0], [5.0]]),
    }
    assert list(parameter_rows(described, ("count",))) == [
        ["component", "initial", "transition to 1", "transition to 2", "rate count"],
        [1, 0.25, 0.9, 0.1, 3.0],
        [2, 0.75, 0.2, 0.8, 5.0],
    ]
