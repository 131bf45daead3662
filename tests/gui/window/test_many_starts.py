"""What came out of many starts: tried by a key or a button, given up, read as table and pictures, opened by a click."""

import dataclasses
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.experiment import Experiment, from_document
from engine.many_starts import CLOCKS, ManyStarts, ends_from, quartiles, share_within
from engine.starts.random_points import RandomPoints
from gui.tables.many_starts_report import ManyStartsReport
from gui.views.performance_profile import step_curve
from tests.gui.laboratory import LEFT, Laboratory

SHIFT = Qt.KeyboardModifier.ShiftModifier
SEEDS = (0, 1, 2, 3, 4, 5)


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    """Three lanes on data with more than one mode, of which the first is switched off."""
    return from_document(
        {
            "data": {"name": "faithful"},
            "model": {"name": "gaussian-mixture", "components": 3},
            "start": {"name": "random-points", "seed": 0},
            "lanes": [
                {"algorithm": "adam", "on": False},
                {"algorithm": "em"},
                {"algorithm": "lbfgs", "name": "quasi-Newton"},
            ],
            "stop": {"max_iterations": 300},
        }
    )


@pytest.fixture(scope="module")
def found(experiment: Experiment) -> ManyStarts:
    return ManyStarts(experiment, SEEDS, tuple(ends_from(experiment, seed) for seed in SEEDS))


@pytest.fixture
def report(laboratory: Laboratory, experiment: Experiment) -> Iterator[ManyStartsReport]:
    """The report, opened by its key, on that experiment."""
    laboratory.open(experiment)
    laboratory.press(Qt.Key.Key_T, SHIFT)
    opened = laboratory.window.companions.many_starts
    assert opened.isVisible()
    yield opened
    opened.hide()
    laboratory.session.searches.show_ends(None)


@pytest.fixture
def filled(laboratory: Laboratory, report: ManyStartsReport, found: ManyStarts) -> ManyStartsReport:
    """The report with the ends of six starts."""
    laboratory.session.searches.show_ends(found)
    laboratory.settle()
    return report


def hover(report: ManyStartsReport, view: QWidget, place: QPointF) -> None:
    """The pointer moves over a place of a view."""
    QTest.mouseMove(report.windowHandle(), view.mapTo(report, place).toPoint())


def nearest(colours: set[str], wanted: str) -> float:
    """How far the nearest colour of a picture is from a wanted one: lines are softened at their edges."""
    seen = np.array([[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in colours])
    return float(np.min(np.linalg.norm(seen - [int(wanted[i : i + 2], 16) for i in (1, 3, 5)], axis=1)))


def text(report: ManyStartsReport, row: int, column: int) -> str:
    item = report.table.item(row, column)
    assert item is not None
    return item.text()


def test_a_button_tries_as_many_starts_as_are_typed_and_tells_how_far_it_is(
    laboratory: Laboratory, report: ManyStartsReport
) -> None:
    assert not report.table.isVisible()
    assert "not been tried" in report.summary.text()
    QTest.mouseClick(report.starts.entry, LEFT)
    report.starts.entry.selectAll()
    QTest.keyClicks(report.starts.entry, "2")
    QTest.keyClick(report.starts.entry, Qt.Key.Key_Tab)
    heard: list[float] = []
    laboratory.session.starting.connect(heard.append)
    QTest.mouseClick(report.run, LEFT)
    assert report.bar.isVisible()
    assert not report.run.isEnabled()
    laboratory.wait_until(lambda: laboratory.session.ends is not None)
    laboratory.session.starting.disconnect(heard.append)
    assert heard == pytest.approx([0, 0.5, 1, -1])
    ends = laboratory.session.ends
    assert ends is not None
    assert ends.seeds == (0, 1)
    assert not report.bar.isVisible()
    assert report.run.isEnabled()
    assert report.table.rowCount() == 2
    assert "Shift+T" in laboratory.sentence


def test_the_starts_can_be_given_up(laboratory: Laboratory, report: ManyStartsReport) -> None:
    laboratory.press(Qt.Key.Key_T)
    assert report.bar.isVisible()
    cancel = next(each for each in report.bar.findChildren(type(report.run)) if each.text() == "Cancel")
    QTest.mouseClick(cancel, LEFT)
    laboratory.settle()
    assert not report.bar.isVisible()
    assert not laboratory.window.starting.isVisible()
    assert laboratory.session.ends is None
    assert report.run.isEnabled()


def test_the_table_says_how_often_and_at_what_cost(filled: ManyStartsReport, found: ManyStarts) -> None:
    assert [text(filled, row, 0) for row in range(2)] == ["em", "quasi-Newton"]
    for lane in range(2):
        assert text(filled, lane, 1) == f"{found.reached(lane)} of 6"
    assert 0 < found.reached(0) < 6, "some starts lead elsewhere"
    rows = [line.split(",") for line in filled.table.as_csv().splitlines()]
    assert rows[0][4:7] == ["iterations median", "iterations 25 %", "iterations 75 %"]
    for lane in range(2):
        expected = [quartiles(found.costs(lane, clock)) for clock in CLOCKS]
        told = [float(cell) for cell in rows[1 + lane][4:]]
        assert told == [value for low, middle, high in expected for value in (middle, low, high)]


def test_it_is_sorted_by_a_heading_and_copied_as_it_stands(filled: ManyStartsReport) -> None:
    header = filled.table.horizontalHeader()
    place = QPointF(header.sectionViewportPosition(0) + 10, 10).toPoint()
    # The second click on the same heading turns the order round.
    for _ in range(2):
        QTest.mouseClick(header.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    assert [text(filled, row, 0) for row in range(2)] == ["quasi-Newton", "em"]
    QTest.mouseClick(filled.copy, LEFT)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in copied] == ["lane", "quasi-Newton", "em"]


def test_a_mark_for_every_start_and_a_click_opens_it(
    laboratory: Laboratory, filled: ManyStartsReport, found: ManyStarts
) -> None:
    view = filled.costs
    laboratory.picture(view)
    assert len(view.marks) == 12
    for mark in view.marks:
        cost = found.costs(mark.end.lane, "iteration")[mark.end.seed]
        assert mark.cost == cost
    reached = sorted((mark for mark in view.marks if np.isfinite(mark.cost)), key=lambda mark: mark.cost)
    assert all(one.at.x() <= other.at.x() for one, other in itertools.pairwise(reached))
    elsewhere = [mark for mark in view.marks if not np.isfinite(mark.cost)]
    assert min(mark.at.x() for mark in elsewhere) > max(mark.at.x() for mark in reached)
    chosen = next(mark for mark in elsewhere if mark.end.seed > 0)
    hover(filled, view, chosen.at)
    laboratory.settle()
    assert f"start {chosen.end.seed}" in view.toolTip()
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, chosen.at.toPoint())
    start = laboratory.experiment.start
    assert isinstance(start, RandomPoints)
    assert start.seed == chosen.end.seed
    assert laboratory.session.ends is found
    laboratory.play_to_the_end()
    trace = laboratory.traces[chosen.end.lane]
    assert trace.floats("log_likelihood")[-1] == chosen.end.log_likelihood[-1]


