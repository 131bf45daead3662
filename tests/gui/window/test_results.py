"""The results of the race as a table: what each column says, sorted, copied, saved, and the same as `fit` writes."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from engine.comparison import comparison_of
from engine.results import document
from engine.shipped_experiments import shipped_experiments
from gui.tables.results_table import ResultsTable
from tests.gui.laboratory import LEFT, Laboratory
from tests.gui.window.conftest import FIRST

CONTROL = Qt.KeyboardModifier.ControlModifier
COLUMNS = [
    "lane",
    "log-likelihood",
    "gap",
    "status",
    "iterations",
    "E steps",
    "M steps",
    "gradients",
    "likelihoods",
    "trials",
    "quadratic programs",
    "passes",
    "passes an iteration",
    "CPU time",
    "decreases",
    "smallest weight",
    "rate of the gap",
    "passes to 0.01",
    "passes to 0.0001",
    "passes to 1e-08",
    "time to 0.01",
    "time to 0.0001",
    "time to 1e-08",
]


@pytest.fixture
def results(laboratory: Laboratory) -> Iterator[ResultsTable]:
    """The table, opened by its key, after both lanes have run to their end and the maximum is known."""
    laboratory.press(Qt.Key.Key_R, CONTROL)
    opened = laboratory.window.companions.results
    assert opened.isVisible()
    laboratory.play_to_the_end()
    laboratory.wait_until(lambda: laboratory.frame.best_is_polished)
    laboratory.settle()
    yield opened
    opened.hide()


def rows(text: str, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=separator))


def heading(results: ResultsTable, name: str) -> None:
    """A click on a column's heading."""
    header = results.table.horizontalHeader()
    results.table.horizontalScrollBar().setValue(COLUMNS.index(name))
    place = header.sectionViewportPosition(COLUMNS.index(name)) + 10
    QTest.mouseClick(header.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, QPoint(place, 8))


def test_each_column_says_what_the_trace_says(laboratory: Laboratory, results: ResultsTable) -> None:
    told = rows(results.table.as_csv())
    assert list(told[0]) == COLUMNS
    em, ascent = laboratory.traces
    for row, trace in zip(told, (em, ascent), strict=True):
        last = trace.last
        assert float(row["log-likelihood"]) == last.log_likelihood
        assert float(row["gap"]) == max(laboratory.frame.best_known - last.log_likelihood, 0.0)
        assert row["status"] == trace.status
        assert int(float(row["iterations"])) == trace.count - 1
        assert int(float(row["E steps"])) == last.e_steps
        assert int(float(row["M steps"])) == last.m_steps
        assert int(float(row["gradients"])) == last.gradients
        assert int(float(row["likelihoods"])) == last.log_likelihoods
        assert int(float(row["trials"])) == last.trials
        assert int(float(row["quadratic programs"])) == last.quadratic_programs == 0
        assert float(row["passes"]) == last.passes
        assert float(row["passes an iteration"]) == pytest.approx((last.passes - 1) / last.iteration)
        assert float(row["CPU time"]) == last.cpu_seconds
        assert int(float(row["decreases"])) == int(trace.column("decreased").sum())
    assert int(float(told[1]["decreases"])) > 0
    assert int(float(told[0]["M steps"])) == em.count - 1


def test_the_table_is_what_fit_writes(laboratory: Laboratory, results: ResultsTable) -> None:
    preparation = laboratory.session.preparation
    assert preparation is not None
    found = document(comparison_of(laboratory.experiment, preparation, laboratory.traces))
    for row, lane in zip(rows(results.table.as_csv()), found["lanes"], strict=True):
        assert float(row["log-likelihood"]) == lane["log_likelihood"]
        assert float(row["gap"]) == pytest.approx(lane["gap"], abs=1e-9)
        assert float(row["smallest weight"]) == lane["smallest_weight"]
        for gap, named in ((0.01, "0.01"), (0.0001, "0.0001"), (1e-08, "1e-08")):
            cell, passes = row[f"passes to {gap:g}"], lane["to_gap"][named]["passes"]
            assert (cell == "") == (passes is None)
            assert cell == "" or float(cell) == passes
            cell, seconds = row[f"time to {gap:g}"], lane["to_gap"][named]["cpu_seconds"]
            assert cell == "" or float(cell) == seconds


def test_what_the_model_tells_stands_in_the_last_columns(laboratory: Laboratory) -> None:
    """Chi-square and degrees of freedom of factor analysis as `fit` writes them; gone with the model."""
    experiment = shipped_experiments()["factors-of-ability"]
    laboratory.open(experiment)
    laboratory.press(Qt.Key.Key_R, CONTROL)
    opened = laboratory.window.companions.results
    try:
        laboratory.play_to_the_end()
        preparation = laboratory.session.preparation
        assert preparation is not None
        found = document(comparison_of(laboratory.experiment, preparation, laboratory.traces))
        told = rows(opened.table.as_csv())
        names = ["discrepancy", "chi square", "degrees of freedom", "p value"]
        assert list(told[0]) == [*COLUMNS, *names]
        for row, lane in zip(told, found["lanes"], strict=True):
            for name in names:
                assert float(row[name]) == lane["report"][name.replace(" ", "_")], name
        assert {float(row["degrees of freedom"]) for row in told} == {4.0}
        opened.table.sortByColumn(len(COLUMNS), Qt.SortOrder.DescendingOrder)
        laboratory.open(FIRST)
        laboratory.settle()
        assert list(rows(opened.table.as_csv())[0]) == COLUMNS
        assert [row["lane"] for row in rows(opened.table.as_csv())] == ["em", "gradient-ascent"]
    finally:
        opened.hide()


def test_a_click_on_a_heading_sorts_unknown_values_last(results: ResultsTable) -> None:
    heading(results, "gradients")
    assert [row["lane"] for row in rows(results.table.as_csv())] == ["em", "gradient-ascent"]
    heading(results, "gradients")
    assert [row["lane"] for row in rows(results.table.as_csv())] == ["gradient-ascent", "em"]
    heading(results, "gap")
    gaps = [float(row["gap"]) for row in rows(results.table.as_csv())]
    assert gaps == sorted(gaps)
    results.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)


def test_chosen_rows_are_copied_by_key_and_all_by_the_button(results: ResultsTable) -> None:
    QTest.mouseClick(results.copy, LEFT)
    assert len(rows(QGuiApplication.clipboard().text(), "\t")) == 2
    results.table.selectRow(1)
    QTest.keyClick(results.table, Qt.Key.Key_C, CONTROL)
    (only,) = rows(QGuiApplication.clipboard().text(), "\t")
    assert only["lane"] == "gradient-ascent"


def test_it_is_saved_as_csv(laboratory: Laboratory, results: ResultsTable, tmp_path: Path) -> None:
    with laboratory.naming(tmp_path / "race.csv"):
        QTest.mouseClick(results.export, LEFT)
    assert (tmp_path / "race.csv").read_text(encoding="utf-8") == results.table.as_csv()
    assert "race.csv" in laboratory.sentence
