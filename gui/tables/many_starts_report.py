"""What came out of many starts: how often each lane reached the best mode, and what that cost."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.many_starts import CLOCKS, ManyStarts, quartiles
from engine.settings import setting, settings_of
from engine.wording import counted
from gui.companion import Companion
from gui.controls.typed_fields import NumberField
from gui.controls.words import log_likelihood_text, rounded_text, seconds_text
from gui.frame import Frame
from gui.loading_bar import LoadingBar
from gui.style import Style
from gui.tables.number_table import Cell, NumberTable
from gui.views.base import View
from gui.views.performance_profile import PerformanceProfileView
from gui.views.start_costs import StartCostsView

CLOCK_HEADINGS = {"iteration": "iterations", "passes": "passes", "cpu": "CPU time"}
HEADINGS = (
    "lane",
    "reached it",
    "share",
    "best value",
    *(f"{CLOCK_HEADINGS[clock]}\n{which}" for clock in CLOCKS for which in ("median", "25 %", "75 %")),
)
NOTHING = (
    "These lanes have not been tried from many starts yet. Each start is a run of all lanes from another random "
    "start; they run in processes of their own, while you go on working."
)


@dataclass(frozen=True)
class Trial:
    """How many starts are to be tried."""

    starts: int = setting(
        20,
        label="Starts",
        help="How many random starts are tried; their seeds follow one another.",
        minimum=2,
        maximum=10_000,
        logarithmic=True,
    )


class ManyStartsReport(Companion):
    """What came out of many starts: how often each lane reached the best mode, and what that cost.

    A start is a run of all lanes from one random start. The best mode is the highest log-likelihood that any lane
    reached from any start, give or take 0.001; costs are those of the starts that led there. The pictures count by
    the clock that is chosen in the bar on top. A click on a mark opens that start.
    """

    tried = Signal(int)
    """So many starts are to be run."""
    cancelled = Signal()
    export_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._shown: ManyStarts | None = None
        self.setWindowTitle("Many starts")
        self.resize(1040, 620)
        self.starts = NumberField(settings_of(Trial)[0])
        self.starts.place_label(self.starts.label_width())
        self.starts.setFixedWidth(300)
        self.starts.show_value(Trial().starts)
        self.run = QPushButton("Try them")
        self.run.clicked.connect(lambda checked=False: self.tried.emit(self.starts.value))
        self.bar = LoadingBar("Trying starts")
        self.bar.cancelled.connect(self.cancelled)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.table = NumberTable("Many starts, lane by lane", HEADINGS)
        self.costs, self.profile = StartCostsView(), PerformanceProfileView()
        self.copy, self.export = QPushButton("Copy"), QPushButton("Save as CSV\N{HORIZONTAL ELLIPSIS}")
        self.copy.clicked.connect(lambda checked=False: self.table.copy())
        self.export.clicked.connect(lambda checked=False: self.export_requested.emit())
        self._lay_out()
        self._show(None)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.starts)
        for widget in (self.run, self.bar, self.copy, self.export):
            top.addWidget(widget, 0, Qt.AlignmentFlag.AlignBottom)
        top.insertStretch(3, 1)
        pictures = QHBoxLayout()
        pictures.addWidget(self.costs, 1)
        pictures.addWidget(self.profile, 1)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.summary)
        column.addWidget(self.table, 2)
        column.addLayout(pictures, 3)

    @property
    def views(self) -> tuple[View, View]:
        return self.costs, self.profile

    def use_style(self, chosen: Style) -> None:
        """Draws the pictures in this style from now on."""
        for view in self.views:
            view.use_style(chosen)

    def show_progress(self, fraction: float) -> None:
        """A fraction from 0 to 1 while starts are run, below 0 when that is over."""
        self.bar.show_progress(fraction)
        self.run.setEnabled(fraction < 0)

    def show_frame(self, frame: Frame) -> None:
        """Shows what the frame has of many starts; nothing is done while it is hidden."""
        if not self.isVisible():
            return
        for view in self.views:
            view.show_frame(frame)
        if frame.ends is not self._shown:
            self._show(frame.ends)

    def _show(self, found: ManyStarts | None) -> None:
        self._shown = found
        for widget in (self.table, *self.views):
            widget.setVisible(found is not None)
        for button in (self.copy, self.export):
            button.setEnabled(found is not None)
        self.summary.setText(NOTHING if found is None else summary(found))
        if found is not None:
            self.table.show_rows([list(_cells(found, lane)) for lane in range(len(found.lanes))])
            self.table.setMaximumHeight(self.table.height_of_all())


def summary(found: ManyStarts) -> str:
    """What was tried and what the best mode is, in a sentence."""
    tried = f"{counted(len(found.seeds), 'start')}, seeds {found.seeds[0]} to {found.seeds[-1]}."
    if math.isnan(found.best):
        return f"{tried} No lane reached a maximum from any of them."
    return (
        f"{tried} The best mode that any lane reached has log-likelihood {log_likelihood_text(found.best)}."
    )


def _cells(found: ManyStarts, lane: int) -> Iterator[Cell]:
    reached, best = found.reached(lane), found.best_of(lane)
    yield Cell(found.lanes[lane].title, found.lanes[lane].title)
    yield Cell(float(reached), f"{reached} of {len(found.seeds)}")
    yield Cell(reached / len(found.seeds), f"{100 * reached / len(found.seeds):.0f} %")
    yield Cell(best, log_likelihood_text(best))
    for clock in CLOCKS:
        low, middle, high = quartiles(found.costs(lane, clock))
        for value in (middle, low, high):
            yield Cell(value, seconds_text(value) if clock == "cpu" else rounded_text(value, 3))
