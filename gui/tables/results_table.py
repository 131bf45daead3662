"""The race as a table: what each lane reached, what it cost, how fast it came there."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.analysis.convergence import GAPS, cost_to_reach, observed_rate
from engine.many_starts import CLOCKS
from engine.parameters import Array
from gui.companion import Companion
from gui.controls.words import log_likelihood_text, rounded_text, seconds_text
from gui.frame import Frame
from gui.tables.number_table import Cell, NumberTable

ABOUT = "Gaps are to the best known maximum. Click on a heading to sort."


@dataclass(frozen=True)
class Column:
    """A column: its heading, its value for a lane (a number or words), and how a number is written."""

    heading: str
    value: Callable[["LaneStanding"], float | str]
    text: Callable[[float], str] = lambda value: rounded_text(value, 6)

    def cell(self, lane: "LaneStanding") -> Cell:
        """What stands in this column for a lane."""
        value = self.value(lane)
        return Cell(value, value if isinstance(value, str) else self.text(value))


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
    told_by_model: Callable[[], Mapping[str, float]]

    @cached_property
    def report(self) -> Mapping[str, float]:
        """What the model tells of the lane's parameters in numbers."""
        return self.told_by_model()

    @property
    def value(self) -> float:
        """The last log-likelihood that is one."""
        finite = self.log_likelihood[np.isfinite(self.log_likelihood)]
        return float(finite[-1]) if finite.size else math.nan

    @property
    def passes_each(self) -> float:
        """Passes for each iteration, the start's own left out: above 1 by what trials and checks cost."""
        passes = self.clocks["passes"]
        return float(passes[-1] - passes[0]) / (len(passes) - 1) if len(passes) > 1 else math.nan

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
    Column("trials", _count("trials")),
    Column("quadratic programs", _count("quadratic_programs")),
    Column("passes", lambda lane: float(lane.clocks["passes"][-1])),
    Column("passes an iteration", lambda lane: lane.passes_each, lambda value: rounded_text(value, 3)),
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


def columns(lanes: Sequence[LaneStanding]) -> tuple[Column, ...]:
    """All columns, the last ones for what the model tells of its parameters, in its own words."""
    told = dict.fromkeys(name for lane in lanes for name in lane.report)
    return (*COLUMNS, *(Column(name.replace("_", " "), _told(name)) for name in told))


def _told(name: str) -> Callable[[LaneStanding], float | str]:
    return lambda lane: lane.report.get(name, math.nan)


class ResultsTable(Companion):
    """The race as a table, beside the window: what each lane reached, what it cost, how fast it came there.

    An EM step is one pass. So is every trial of a line search, every check of an extrapolation and every Hessian,
    so that an iteration may cost more than one; trials are told once more for themselves. A quadratic program is CPU
    time alone. The log-likelihood of a method that looks at a few rows is measured to be shown, and nobody is
    charged for that. The last columns are what the model tells beyond its parameters, chi-square and its degrees of
    freedom say; most models tell nothing.
    """

    export_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._seen: tuple[object, ...] = ()
        self.setWindowTitle("Results of the race")
        self.resize(1000, 330)
        self.table = NumberTable("Results of the race", [column.heading for column in COLUMNS])
        self.copy, self.export = QPushButton("Copy"), QPushButton("Save as CSV\u2026")
        self.copy.clicked.connect(lambda checked=False: self.table.copy())
        self.export.clicked.connect(lambda checked=False: self.export_requested.emit())
        foot = QHBoxLayout()
        foot.addWidget(QLabel(ABOUT), 1)
        foot.addWidget(self.copy)
        foot.addWidget(self.export)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addLayout(foot)

    def show_frame(self, frame: Frame) -> None:
        """Fills the table where lanes have moved; nothing is done while it is hidden."""
        if not self.isVisible():
            return
        lanes = [standing(lane, frame) for lane in range(len(frame.lanes))]
        moved = [(each.title, each.status, len(each.log_likelihood)) for each in lanes]
        seen = (frame.scene.generation, frame.best_known, *moved)
        if seen == self._seen:
            return
        self._seen = seen
        shown = columns(lanes)
        self.table.show_headings([column.heading for column in shown])
        self.table.show_rows([[column.cell(lane) for column in shown] for lane in lanes])


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
        lane.report,
    )
