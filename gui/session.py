"""The session: the experiment being edited, its undo stack, its lanes at work, the cursor."""

import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.analysis.curvature import largest_stable_rate
from engine.analysis.polish import polished_maximum
from engine.datasets.base import GeneratedStory
from engine.datasets.file import File
from engine.errors import InputError, MissingCells
from engine.experiment import Experiment, read_experiment
from engine.many_starts import ManyStarts, many_starts, with_start_seed
from engine.preparation import Preparation, prepare
from engine.saving import write_whole
from engine.settings import settings_of
from engine.trace import Trace
from gui import edits
from gui.background import Background
from gui.frame import Frame, Scene, iteration_at, pinned_lanes, resolve, scene
from gui.pins import Pin
from gui.playback import Playback
from gui.race import Race
from gui.requests import DrawPoints, ErasePoints, MoveCursor, OpenStart, Request
from gui.worker import Turns

Rates = dict[int, float]
"""The largest stable learning rates by the lanes' numbers."""
Polished = tuple[float, tuple[tuple[int, ...], ...]]
"""The best known maximum, and for every lane the colours of its components."""

AT_ONCE_UP_TO = 20_000
"""Data of at most so many rows are generated and prepared without leaving the window's thread."""

DEEPEST_UNDO = 200
STARTS = 20

Change = Callable[[Experiment], Experiment]
Done = Callable[[Experiment | None], None]
"""Hears which experiment stood on the stage before."""


@dataclass(frozen=True, eq=False)
class Moment:
    """An experiment as it stood before an edit, with the edit's name and the file that it belongs to."""

    name: str
    experiment: Experiment
    path: Path | None


