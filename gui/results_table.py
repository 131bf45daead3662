"""The race as a table: what each lane reached, what it cost, how fast it came there."""

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.convergence import cost_to_reach, observed_rate
from engine.errors import InputError
from engine.parameters import Array
from engine.saving import write_whole
from gui.controls.words import log_likelihood_text, rounded_text, seconds_text
from gui.frame import CLOCKS, Frame
from gui.session import Session

GAPS = (1e-2, 1e-4, 1e-8)
ABOUT = "Gaps are to the best known maximum. Click on a heading to sort."


@dataclass(frozen=True)
class Column:
    """A column: its heading, its value for a lane (a number or words), and how a number is written."""

    heading: str
    value: Callable[["LaneStanding"], float | str]
    text: Callable[[float], str] = lambda value: rounded_text(value, 6)


@dataclass(frozen=True, eq=False)
class LaneStanding:
    """Where a lane has come so far, as the columns read it."""

    title: str
    status: str
    best_known: float
    log_likelihood: Array
    clocks: dict[str, Array]
    counts: dict[str, int]
    decreases: int
    smallest_weight: float

    @property
    def value(self) -> float:
        """The last log-likelihood that is one."""
        finite = self.log_likelihood[np.isfinite(self.log_likelihood)]
        return float(finite[-1]) if finite.size else math.nan

    def reach(self, gap: float, clock: str) -> float:
        """The cost until the gap to the best known maximum was at most this."""
        return cost_to_reach(self.log_likelihood, self.clocks[clock], self.best_known - gap)


def _count(name: str) -> Callable[[LaneStanding], float | str]:
    return lambda lane: float(lane.counts[name])


def _reach(gap: float, clock: str) -> Callable[[LaneStanding], float | str]:
    return lambda lane: lane.reach(gap, clock)


COLUMNS = (
    Column("lane", lambda lane: lane.title),
    Column("log-likelihood", lambda lane: lane.value, log_likelihood_text),
    Column("gap", lambda lane: max(lane.best_known - lane.value, 0.0), lambda value: rounded_text(value, 3)),
    Column("status", lambda lane: lane.status),
    Column("iterations", lambda lane: float(len(lane.log_likelihood) - 1)),
    Column("E steps", _count("e_steps")),
    Column("M steps", _count("m_steps")),
    Column("gradients", _count("gradients")),
    Column("likelihoods", _count("log_likelihoods")),
    Column("passes", lambda lane: float(lane.clocks["passes"][-1])),
    Column("CPU time", lambda lane: float(lane.clocks["cpu"][-1]), seconds_text),
    Column("decreases", lambda lane: float(lane.decreases)),
    Column("smallest weight", lambda lane: lane.smallest_weight, lambda value: rounded_text(value, 3)),
    Column(
        "rate of the gap",
        lambda lane: observed_rate(lane.log_likelihood, lane.best_known),
        lambda value: rounded_text(value, 4),
    ),
    *(Column(f"passes to {gap:g}", _reach(gap, "passes")) for gap in GAPS),
    *(Column(f"time to {gap:g}", _reach(gap, "cpu"), seconds_text) for gap in GAPS),
)


class _Cell(QTableWidgetItem):
    """A cell that is sorted by its number where it has one, unknown ones last."""

    def __init__(self, value: float | str, text: str) -> None:
        super().__init__(text)
        self.value = value

    def __lt__(self, other: QTableWidgetItem) -> bool:
        assert isinstance(other, _Cell)
        if isinstance(self.value, str) or isinstance(other.value, str):
            return str(self.value) < str(other.value)
        return _rank(self.value) < _rank(other.value)


def _rank(value: float) -> float:
    return math.inf if math.isnan(value) else value


class ResultsTable(QDialog):
    """The race as a table, beside the window: what each lane reached, what it cost, how fast it came there."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._session = session
        self._seen: tuple[object, ...] = ()
        self.setWindowTitle("Results of the race")
        self.resize(1000, 260)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Results of the race")
        self.table.setHorizontalHeaderLabels([column.heading for column in COLUMNS])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        copy, export = QPushButton("Copy"), QPushButton("Save as CSV\u2026")
        copy.clicked.connect(lambda checked=False: QGuiApplication.clipboard().setText(self.as_csv("\t")))
        export.clicked.connect(lambda checked=False: self._export())
        foot = QHBoxLayout()
        foot.addWidget(QLabel(ABOUT), 1)
        foot.addWidget(copy)
        foot.addWidget(export)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addLayout(foot)

    def show_frame(self, frame: Frame) -> None:
        """Fills the table where lanes have moved; nothing is done while it is hidden."""
        if not self.isVisible():
            return
        lanes = [standing(lane, frame) for lane in range(len(frame.lanes))]
        seen = (frame.best_known, *((each.title, each.status, len(each.log_likelihood)) for each in lanes))
        if seen == self._seen:
            return
        self._seen = seen
        self.table.setSortingEnabled(False)
        self.table.setRowCount(len(lanes))
        for row, lane in enumerate(lanes):
            for place, column in enumerate(COLUMNS):
                value = column.value(lane)
                cell = _Cell(value, value if isinstance(value, str) else column.text(value))
                if not isinstance(value, str):
                    cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, place, cell)
        self.table.setSortingEnabled(True)
        self.table.resizeColumnsToContents()

    def as_csv(self, separator: str = ",") -> str:
        """The table in its present order, numbers at full precision; not finite ones are empty."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        writer.writerow([column.heading for column in COLUMNS])
        for row in range(self.table.rowCount()):
            cells = [self.table.item(row, place) for place in range(len(COLUMNS))]
            writer.writerow([_written(cell) for cell in cells])
        return text.getvalue()

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the results", "results.csv", "CSV (*.csv)")
        if not path:
            return
        try:
            write_whole(Path(path), self.as_csv())
        except InputError as error:
            self._session.failed.emit(str(error))


def _written(cell: QTableWidgetItem | None) -> str:
    if not isinstance(cell, _Cell):
        return ""
    if isinstance(cell.value, str):
        return cell.value
    return repr(cell.value) if math.isfinite(cell.value) else ""


def standing(place: int, frame: Frame) -> LaneStanding:
    """Where the lane at a place of the frame has come so far, wherever the cursor stands."""
    lane = frame.lanes[place]
    curve = lane.curve
    values = np.where(curve.is_likelihood, curve.log_likelihood, np.nan)
    return LaneStanding(
        lane.title,
        lane.whole_status,
        frame.best_known,
        values,
        {clock: curve.clock(clock) for clock in CLOCKS},
        {name: int(column[-1]) for name, column in curve.counts.items()},
        int(np.count_nonzero(curve.decreased)),
        lane.weight_minimum,
    )
