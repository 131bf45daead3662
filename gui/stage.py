"""The experiment on stage with all that was made of it: prepared data, the scene, its lanes at work."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.datasets.base import GeneratedStory
from engine.datasets.file import File
from engine.errors import InputError, MissingCells
from engine.experiment import Experiment
from engine.preparation import Preparation, prepare
from gui import edits
from gui.background import Background
from gui.playback import Playback
from gui.race import Race
from gui.scene import Scene, scene
from gui.worker import Turns

AT_ONCE_UP_TO = 20_000
"""Data of at most so many rows are generated and prepared without leaving the window's thread."""

Change = Callable[[Experiment], Experiment]
Done = Callable[[Experiment | None], None]
"""Hears which experiment stood on the stage before, when another has come."""


class Stage(QObject):
    """Brings experiments on stage; what takes long is prepared in the background, and what was there stays till then.

    `generation` counts scenes and beginnings: what was computed for an earlier one is late. Signals: `restarted()`
    where a lane begins anew or goes on otherwise; `stayed()` where what was wanted cannot be prepared;
    `failed(sentence)`; `missing_cells(sentence, drop_rows)` where dropping incomplete rows, as that function does,
    would mend it; `loading(fraction)`, negative when over.
    """

    restarted = Signal()
    stayed = Signal()
    failed = Signal(str)
    missing_cells = Signal(str, object)
    loading = Signal(float)

    def __init__(self, turns: Turns, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.experiment: Experiment | None = None
        self.preparation: Preparation | None = None
        self.scene: Scene | None = None
        self.race: Race | None = None
        self.generation = 0
        self._turns = turns
        self._playback = playback
        self._loader = Background(self)
        self._loader.progressed.connect(self.loading)

    @property
    def is_loading(self) -> bool:
        return self._loader.busy

    def take(self, wanted: Experiment, done: Done, again: Change) -> None:
        """Brings an experiment on stage, preparing in the background what takes long.

        `again` makes what is wanted once more, of the experiment that has come on stage in the meantime.
        """
        old, race = self.experiment, self.race
        if race is not None and old is not None and _same_ground(old, wanted):
            self.experiment = wanted
            if race.exchange(wanted):
                race.wait_for_entries(0, 0.05)
                self._begin_anew()
                self._playback.rewind()
            self._follow(wanted)
            if _columns_of(old) != _columns_of(wanted):
                self.generation += 1
                self._make_scene()
            done(old)
            return
        earlier = self.preparation
        small = not is_large(wanted) or (earlier is not None and earlier.story == wanted.data)
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

    def take_file(self, file: File, read_it: Callable[[File], None], done: Done) -> None:
        """Brings a CSV on stage in the place of the data; `read_it` hears when that has been read."""
        experiment = self.experiment
        if experiment is None:
            return

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Preparation:
            wanted = edits.with_file(experiment, file.pinned(cancelled))
            try:
                return prepare(wanted, None, progress, cancelled)
            except MissingCells:
                raise
            except InputError:
                # What the model lacks may stand in the data: how many trials there are, say.
                story = wanted.data
                assert isinstance(story, File)
                suited = wanted.model.suited_to(story.read(progress, cancelled))
                if suited == wanted.model:
                    raise
                return prepare(wanted.replace(model=suited), None, progress, cancelled)

        def arrived(found: Preparation) -> None:
            story = found.story
            assert isinstance(story, File)
            read_it(story)

            def taken(now: Experiment) -> Experiment:
                return edits.with_file(now, story).replace(model=found.model)

            self._arrive(experiment, taken(experiment), found, done, taken)

        def refused(error: Exception) -> None:
            if isinstance(error, MissingCells):
                complete = replace(file, drop_missing=True)
                self.missing_cells.emit(str(error), lambda: self.take_file(complete, read_it, done))
            else:
                self.failed.emit(str(error))

        self._loader.start(work, arrived, refused)

    def intervene(self, wanted: Experiment, index: int, iteration: int) -> None:
        """An experiment whose lane `index` was changed in flight: it goes on otherwise behind `iteration`."""
        assert self.race is not None
        self.experiment = wanted
        self.race.intervene(wanted, index, iteration)
        self._begin_anew()
        self._playback.allow()

    def cancel_loading(self) -> None:
        """Gives up what is being loaded; what was there stays."""
        self._loader.cancel()

    def close(self) -> None:
        """Ends every thread in a bounded time."""
        self._loader.cancel()
        if self.race is not None:
            self.race.close()

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
                self.take(complete, done, lambda now: _without_missing(again(now)))

        def refused(error: Exception) -> None:
            if not (isinstance(error, MissingCells) and isinstance(wanted.data, File)):
                self.failed.emit(str(error))
            self.stayed.emit()
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
        if self.race is not None:
            self.race.close(0.0)
        before = self.experiment
        self.experiment, self.preparation = wanted, preparation
        self._begin_anew()
        self._make_scene()
        self.race = Race(self._turns, wanted, preparation)
        self._follow(wanted)
        self._playback.load(self.race)
        done(before)

    def _begin_anew(self) -> None:
        self.generation += 1
        self.restarted.emit()

    def _follow(self, experiment: Experiment) -> None:
        """Plays by the experiment's own clock and speed."""
        self._playback.use_clock(experiment.show.clock)
        self._playback.speed = experiment.show.speed

    def _make_scene(self) -> None:
        found, experiment = self.preparation, self.experiment
        assert found is not None
        assert experiment is not None
        shown = experiment.show.places(found.dataset.columns)
        self.scene = scene(
            self.generation, found.dataset, found.model, found.prepared, found.start_parameters, shown
        )


def is_large(experiment: Experiment) -> bool:
    """Whether its data take long to come, as far as that is known beforehand."""
    data = experiment.data
    if isinstance(data, GeneratedStory):
        return data.size > AT_ONCE_UP_TO
    return isinstance(data, File) and not data.content


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
