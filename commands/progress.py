"""Progress of a fit on a terminal, and nowhere else."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from engine.experiment import Experiment
from engine.trace import Step

PATIENCE = 0.5
"""Seconds before anything is shown: most fits are done by then, and rich is not even imported."""
BETWEEN = 0.1
READING = "reading the data"


class TerminalProgress:
    """A line for what runs now, on standard error, gone when all is done."""

    def __init__(self, lanes: Sequence[str], most: int) -> None:
        self._lanes = lanes
        self._most = most
        self._due = time.monotonic() + PATIENCE
        self._bar: Any = None
        self._task: Any = None

    def read(self, fraction: float) -> None:
        """Hears how much of a file is read."""
        if time.monotonic() >= self._due:
            self._show(READING, round(100 * fraction), 100, "%")

    def stepped(self, number: int, step: Step) -> None:
        """Hears each step of each lane."""
        if time.monotonic() >= self._due:
            value = f"iteration, log-likelihood {step.log_likelihood:.6f}"
            self._show(self._lanes[number], step.iteration, self._most, value)

    def reached(self, fraction: float) -> None:
        """Hears how much of all the starts has been run."""
        if time.monotonic() >= self._due:
            self._show(self._lanes[0], round(fraction * self._most), self._most, "")

    def close(self) -> None:
        """Takes the line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self, what: str, done: int, total: int, detail: str) -> None:
        self._due = time.monotonic() + BETWEEN
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[detail]}", markup=False),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(what, total=total, detail=detail)
            self._bar.start()
        self._bar.update(self._task, description=what, completed=done, total=total, detail=detail)


def terminal_progress(experiment: Experiment) -> TerminalProgress | None:
    """Progress where a person watches standard error on a terminal."""
    return counted_progress(None, experiment.stop.max_iterations, [lane.title for lane in experiment.lanes])


def counted_progress(what: str | None, most: int, lanes: Sequence[str] = ()) -> TerminalProgress | None:
    """Progress towards a count of something, where a person watches standard error on a terminal."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    return TerminalProgress(lanes if what is None else (what,), most) if watched else None
