"""What is looked for in the background beside the race, at no lane's charge.

The best known maximum once all lanes have ended, the largest stable learning rates at the cursor, and where the lanes
end from many starts.
"""

import os
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.analysis.curvature import largest_stable_rate
from engine.analysis.polish import polished_maximum
from engine.experiment import Experiment
from engine.many_starts import ManyStarts, many_starts
from gui.background import Background
from gui.frame import Frame
from gui.stage import Stage

Rates = dict[int, float]
"""The largest stable learning rates by the lanes' numbers."""
Polished = tuple[float, tuple[tuple[int, ...], ...]]
"""The best known maximum, and for every lane the colours of its components."""


class Searches(QObject):
    """Searches of what stands on a stage; what is found after that has begun anew is dropped.

    Signals: `found()` when a frame would show more; `stable_rates_found(rates)`, the largest stable learning rates at
    the cursor by the lanes' numbers; `starting(fraction)` while many starts are run, negative when over;
    `starts_tried()` when their ends are there, `failed(sentence)` where they cannot be run.
    """

    found = Signal()
    stable_rates_found = Signal(object)
    starting = Signal(float)
    starts_tried = Signal()
    failed = Signal(str)

    def __init__(self, stage: Stage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.polished: float | None = None
        """The best known maximum; None before it is found."""
        self.colours: tuple[tuple[int, ...], ...] = ()
        """For every lane the colours of its components; none before the maximum is found."""
        self._stage = stage
        self._ends: ManyStarts | None = None
        self._rates_at: tuple[object, ...] = ()
        self._polisher = Background(self)
        self._measurer = Background(self)
        self._starter = Background(self)
        self._starter.progressed.connect(self.starting)
        stage.restarted.connect(self._forget_maximum)

    def _forget_maximum(self) -> None:
        self.polished, self.colours = None, ()

    # The maximum

    def find_maximum(self) -> None:
        """Polishes the best end of the lanes, which have all ended, before it returns."""
        race = self._stage.race
        assert race is not None
        best = race.best_end()
        self.polished = None if best is None else polished_maximum(race.preparation.problem(), best)
        self.colours = race.matched()

    def find_maximum_when_ended(self) -> None:
        """The same in the background, as soon as every lane has ended."""
        race = self._stage.race
        if race is None or self.polished is not None or self._polisher.busy or not race.ended:
            return
        best = race.best_end()
        if best is None:
            return
        generation, problem = self._stage.generation, race.preparation.problem()

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Polished:
            problem.checkpoint_with(lambda: _raise_if(cancelled()))
            return polished_maximum(problem, best), race.matched()

        def done(found: Polished) -> None:
            if generation == self._stage.generation:
                self.polished, self.colours = found
                self.found.emit()

        self._polisher.start(work, done, lambda error: None)

    # Learning rates

    def measure_stable_rates(self, frame: Frame) -> None:
        """Looks for each gradient lane's largest stable learning rate where a frame shows it.

        It costs some gradients, which no lane is charged for; nothing is done twice for one position.
        """
        race, generation = self._stage.race, self._stage.generation
        if race is None or frame.scene.generation != generation:
            return
        at = (generation, tuple(lane.iteration for lane in frame.lanes))
        if at == self._rates_at:
            return
        self._rates_at = at
        self.stable_rates_found.emit({})
        points = race.rated_points([lane.iteration for lane in frame.lanes])
        if not any(point is not None for point in points):
            self._measurer.cancel()
            return
        problem = race.preparation.problem()

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Rates:
            problem.checkpoint_with(lambda: _raise_if(cancelled()))
            rates = {
                lane.index: largest_stable_rate(problem, point.chart, point.x)
                for lane, point in zip(frame.lanes, points, strict=True)
                if point is not None
            }
            return {number: rate for number, rate in rates.items() if rate is not None}

        def done(rates: Rates) -> None:
            if at == self._rates_at:
                self.stable_rates_found.emit(rates)

        self._measurer.start(work, done, lambda error: None)

    # Many starts

    @property
    def ends(self) -> ManyStarts | None:
        """Where the present lanes ended from many starts; None where that has not been tried."""
        known, experiment = self._ends, self._stage.experiment
        if (
            known is None
            or experiment is None
            or _without_start(known.experiment) != _without_start(experiment)
        ):
            return None
        return known

    def try_many_starts(self, count: int) -> None:
        """Runs the present lanes from random starts in other processes."""
        experiment = self._stage.experiment
        if experiment is None:
            return
        processes = max(1, (os.cpu_count() or 2) - 1)

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> ManyStarts | None:
            return many_starts(experiment, count, max(2, processes), progress, cancelled)

        self._starter.start(work, self.show_ends, lambda error: self.failed.emit(str(error)))

    def show_ends(self, ends: ManyStarts | None) -> None:
        """Shows where the lanes ended from many starts beside the curves."""
        self._ends = ends
        self.found.emit()
        self.starts_tried.emit()

    def cancel_many_starts(self) -> None:
        """Gives the starts up that are still to be run."""
        self._starter.cancel()

    def close(self) -> None:
        """Gives every search up; each ends at its next check."""
        self._measurer.cancel()
        self._starter.cancel()
        self._polisher.cancel()


class _Given(Exception):
    """A search was given up."""


def _raise_if(cancelled: bool) -> None:
    if cancelled:
        raise _Given


def _without_start(experiment: Experiment) -> tuple[object, ...]:
    """What decides where the lanes end, but for the start."""
    lanes = tuple(lane.without_interventions() for lane in experiment.lanes)
    return (experiment.data, experiment.model, lanes, experiment.stop, experiment.seed)
