"""The model of known components from the command line: a table of likelihoods as a CSV."""

from pathlib import Path

import numpy as np
import pytest

from tests.commands.running import fails, fitted, succeeds

REFERENCE = str(Path(__file__).parents[1] / "reference" / "data" / "likelihood_1000x20.csv")
MODEL = ("--model", "mixture-proportions")


def test_a_table_of_likelihoods_is_fitted_from_equal_weights(capsys: pytest.CaptureFixture[str]) -> None:
    found = fitted(
        capsys, REFERENCE, *MODEL, "--algorithm", "em", "--algorithm", "sqp", "--max-iterations", "100"
    )
    assert found["start"]["parameters"]["weights"] == [0.05] * 20
    assert found["model"] == {"name": "mixture-proportions", "settings": {}, "free_parameters": 19}
    em, sqp = found["lanes"]
    assert em["log_likelihood"] / -1000 - 0.62819784559955 == pytest.approx(1.383e-3, abs=5e-7)
    assert sqp["log_likelihood"] / -1000 == pytest.approx(0.62819784559955, abs=1e-10)
    weights = np.array(sqp["parameters"]["weights"])
    assert np.flatnonzero(weights).tolist() == [0, 11, 12, 14]


def test_row_weights_count_rows_several_times(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    counted, repeated = tmp_path / "counted.csv", tmp_path / "repeated.csv"
    counted.write_text("a,b,c,times\n1,.54,.2,3\n.2,.54,1,1\n.5,.61,.5,2\n", encoding="utf-8")
    rows = ["1,.54,.2"] * 3 + [".2,.54,1"] + [".5,.61,.5"] * 2
    repeated.write_text("\n".join(["a,b,c", *rows]) + "\n", encoding="utf-8")
    one = fitted(capsys, str(counted), *MODEL, "--weights-column", "times", "--algorithm", "em")
    other = fitted(capsys, str(repeated), *MODEL, "--algorithm", "em")
    assert one["lanes"][0]["log_likelihood"] == pytest.approx(other["lanes"][0]["log_likelihood"], rel=1e-13)
    assert one["lanes"][0]["parameters"]["weights"] == pytest.approx(
        other["lanes"][0]["parameters"]["weights"], rel=1e-9
    )


def test_the_table_has_a_line_for_each_component_with_its_column(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("near,far\n1,.5\n.2,.9\n", encoding="utf-8")
    text = succeeds(capsys, "fit", str(table), *MODEL, "--algorithm", "sqp")
    lines = text[text.index("component") :].splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["1", "2"]
    assert [line.split()[-1] for line in lines[2:]] == ["near", "far"]


def test_rows_are_assigned_to_components(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, assignments = tmp_path / "table.csv", tmp_path / "assignments.csv"
    table.write_text("near,far\n1,0\n.2,.9\n0,1\n", encoding="utf-8")
    succeeds(capsys, "fit", str(table), *MODEL, "--algorithm", "sqp", "--assignments", str(assignments))
    rows = [line.split(",") for line in assignments.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 4
    assert [float(cell) for cell in rows[1][-2:]] == [1.0, 0.0]
    assert [float(cell) for cell in rows[3][-2:]] == [0.0, 1.0]


def test_starts_that_place_components_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(capsys, "fit", REFERENCE, *MODEL, "--start", "k-means++") == (
        "[start]: k-means++ is no start for mixture-proportions; choose uniform or parameters."
    )
    assert fails(capsys, "fit", REFERENCE, "--start", "uniform") == (
        "[start]: uniform is no start for gaussian-mixture; choose k-means++ or parameters."
    )


def test_what_is_no_likelihood_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("near,far\n1,-2.5\n", encoding="utf-8")
    assert "-2.5 in row 1 of column 'far' is no likelihood" in fails(capsys, "fit", str(table), *MODEL)
    table.write_text("near,far\n1,2\n0,0\n", encoding="utf-8")
    assert "row 2 is 0 in every column" in fails(capsys, "fit", str(table), *MODEL)