class Session(QObject):
    """Decides. Views and controls ask; what comes out is a frame, an experiment, or one sentence.

    Signals: `frame_changed(Frame)`; `experiment_changed()`; `failed(sentence)`; `missing_cells(sentence,
    drop_rows)` where dropping incomplete rows, as that function does, would mend it; `loading(fraction)`, negative when
    over;
    `stable_rates_found(rates)`, the largest stable learning rates at the cursor by the lanes' numbers;
    `pins_changed()`; `starting(fraction)` while many starts are run, negative when over; `starts_tried()` when
    their ends are there; `file_used(path)` when a file has been opened or saved.
    """

    frame_changed = Signal(object)
    experiment_changed = Signal()
    failed = Signal(str)
    missing_cells = Signal(str, object)
    loading = Signal(float)
    stable_rates_found = Signal(object)
    pins_changed = Signal()
    starting = Signal(float)
    starts_tried = Signal()
    file_used = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.turns = Turns()
        self.experiment: Experiment | None = None
        self.path: Path | None = None
        self.frame: Frame | None = None
        self.playback = Playback()
        self.pins: tuple[Pin, ...] = ()
        self._on_file: dict[Path | None, Experiment] = {}
        self._csv_files: dict[str, Path] = {}
        self._undo: list[Moment] = []
        self._redo: list[Moment] = []
        self._merging: str | None = None
        self._preparation: Preparation | None = None
        self._scene: Scene | None = None
        self._race: Race | None = None
        self._generation = 0
        self._polished: float | None = None
        self._colours: tuple[tuple[int, ...], ...] = ()
        self._polishing = False
        self._drawn: tuple[object, ...] = ()
        self._background = Background(self)
        self._measurer = Background(self)
        self._starter = Background(self)
        self._starter.progressed.connect(self.starting)
        self._ends: ManyStarts | None = None
        self._rates_at: tuple[object, ...] = ()
        self._loader = Background(self)
        self._loader.progressed.connect(self.loading)

    # What is there

    @property
    def dirty(self) -> bool:
        """Whether there are changes that no file holds."""
        return self.experiment != self._on_file.get(self.path)

    @property
    def has_unsaved_work(self) -> bool:
        """Whether closing would lose an edit; how it is shown (speed, clock) is none."""
        return self.experiment is not None and not _saved_as(self.experiment, self._on_file.get(self.path))

    def left_behind(self) -> list[Moment]:
        """Other experiments with changes that no file holds, as they were when this one took their place."""
        latest = {moment.path: moment for moment in self._undo}
        latest.pop(self.path, None)
        return [
            moment
            for path, moment in latest.items()
            if not _saved_as(moment.experiment, self._on_file.get(path))
        ]

    @property
    def file(self) -> Path | None:
        """The file that holds the present experiment; None where none does."""
        return None if self.has_unsaved_work else self.path

    @property
    def csv_file(self) -> Path | None:
        """Where the data came from that are saved inside the experiment; None where that file is another now."""
        data = self.experiment.data if self.experiment is not None else None
        path = self._csv_files.get(data.content) if isinstance(data, File) else None
        try:
            same = path is not None and File(path=str(path)).pinned().content == getattr(
                data, "content", None
            )
        except InputError:
            return None
        return path if same else None

    def present_start(self) -> dict[str, Any]:
        """The natural parameters of the start that is shown, in the data's units."""
        found = self._preparation
        return {} if found is None else dict(found.model.describe(found.start_parameters))

    def settings_in_flight(self) -> tuple[dict[str, Any], ...]:
        """For each lane, the adjustable settings as they are at the cursor."""
        if self.experiment is None:
            return ()
        at = {lane.index: lane.iteration for lane in self.frame.lanes} if self.frame is not None else {}
        found = []
        for index, lane in enumerate(self.experiment.lanes):
            algorithm = lane.route(0).algorithm_after(at.get(index, 0))
            names = [each.name for each in settings_of(type(algorithm)) if each.adjustable]
            found.append({name: getattr(algorithm, name) for name in names})
        return tuple(found)

    @property
    def ends(self) -> ManyStarts | None:
        """Where the present lanes ended from many starts; None where that has not been tried."""
        known, experiment = self._ends, self.experiment
        if (
            known is None
            or experiment is None
            or _without_start(known.experiment) != _without_start(experiment)
        ):
            return None
        return known

    @property
    def preparation(self) -> Preparation | None:
        return self._preparation

    @property
    def race(self) -> Race | None:
        return self._race

    @property
    def is_loading(self) -> bool:
        return self._loader.busy

    @property
    def undo_name(self) -> str | None:
        """What undo would take back, None where there is nothing."""
        return self._undo[-1].name if self._undo else None

    @property
    def redo_name(self) -> str | None:
        return self._redo[-1].name if self._redo else None

    # Opening and saving

    def open_experiment(self, experiment: Experiment, path: Path | None = None) -> None:
        """Shows an experiment; what was there stays where it cannot be prepared."""

        def opened(before: Experiment | None) -> None:
            self._on_file[path] = experiment
            self._stand_on(path)

        self._take(experiment, opened, lambda now: experiment)

    def reopen(self, experiment: Experiment, path: Path | None, done: Callable[[], None]) -> None:
        """Shows an experiment as it was edited when its window was lost; `path` is the file that it belongs to.

        What that file holds is read again, so that changes that it does not hold count as not saved.
        """

        def opened(before: Experiment | None) -> None:
            self._on_file.pop(path, None)
            if path is not None:
                with suppress(InputError):
                    self._on_file[path] = read_experiment(path)
            self._stand_on(path)
            done()

        self._take(experiment, opened, lambda now: experiment)

    def _stand_on(self, path: Path | None) -> None:
        """A file's experiment has come on stage: nothing to undo, and the cursor at its start."""
        self.path = path
        self._undo.clear()
        self._redo.clear()
        self.playback.stop_at_start()
        if path is not None:
            self.file_used.emit(path)

    def open_path(self, path: Path) -> None:
        """Opens an experiment (.toml) or a CSV; a failure is one sentence and changes nothing."""
        if path.suffix.lower() == ".toml":
            try:
                self.open_experiment(read_experiment(path), path)
            except InputError as error:
                self.failed.emit(str(error))
            return
        self.open_data(File(path=str(path)))

    def present_path(self, path: Path) -> None:
        """Puts a shipped experiment on stage as one edit: undo brings back what was there."""
        try:
            experiment = read_experiment(path)
        except InputError as error:
            self.failed.emit(str(error))
            return
        self._on_file[path] = experiment
        self.playback.playing = False
        self._present(f"open {experiment.title or path.stem}", experiment, path)

    def _present(self, name: str, experiment: Experiment, path: Path | None) -> None:
        """A whole other experiment with its file, as one edit."""

        def shown(before: Experiment | None) -> None:
            if before is not None:
                self._remember(name, before)
            self._merging = None
            self.path = path

        self._take(experiment, shown, lambda now: experiment)

    def open_data(self, file: File) -> None:
        """Puts a CSV in the place of the data, as one edit that can be undone."""
        if self.experiment is None:
            return
        experiment = self.experiment

        def read(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Preparation:
            wanted = edits.with_file(experiment, file.pinned(cancelled))
            return prepare(wanted, None, progress, cancelled)

        def read_it(found: Preparation) -> None:
            story = found.story
            assert isinstance(story, File)
            if file.path and not file.content:
                path = Path(file.path).absolute()
                if story.content:
                    self._csv_files[story.content] = path
                self.file_used.emit(path)
            wanted = edits.with_file(experiment, story)
            done = self._remembering("open data")
            self._arrive(experiment, wanted, found, done, lambda now: edits.with_file(now, story))

        self._loader.start(read, read_it, self._refused_data(file))

    def _refused_data(self, file: File) -> Callable[[Exception], None]:
        def refused(error: Exception) -> None:
            if isinstance(error, MissingCells):
                self.missing_cells.emit(str(error), lambda: self.open_data(replace(file, drop_missing=True)))
            else:
                self.failed.emit(str(error))

        return refused

    def cancel_loading(self) -> None:
        """Gives up what is being loaded; what was there stays."""
        self._loader.cancel()

    def save(self, path: Path) -> None:
        """Writes the experiment; raises InputError where it cannot be written."""
        if self.experiment is None:
            return
        experiment = self.experiment
        data = experiment.data
        if isinstance(data, File):
            experiment = experiment.replace(data=data.relative_to(path.parent))
        write_whole(path, experiment.to_toml())
        self.path, self._on_file[path] = path, self.experiment
        self.file_used.emit(path)
        self.experiment_changed.emit()

    # Editing

    def edit(self, name: str, change: Change, final: bool = True) -> None:
        """Applies an edit under a name; a failure is one sentence and changes nothing.

        Edits that are not `final` (a slider still moves) are merged into one entry of the undo stack, and
        wait for the final one where the data are large.
        """
        if self.experiment is None:
            return
        before = self.experiment
        try:
            wanted = change(before)
        except InputError as error:
            self.failed.emit(str(error))
            return
        if wanted == before:
            self._merging = None if final else self._merging
            return
        if not final and _rows_asked(wanted) > AT_ONCE_UP_TO and wanted.data != before.data:
            return

        self._take(wanted, self._remembering(name, final), change)

    def _remembering(self, name: str, final: bool = True) -> Done:
        """Puts an edit on the undo stack once it has come about, or merges it with the one before."""

        def done(before: Experiment | None) -> None:
            if self._merging != name and before is not None:
                self._remember(name, before)
            self._merging = None if final else name

        return done

    def _remember(self, name: str, before: Experiment) -> None:
        self._undo.append(Moment(name, before, self.path))
        del self._undo[:-DEEPEST_UNDO]
        self._redo.clear()

    def undo(self) -> None:
        """Takes the newest edit back."""
        self._swap(self._undo, self._redo)

    def redo(self) -> None:
        """Does again what was taken back."""
        self._swap(self._redo, self._undo)

    def _swap(self, source: list[Moment], target: list[Moment]) -> None:
        if not source or self.experiment is None:
            return
        moment = source[-1]

        def done(before: Experiment | None) -> None:
            assert before is not None
            source.pop()
            target.append(Moment(moment.name, before, self.path))
            self.path = moment.path

        self._merging = None
        # Who edits on while the old data are still being prepared no longer wants them.
        self._take(moment.experiment, done, lambda now: now)

    def _take(self, wanted: Experiment, done: Done, again: Change) -> None:
        """Brings an experiment on stage, preparing in the background what takes long.

        `again` makes what is wanted once more, of the experiment that has come on stage in the meantime.
        """
        old, race = self.experiment, self._race
        if race is not None and old is not None and _same_ground(old, wanted):
            self.experiment = wanted
            restarted = race.exchange(wanted)
            if restarted:
                race.wait_for_entries(0, 0.05)
                self._polished, self._colours = None, ()
                self._generation += 1
                self.playback.rewind()
            self._follow(wanted)
            if _columns_of(old) != _columns_of(wanted):
                self._generation += 1
                self._make_scene()
            done(old)
            self.experiment_changed.emit()
            self.refresh(force=True)
            return
        earlier = self._preparation
        small = _rows_asked(wanted) <= AT_ONCE_UP_TO or (earlier is not None and earlier.story == wanted.data)
        if small and (
            earlier is None or earlier.dataset.rows <= 10 * AT_ONCE_UP_TO or wanted.data != earlier.story
        ):
            try:
                preparation = prepare(wanted, earlier)
            except InputError as error:
                self._refused(wanted, done, again)(error)
                return
            self._install(wanted, preparation, done)
            return
        self._prepare_aside(wanted, earlier, done, again)

    def _prepare_aside(
        self, wanted: Experiment, earlier: Preparation | None, done: Done, again: Change
    ) -> None:
        old = self.experiment

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Preparation:
            return prepare(wanted, earlier, progress, cancelled)

        refused = self._refused(wanted, done, again)
        self._loader.start(work, lambda found: self._arrive(old, wanted, found, done, again), refused)

    def _refused(self, wanted: Experiment, done: Done, again: Change) -> Callable[[Exception], None]:
        """What cannot be prepared leaves everything as it was; dropping incomplete rows is offered where it would help."""

        def drop_rows() -> None:
            complete = _without_missing(wanted)
            if complete != self.experiment:
                self._take(complete, done, lambda now: _without_missing(again(now)))

        def refused(error: Exception) -> None:
            if not (isinstance(error, MissingCells) and isinstance(wanted.data, File)):
                self.failed.emit(str(error))
            self.experiment_changed.emit()
            if isinstance(error, MissingCells) and isinstance(wanted.data, File):
                # Last, for the question waits for its answer.
                self.missing_cells.emit(str(error), drop_rows)

        return refused

    def _arrive(
        self, old: Experiment | None, wanted: Experiment, found: Preparation, done: Done, again: Change
    ) -> None:
        """What was prepared aside comes on stage, with what has been edited in the meantime (since `old`)."""
        now = self.experiment
        if now is not None and now is not old:
            try:
                wanted_now = again(now)
            except InputError as error:
                self.failed.emit(str(error))
                return
            if wanted_now is now:
                return
            if not _same_ground(wanted, wanted_now):
                self._prepare_aside(wanted_now, found, done, again)
                return
            wanted = wanted_now
        self._install(wanted, found, done)

    def _install(self, wanted: Experiment, preparation: Preparation, done: Done) -> None:
        """New data, model or start: new engines from the new start, and the cursor back to it."""
        if self._race is not None:
            self._race.close(0.0)
        before = self.experiment
        self.experiment, self._preparation = wanted, preparation
        self._generation += 1
        self._polished, self._colours = None, ()
        self._make_scene()
        self._race = Race(self.turns, wanted, preparation)
        self._follow(wanted)
        self.playback.load(self._race)
        done(before)
        self.experiment_changed.emit()
        self.refresh(force=True)

    def _follow(self, experiment: Experiment) -> None:
        """Plays by the experiment's own clock and speed."""
        self.playback.use_clock(experiment.show.clock)
        self.playback.speed = experiment.show.speed

    def _make_scene(self) -> None:
        found, experiment = self._preparation, self.experiment
        assert found is not None
        assert experiment is not None
        shown = experiment.show.places(found.dataset.columns)
        self._scene = scene(
            self._generation, found.dataset, found.model, found.prepared, found.start_parameters, shown
        )

    def show_columns(self, shown: tuple[int, int] | None) -> None:
        """Two columns on the canvas, or the two principal directions for None."""
        found = self._preparation
        if found is not None:
            columns = () if shown is None else tuple(found.dataset.columns[place] for place in shown)
            self.edit(
                "columns shown",
                lambda e: e.replace(show=replace(e.show, columns=columns, principal=shown is None)),
            )

    def adjust_lane(self, index: int, setting: str, value: Any, final: bool) -> None:
        """A lane's setting; one that may change in flight takes effect at the cursor, without a restart."""
        experiment, race = self.experiment, self._race
        if experiment is None or race is None or self.frame is None:
            return
        lane = experiment.lanes[index]
        name = f"{setting.replace('_', ' ')} of {lane.title}"
        adjustable = setting != "after_leaving" and any(
            each.adjustable for each in settings_of(type(lane.algorithm)) if each.name == setting
        )
        at = {shown.index: shown.iteration for shown in self.frame.lanes}
        iteration, trace = 0, None
        if index in at and index in experiment.running:
            iteration, trace = race.resumable(index, at[index]), race.trace_of(index)
        if setting == "after_leaving" and value == "continue" and trace is not None and trace.ended:
            adjustable, iteration = False, 0
        if not adjustable or iteration == 0 or trace is None or trace.status == "refused":
            self.edit(name, lambda e: edits.with_lane_setting(e, index, setting, value), final)
            return
        try:
            wanted = edits.with_intervention(experiment, index, iteration, setting, value)
        except InputError as error:
            self.failed.emit(str(error))
            return
        if getattr(lane.route(0).algorithm_after(iteration), setting) == value:
            self._merging = None if final else self._merging
            return
        if self._merging != name:
            self._remember(name, experiment)
        self._merging = None if final else name
        self.experiment = wanted
        race.intervene(wanted, index, iteration)
        self._polished, self._colours = None, ()
        self._generation += 1
        self.playback.allow()
        self.experiment_changed.emit()
        self.refresh(force=True)

    def handle(self, request: Request) -> None:
        """What was dragged or clicked in a view."""
        if isinstance(request, MoveCursor):
            self.move_cursor(request.at)
            return
        if isinstance(request, OpenStart):
            self.edit(f"start {request.seed}", lambda e: with_start_seed(e, request.seed))
            return
        found, scene_now = self._preparation, self._scene
        if found is None or scene_now is None:
            return
        if isinstance(request, DrawPoints | ErasePoints):
            dataset, present = found.dataset, self.present_start()
            if isinstance(request, DrawPoints):
                self.edit(
                    "draw points",
                    lambda e: edits.with_points_drawn(e, dataset, request, present),
                    request.final,
                )
            else:
                self.edit(
                    "erase points",
                    lambda e: edits.with_points_erased(e, dataset, request, present),
                    request.final,
                )
            return
        self.edit(
            "drag the start",
            lambda e: edits.with_moved_start(
                e, request, found.prepared, found.start_parameters, scene_now.projection
            ),
            request.final,
        )

    # Many starts

    def try_many_starts(self, count: int = STARTS) -> None:
        """Runs the present lanes from random starts in other processes; the strip shows where they ended."""
        experiment = self.experiment
        if experiment is None:
            return
        processes = max(1, (os.cpu_count() or 2) - 1)

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> ManyStarts | None:
            return many_starts(experiment, count, max(2, processes), progress, cancelled)

        self._starter.start(work, self.show_ends, lambda error: self.failed.emit(str(error)))

    def show_ends(self, found: ManyStarts | None) -> None:
        """Shows where the lanes ended from many starts beside the curves."""
        self._ends = found
        self.refresh(force=True)
        self.starts_tried.emit()

    def cancel_many_starts(self) -> None:
        """Gives the starts up that are still to be run."""
        self._starter.cancel()

    # Pins

    def pin(self) -> None:
        """Keeps the present run, as far as it has come, in the plots and in the list of pins."""
        race, found, experiment = self._race, self._scene, self.experiment
        if race is None or found is None or experiment is None:
            return
        number = 1 + max((int(pin.name[4:]) for pin in self.pins if pin.name[4:].isdigit()), default=0)
        pin = Pin(f"pin {number}", experiment, self.path, pinned_lanes(found, race.sources()))
        self.use_pins((*self.pins, pin))

    def exchange_pin(self, place: int, pin: Pin | None) -> None:
        """Another name or visibility for a pin; None removes it."""
        middle = () if pin is None else (pin,)
        self.use_pins((*self.pins[:place], *middle, *self.pins[place + 1 :]))

    def restore_pin(self, place: int) -> None:
        """The whole experiment of a pin again, as one edit."""
        pin = self.pins[place]
        self._present(f"restore {pin.name}", pin.experiment, pin.path)

    def use_pins(self, pins: tuple[Pin, ...]) -> None:
        """These runs are pinned, in the place of those that were."""
        self.pins = pins
        self.pins_changed.emit()
        self.refresh(force=True)

    # Playing

    @property
    def playing(self) -> bool:
        return self.playback.playing

    @property
    def plays_at_a_speed(self) -> bool:
        """Whether the cursor moves at a speed that was chosen, and not as fast as the lanes come on."""
        return self.playback.playing and self.playback.speed > 0

    @property
    def cursor(self) -> float:
        return self.playback.cursor

    def toggle_play(self) -> None:
        """Plays or pauses."""
        self._moved(self.playback.toggle)

    def pause(self) -> None:
        """Stops playing where it is."""
        if self.playing:
            self.toggle_play()

    def step(self) -> None:
        """One whole iteration on."""
        self._moved(self.playback.step)

    def half_step(self) -> None:
        """Half an iteration on."""
        self._moved(self.playback.half_step)

    def step_back(self) -> None:
        """One iteration (or half of one) back."""
        self._moved(self.playback.step_back)

    def reset(self) -> None:
        """Back to the same start."""
        self._moved(self.playback.reset)

    def move_cursor(self, at: float) -> None:
        """The cursor to a position of the clock."""
        self._moved(lambda: self.playback.move_to(at))

    def move_to_iteration(self, iteration: int | None) -> None:
        """The cursor to an iteration of the longest lane (None: its last); raises InputError beyond it."""
        self._moved(lambda: self.playback.move_to_iteration(iteration))

    def _moved(self, move: Callable[[], None]) -> None:
        if self._race is not None:
            move()
            self.refresh(force=True)

    def finish_all(self) -> None:
        """Runs every lane to its end and polishes the maximum, before it returns."""
        race = self._race
        if race is None:
            return
        race.allow(math.inf)
        while not race.ended:
            race.wait_for_entries(max(trace.count for trace in race.traces), 1.0)
        best = race.best_end()
        self._polished = None if best is None else polished_maximum(race.preparation.problem(), best)
        self._colours = race.matched()
        self.refresh(force=True)

    def tick(self, seconds: float) -> None:
        """Moves the cursor by what has been played in `seconds`, and shows what has changed."""
        self.playback.tick(seconds)
        self.refresh()
        self._polish_when_ended()
        if not self.playing:
            self.measure_stable_rates()

    def seen(self) -> tuple[Experiment, Preparation, list[Trace]] | None:
        """The experiment with the trace of each lane that is on, up to the cursor; None before there is any."""
        race, experiment = self._race, self.experiment
        if race is None or experiment is None or any(trace.count == 0 for trace in race.traces):
            return None
        clock, cursor = experiment.show.clock, self.cursor
        traces = [trace.until(iteration_at(trace, clock, cursor)) for trace in race.traces]
        return experiment, race.preparation, traces

    def refresh(self, force: bool = False) -> None:
        """Resolves a frame and shows it, where anything has changed."""
        race, found = self._race, self._scene
        if race is None or found is None or self.experiment is None:
            return
        if any(trace.count == 0 for trace in race.traces):
            return
        drawn = (
            self._generation,
            self.cursor,
            self.playing,
            self._polished,
            self.experiment,
            tuple((trace.count, trace.status) for trace in race.traces),
        )
        if drawn == self._drawn and not force:
            return
        self._drawn = drawn
        self.frame = resolve(
            found,
            self.experiment,
            race.sources(),
            self.cursor,
            self.playing,
            self._polished,
            self.pins,
            self.ends,
        )
        self.frame_changed.emit(self.frame)

    def _polish_when_ended(self) -> None:
        race = self._race
        if race is None or self._polished is not None or self._background.busy or not race.ended:
            return
        best = race.best_end()
        if best is None:
            return
        generation, problem = self._generation, race.preparation.problem()

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Polished:
            problem.checkpoint_with(lambda: _raise_if(cancelled()))
            return polished_maximum(problem, best), race.matched()

        def done(found: Polished) -> None:
            if generation == self._generation:
                self._polished, self._colours = found
                self.refresh(force=True)

        self._background.start(work, done, lambda error: None)

    def measure_stable_rates(self) -> None:
        """Looks for each gradient lane's largest stable learning rate at the cursor, in the background.

        It costs some gradients, which no lane is charged for; nothing is done twice for one position.
        """
        race, frame = self._race, self.frame
        if race is None or frame is None or frame.scene.generation != self._generation:
            return
        at = (self._generation, tuple(lane.iteration for lane in frame.lanes))
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

    def close(self) -> None:
        """Ends every thread in a bounded time."""
        self._loader.cancel()
        self._measurer.cancel()
        self._starter.cancel()
        self._background.cancel()
        if self._race is not None:
            self._race.close()


class _Given(Exception):
    """The polish was given up."""


def _raise_if(cancelled: bool) -> None:
    if cancelled:
        raise _Given


def _without_start(experiment: Experiment) -> tuple[object, ...]:
    """What decides where the lanes end, but for the start."""
    lanes = tuple(lane.without_interventions() for lane in experiment.lanes)
    return (experiment.data, experiment.model, lanes, experiment.stop, experiment.seed)


def _saved_as(experiment: Experiment, saved: Experiment | None) -> bool:
    """Whether a file holds an experiment, whatever it says of how it is shown."""
    return saved is not None and experiment.replace(show=saved.show) == saved


def _without_missing(experiment: Experiment) -> Experiment:
    return experiment.replace(data=edits.changed(experiment.data, "drop_missing", True, "[data]"))


def _columns_of(experiment: Experiment) -> tuple[object, ...]:
    """What decides which two directions of the data are seen."""
    return (experiment.show.columns, experiment.show.principal)


def _same_ground(old: Experiment, new: Experiment) -> bool:
    return (old.data, old.model, old.start, old.stop, old.seed) == (
        new.data,
        new.model,
        new.start,
        new.stop,
        new.seed,
    )


def _rows_asked(experiment: Experiment) -> int:
    data = experiment.data
    if isinstance(data, GeneratedStory):
        return data.size
    if isinstance(data, File) and not data.content:
        return AT_ONCE_UP_TO + 1
    return 0
