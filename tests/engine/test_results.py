"""What a comparison leaves in files, whole or as far as a cursor stands in it."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.comparison import Comparison, compare, comparison_of
from engine.errors import InputError
from engine.experiment import from_toml
from engine.results import (
    document,
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
