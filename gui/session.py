"""The session: the experiment being edited, its undo stack, the cursor, and the frame that is shown."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment, read_experiment
from engine.many_starts import ManyStarts, with_start_seed
from engine.preparation import Preparation
from engine.settings import settings_of
from engine.trace import Trace
from gui import edits
from gui.clock import iteration_at
from gui.files import Files
from gui.frame import Frame, resolve
from gui.pins import Pin, pinned_lanes
from gui.playback import Playback
from gui.race import Race
from gui.requests import DrawPoints, ErasePoints, MoveCursor, OpenStart, Request
from gui.searches import Searches
from gui.stage import Change, Done, Stage, is_large
from gui.undo import Moment, UndoStack
from gui.worker import Turns

STARTS = 20


class Session(QObject):
    """Decides. Views and controls ask; what comes out is a frame, an experiment, or one sentence.

    Signals: `frame_changed(Frame)`; `experiment_changed()`; `failed(sentence)`; `missing_cells(sentence,
    drop_rows)` where dropping incomplete rows, as that function does, would mend it; `loading(fraction)`, negative when
    over; `stable_rates_found(rates)`, the largest stable learning rates at the cursor by the lanes' numbers;
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
        self.path: Path | None = None
        self.frame: Frame | None = None
        self.playback = Playback()
        self.pins: tuple[Pin, ...] = ()
        self.stage = Stage(self.turns, self.playback, self)
        self.searches = Searches(self.stage, self)
        self._files = Files()
        self._undo_stack = UndoStack()
        self._drawn: tuple[object, ...] = ()
        self.stage.stayed.connect(self.experiment_changed)
        self.stage.failed.connect(self.failed)
        self.stage.missing_cells.connect(self.missing_cells)
        self.stage.loading.connect(self.loading)
        self.searches.found.connect(self._show_again)
        self.searches.stable_rates_found.connect(self.stable_rates_found)
        self.searches.starting.connect(self.starting)
        self.searches.starts_tried.connect(self.starts_tried)
        self.searches.failed.connect(self.failed)

    # What is there

    @property
    def experiment(self) -> Experiment | None:
        return self.stage.experiment

    @property
    def preparation(self) -> Preparation | None:
        return self.stage.preparation

    @property
    def race(self) -> Race | None:
        return self.stage.race

    @property
    def is_loading(self) -> bool:
        return self.stage.is_loading

    @property
    def ends(self) -> ManyStarts | None:
        """Where the present lanes ended from many starts; None where that has not been tried."""
        return self.searches.ends

    @property
    def dirty(self) -> bool:
        """Whether there are changes that no file holds."""
        return not self._files.holds(self.path, self.experiment)

    @property
    def has_unsaved_work(self) -> bool:
        """Whether closing would lose an edit; how it is shown (speed, clock) is none."""
        return self.experiment is not None and not self._files.holds_work(self.path, self.experiment)

    def left_behind(self) -> list[Moment]:
        """Other experiments with changes that no file holds, as they were when this one took their place."""
        latest = self._undo_stack.by_file
        latest.pop(self.path, None)
        return [
            moment for path, moment in latest.items() if not self._files.holds_work(path, moment.experiment)
        ]

    @property
    def file(self) -> Path | None:
        """The file that holds the present experiment; None where none does."""
        return None if self.has_unsaved_work else self.path

    @property
    def csv_file(self) -> Path | None:
        """Where the data came from that are saved inside the experiment; None where that file is another now."""
        return None if self.experiment is None else self._files.csv_of(self.experiment.data)

    def present_start(self) -> dict[str, Any]:
        """The natural parameters of the start that is shown, in the data's units."""
        found = self.preparation
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
    def undo_name(self) -> str | None:
        """What undo would take back, None where there is nothing."""
        return self._undo_stack.undo_name

    @property
    def redo_name(self) -> str | None:
        return self._undo_stack.redo_name

    # Opening and saving

    def open_experiment(self, experiment: Experiment, path: Path | None = None) -> None:
        """Shows an experiment; what was there stays where it cannot be prepared."""

        def opened(before: Experiment | None) -> None:
            self._files.hold(path, experiment)
            self._stand_on(path)

        self._take(experiment, opened, lambda now: experiment)

    def reopen(self, experiment: Experiment, path: Path | None, done: Callable[[], None]) -> None:
        """Shows an experiment as it was edited when its window was lost; `path` is the file that it belongs to.

        What that file holds is read again, so that changes that it does not hold count as not saved.
        """

        def opened(before: Experiment | None) -> None:
            self._files.read_again(path)
            self._stand_on(path)
            done()

        self._take(experiment, opened, lambda now: experiment)

    def _stand_on(self, path: Path | None) -> None:
        """A file's experiment has come on stage: nothing to undo, and the cursor at its start."""
        self.path = path
        self._undo_stack.clear()
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
        self._files.hold(path, experiment)
        self.playback.playing = False
        self._present(f"open {experiment.title or path.stem}", experiment, path)

    def _present(self, name: str, experiment: Experiment, path: Path | None) -> None:
        """A whole other experiment with its file, as one edit."""
        remember = self._remembering(name)

        def shown(before: Experiment | None) -> None:
            remember(before)
            self.path = path

        self._take(experiment, shown, lambda now: experiment)

    def open_data(self, file: File) -> None:
        """Puts a CSV in the place of the data, as one edit that can be undone."""

        def read_it(story: File) -> None:
            if file.path and not file.content:
                path = Path(file.path).absolute()
                self._files.remember_csv(story, path)
                self.file_used.emit(path)

        self.stage.take_file(file, read_it, self._showing(self._remembering("open data")))

    def cancel_loading(self) -> None:
        """Gives up what is being loaded; what was there stays."""
        self.stage.cancel_loading()

    def save(self, path: Path) -> None:
        """Writes the experiment; raises InputError where it cannot be written."""
        if self.experiment is None:
            return
        self._files.write(path, self.experiment)
        self.path = path
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
            self._end_merging_if(final)
            return
        if not final and is_large(wanted) and wanted.data != before.data:
            return

        self._take(wanted, self._remembering(name, final), change)

    def _remembering(self, name: str, final: bool = True) -> Done:
        """Puts an edit on the undo stack once it has come about, or merges it with the one before."""

        def done(before: Experiment | None) -> None:
            if before is not None:
                self._undo_stack.record(Moment(name, before, self.path), final)

        return done

    def _end_merging_if(self, final: bool) -> None:
        """An edit that changes nothing is part of those before it, and their last one where it is final."""
        if final:
            self._undo_stack.end_merging()

    def undo(self) -> None:
        """Takes the newest edit back."""
        self._bring_back(back=True)

    def redo(self) -> None:
        """Does again what was taken back."""
        self._bring_back(back=False)

    def _bring_back(self, back: bool) -> None:
        moment = self._undo_stack.newest(back)
        if moment is None or self.experiment is None:
            return

        def done(before: Experiment | None) -> None:
            assert before is not None
            self._undo_stack.exchange(Moment(moment.name, before, self.path), back)
            self.path = moment.path

        self._undo_stack.end_merging()
        # Who edits on while the old data are still being prepared no longer wants them.
        self._take(moment.experiment, done, lambda now: now)

    def _take(self, wanted: Experiment, done: Done, again: Change) -> None:
        """Brings an experiment on stage and shows it; see `Stage.take`."""
        self.stage.take(wanted, self._showing(done), again)

    def _showing(self, done: Done) -> Done:
        """What is done once an experiment is on stage, and everybody sees it."""

        def shown(before: Experiment | None) -> None:
            done(before)
            self.experiment_changed.emit()
            self.refresh(force=True)

        return shown

    def show_columns(self, shown: tuple[int, int] | None) -> None:
        """Two columns on the canvas, or the two principal directions for None."""
        found = self.preparation
        if found is not None:
            columns = () if shown is None else tuple(found.dataset.columns[place] for place in shown)
            self.edit(
                "columns shown",
                lambda e: e.replace(show=replace(e.show, columns=columns, principal=shown is None)),
            )

    def adjust_lane(self, index: int, setting: str, value: Any, final: bool) -> None:
        """A lane's setting; one that may change in flight takes effect at the cursor, without a restart."""
        experiment, race = self.experiment, self.race
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
            self._end_merging_if(final)
            return
        self.stage.intervene(wanted, index, iteration)
        self._showing(self._remembering(name, final))(experiment)

    def handle(self, request: Request) -> None:
        """What was dragged or clicked in a view."""
        if isinstance(request, MoveCursor):
            self.move_cursor(request.at)
            return
        if isinstance(request, OpenStart):
            self.edit(f"start {request.seed}", lambda e: with_start_seed(e, request.seed))
            return
        found, scene_now = self.preparation, self.stage.scene
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
        self.searches.try_many_starts(count)

    def cancel_many_starts(self) -> None:
        """Gives the starts up that are still to be run."""
        self.searches.cancel_many_starts()

    # Pins

    def pin(self) -> None:
        """Keeps the present run, as far as it has come, in the plots and in the list of pins."""
        race, found, experiment = self.race, self.stage.scene, self.experiment
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
        if self.race is not None:
            move()
            self.refresh(force=True)

    def finish_all(self) -> None:
        """Runs every lane to its end and polishes the maximum, before it returns."""
        race = self.race
        if race is None:
            return
        race.allow(math.inf)
        while not race.ended:
            race.wait_for_entries(max(trace.count for trace in race.traces), 1.0)
        self.searches.find_maximum()
        self.refresh(force=True)

    def tick(self, seconds: float) -> None:
        """Moves the cursor by what has been played in `seconds`, and shows what has changed."""
        self.playback.tick(seconds)
        self.refresh()
        self.searches.find_maximum_when_ended()
        if not self.playing:
            self.measure_stable_rates()

    def seen(self) -> tuple[Experiment, Preparation, list[Trace]] | None:
        """The experiment with the trace of each lane that is on, up to the cursor; None before there is any."""
        race, experiment = self.race, self.experiment
        if race is None or experiment is None or any(trace.count == 0 for trace in race.traces):
            return None
        clock, cursor = experiment.show.clock, self.cursor
        traces = [trace.until(iteration_at(trace, clock, cursor)) for trace in race.traces]
        return experiment, race.preparation, traces

    def refresh(self, force: bool = False) -> None:
        """Resolves a frame and shows it, where anything has changed."""
        race, found, experiment = self.race, self.stage.scene, self.experiment
        if race is None or found is None or experiment is None:
            return
        if any(trace.count == 0 for trace in race.traces):
            return
        drawn = (
            self.stage.generation,
            self.cursor,
            self.playing,
            self.searches.polished,
            experiment,
            tuple((trace.count, trace.status) for trace in race.traces),
        )
        if drawn == self._drawn and not force:
            return
        self._drawn = drawn
        self.frame = resolve(
            found,
            experiment,
            race.sources(self.searches.colours),
            self.cursor,
            self.playing,
            self.searches.polished,
            self.pins,
            self.ends,
        )
        self.frame_changed.emit(self.frame)

    def _show_again(self) -> None:
        """What is known beside experiment, traces and cursor has changed."""
        self.refresh(force=True)

    def measure_stable_rates(self) -> None:
        """Looks for each gradient lane's largest stable learning rate at the cursor, in the background."""
        if self.frame is not None:
            self.searches.measure_stable_rates(self.frame)

    def close(self) -> None:
        """Ends every thread in a bounded time."""
        self.searches.close()
        self.stage.close()