def test_the_clock_on_top_counts_the_costs(laboratory: Laboratory, filled: ManyStartsReport) -> None:
    laboratory.picture(filled.costs)
    iterations = [mark.cost for mark in filled.costs.marks]
    laboratory.shell.activateWindow()
    laboratory.choose(laboratory.window.transport.clock, "passes")
    laboratory.picture(filled.costs)
    assert [mark.cost for mark in filled.costs.marks] != iterations


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_lane_has_its_colour_in_both_pictures(
    laboratory: Laboratory, filled: ManyStartsReport, theme: str
) -> None:
    laboratory.window.use_style(theme)
    laboratory.settle()
    chosen = laboratory.window.style_now
    shown = laboratory.colours(filled.profile)
    # The lane that is switched off keeps its place, so the others keep their colours.
    near = [nearest(shown, colour) for colour in chosen.lanes[:3]]
    assert max(near[1:]) < 12 < near[0]
    laboratory.window.use_style("light")


def test_hovering_over_the_profile_reads_all_lanes_there(
    laboratory: Laboratory, filled: ManyStartsReport
) -> None:
    view = filled.profile
    before = laboratory.picture(view)
    axis = view.axis
    assert axis is not None
    assert axis.low == 1
    hover(filled, view, QPointF(axis.x(1.2), axis.area.center().y()))
    laboratory.settle()
    assert laboratory.picture(view) != before
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert laboratory.picture(view) == before


def test_the_steps_of_a_profile_stand_where_its_ratios_are() -> None:
    ratios = np.array([1.0, 1.0, 2.5, np.inf])
    x, y = step_curve(ratios, 4.0)
    assert x.tolist() == [1.0, 1.0, 1.0, 1.0, 1.0, 2.5, 2.5, 4.0]
    assert y.tolist() == [0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]
    for ratio in (1.0, 2.0, 2.5, 3.0):
        assert share_within(ratios, ratio) == y[np.flatnonzero(x <= ratio)[-1]]


def test_where_no_lane_reached_a_maximum_it_says_so(
    laboratory: Laboratory, report: ManyStartsReport, found: ManyStarts
) -> None:
    nowhere = tuple(
        tuple(dataclasses.replace(end, status="collapsed", value=math.nan) for end in row)
        for row in found.ends
    )
    laboratory.session.searches.show_ends(ManyStarts(found.experiment, found.seeds, nowhere))
    assert "No lane reached a maximum" in report.summary.text()
    assert text(report, 0, 1) == "0 of 6"
    laboratory.picture(report.costs)
    assert all(math.isinf(mark.cost) for mark in report.costs.marks)
    assert "cannot be drawn" not in laboratory.sentence
    clean = laboratory.colours(report.profile)
    assert nearest(clean, laboratory.window.style_now.danger) > 12, "nothing is said to have failed"


def test_nothing_stays_where_other_lanes_take_part(
    laboratory: Laboratory, filled: ManyStartsReport, found: ManyStarts
) -> None:
    laboratory.session.edit("seed", lambda e: e.replace(seed=e.seed + 1))
    laboratory.settle()
    assert laboratory.session.ends is None
    assert not filled.table.isVisible()
    laboratory.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert laboratory.session.ends is found
    assert filled.table.isVisible()
