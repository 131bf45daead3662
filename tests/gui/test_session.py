"""Laws of session and playback without widgets: undo, late results, what is given up, the cursor on its clock."""

import dataclasses
import itertools
import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets.file import File
from engine.experiment import Experiment, from_document, read_experiment
from engine.preparation import Preparation
from engine.stopping import Stop
from engine.trace import Step, Trace
from gui import edits
from gui import stage as stage_module
from gui.app import FIRST_EXPERIMENT
from gui.frame import resolve
from gui.playback import LOOK_AHEAD, Playback
from gui.requests import MoveCursor, MoveStartMean, SetStartWeights
from gui.session import Session
from tests.gui.frames import FIRST_EXPERIMENT as FIRST_DOCUMENT
from tests.gui.laboratory import PATIENCE_SECONDS
from tests.gui.sessions import opened, tick, wait_until
from tests.gui.traces import headless

pytestmark = pytest.mark.usefixtures("application")

FIRST = read_experiment(FIRST_EXPERIMENT).replace(stop=Stop(max_iterations=40))


@pytest.fixture
def session() -> Iterator[Session]:
    with opened(FIRST) as made:
        yield made


def at(session: Session, iteration: int) -> None:
    """Steps until the cursor stands at an iteration."""
    session.reset()
    for wanted in range(1, iteration + 1):
        session.step()
        wait_until(session, lambda wanted=wanted: session.cursor == wanted)  # type: ignore[misc]


def play_out(session: Session) -> None:
    """Plays flat out to the very end."""
    session.edit("speed", lambda e: e.replace(show=dataclasses.replace(e.show, speed=0.0)))
    if not session.playing:
        session.toggle_play()
    wait_until(session, lambda: not session.playing)


def renamed(name: str) -> Callable[[Experiment], Experiment]:
    return lambda e: edits.with_lane_name(e, 0, name)


def reseeded(seed: int) -> Callable[[Experiment], Experiment]:
    return lambda e: e.replace(data=edits.changed(e.data, "seed", seed, "[data]"))


# Undo


def test_undo_and_redo_walk_through_every_edit_and_back(session: Session) -> None:
    stages = [session.experiment]
    for change in (
        renamed("one"),
        reseeded(3),
        renamed("two"),
        lambda e: edits.with_start(e, "k-means++", {}),
    ):
        session.edit("an edit", change)
        stages.append(session.experiment)
    assert len(set(map(id, stages))) == 5
    for stage in reversed(stages[:-1]):
        session.undo()
        assert session.experiment == stage
    session.undo()
    assert session.experiment == FIRST
    for stage in stages[1:]:
        session.redo()
        assert session.experiment == stage
    session.undo()
    session.edit("another", renamed("three"))
    assert session.redo_name is None


def test_an_undone_edit_runs_as_if_it_had_never_been_made(session: Session) -> None:
    session.handle(MoveStartMean(0, (2.0, 2.0), True))
    at(session, 3)
    session.undo()
    play_out(session)
    assert session.race is not None
    for trace, alone in zip(session.race.traces, headless(FIRST), strict=True):
        assert np.array_equal(trace.floats("log_likelihood"), alone.floats("log_likelihood"))


def test_what_a_slider_passes_through_is_one_edit_and_the_next_drag_another(session: Session) -> None:
    for value in (0.2, 0.3, 0.4):
        session.edit("separation", lambda e, value=value: with_separation(e, value), False)  # type: ignore[misc]
    session.edit("separation", lambda e: with_separation(e, 0.4), True)
    session.edit("separation", lambda e: with_separation(e, 0.7), False)
    session.edit("separation", lambda e: with_separation(e, 0.8), True)
    session.undo()
    assert separation(session) == 0.4
    session.undo()
    assert session.experiment == FIRST


def test_two_drags_of_a_rate_in_flight_are_two_edits(session: Session) -> None:
    at(session, 3)
    for value in (0.5, 0.6):
        session.adjust_lane(1, "learning_rate", value, False)
    # A slider that is released says its last value once more.
    session.adjust_lane(1, "learning_rate", 0.6, True)
    session.adjust_lane(1, "learning_rate", 0.8, False)
    session.adjust_lane(1, "learning_rate", 0.8, True)
    session.undo()
    assert session.experiment is not None
    assert [each.value for each in session.experiment.lanes[1].interventions] == [0.6]
    session.undo()
    assert session.experiment == FIRST


def test_an_impossible_edit_is_a_sentence_and_changes_nothing(session: Session) -> None:
    said: list[str] = []
    session.failed.connect(said.append)
    race = session.race
    session.edit("components", lambda e: edits.with_model_setting(e, "components", 99))
    session.edit("lane", lambda e: edits.without_lane(edits.without_lane(e, 0), 0))
    assert len(said) == 2
    assert session.experiment == FIRST
    assert session.race is race
    assert session.undo_name is None


def with_separation(experiment: Experiment, value: float) -> Experiment:
    return experiment.replace(data=edits.changed(experiment.data, "separation", value, "[data]"))


def separation(session: Session) -> float:
    assert session.experiment is not None
    return float(session.experiment.data.separation)  # type: ignore[attr-defined]


# Late results


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, threading.Event]]:
    """What is prepared in the background waits for the event of its number of rows."""
    known: dict[int, threading.Event] = {rows: threading.Event() for rows in (25_000, 30_000)}
    prepare = vars(stage_module)["prepare"]

    def slow(experiment: Experiment, earlier: Preparation | None = None, *rest: Any) -> Preparation:
        if threading.current_thread() is not threading.main_thread():
            assert known[experiment.data.size].wait(PATIENCE_SECONDS)  # type: ignore[attr-defined]
        found: Preparation = prepare(experiment, earlier, *rest)
        return found

    monkeypatch.setattr(stage_module, "prepare", slow)
    yield known
    for event in known.values():
        event.set()


def rows(session: Session) -> int:
    assert session.frame is not None
    return session.frame.scene.dataset.rows


def sized(size: int) -> Callable[[Experiment], Experiment]:
    return lambda e: e.replace(data=edits.changed(e.data, "size", size, "[data]"))


def test_the_newest_wish_comes_about_however_late_the_older_one_is_ready(
    session: Session, gates: dict[int, threading.Event]
) -> None:
    session.edit("size", sized(25_000))
    session.edit("size", sized(30_000))
    gates[30_000].set()
    wait_until(session, lambda: rows(session) == 30_000)
    gates[25_000].set()
    for thread in threading.enumerate():
        if thread.name == "background":
            thread.join(PATIENCE_SECONDS)
    tick(session)
    tick(session)
    assert rows(session) == 30_000
    session.undo()
    assert session.experiment == FIRST


def test_what_is_given_up_never_arrives(session: Session, gates: dict[int, threading.Event]) -> None:
    told: list[float] = []
    session.loading.connect(told.append)
    session.edit("size", sized(25_000))
    assert session.is_loading
    session.cancel_loading()
    assert not session.is_loading
    gates[25_000].set()
    for thread in threading.enumerate():
        if thread.name == "background":
            thread.join(PATIENCE_SECONDS)
    tick(session)
    assert rows(session) == 600
    assert session.experiment == FIRST
    assert session.undo_name is None
    assert told[-1] == -1.0


def test_edits_made_while_data_are_prepared_are_kept(
    session: Session, gates: dict[int, threading.Event]
) -> None:
    session.edit("size", sized(25_000))
    session.edit("rename", renamed("mine"))
    at(session, 2)
    session.adjust_lane(1, "learning_rate", 0.5, True)
    gates[25_000].set()
    wait_until(session, lambda: rows(session) == 25_000)
    assert session.experiment is not None
    assert session.experiment.lanes[0].name == "mine"
    assert [each.value for each in session.experiment.lanes[1].interventions] == [0.5]


def test_a_polished_maximum_of_other_data_is_not_shown(session: Session) -> None:
    play_out(session)
    wait_until(session, lambda: session.frame is not None and session.frame.best_is_polished)
    session.edit("seed", reseeded(5))
    wait_until(session, lambda: session.frame is not None and session.frame.cursor == 0)
    assert session.frame is not None
    assert not session.frame.best_is_polished


def test_a_file_that_is_cancelled_while_it_is_read_leaves_everything(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "large.csv"
    path.write_text("x,y\n" + "".join(f"{i % 97}.5,{i % 89}.25\n" for i in range(200_000)))
    session.open_data(File(path=str(path)))
    session.cancel_loading()
    wait_until(
        session, lambda: not [thread for thread in threading.enumerate() if thread.name == "background"]
    )
    assert session.experiment == FIRST
    assert not session.is_loading


# Engines and the cursor


def test_an_experiment_that_is_opened_while_another_plays_waits_at_its_start(session: Session) -> None:
    session.toggle_play()
    wait_until(session, lambda: session.cursor > 1)
    session.open_experiment(FIRST.replace(seed=1))
    wait_until(session, lambda: session.frame is not None and session.frame.experiment.seed == 1)
    assert not session.playing
    assert session.cursor == 0
    assert session.race is not None
    assert session.race.wait_for_entries(LOOK_AHEAD, PATIENCE_SECONDS)
    tick(session)
    assert max(trace.count for trace in session.race.traces) <= LOOK_AHEAD + 1


def test_opening_what_is_open_already_goes_back_to_its_start(session: Session) -> None:
    at(session, 3)
    session.open_experiment(FIRST)
    assert session.cursor == 0
    assert not session.playing


def test_engines_compute_only_a_little_ahead_of_a_cursor_that_stands(session: Session) -> None:
    at(session, 4)
    assert session.race is not None
    assert session.race.wait_for_entries(4 + LOOK_AHEAD, PATIENCE_SECONDS)
    tick(session)
    assert [trace.count for trace in session.race.traces] == [7, 7]


def test_a_lane_that_is_refused_does_not_keep_the_other_from_playing() -> None:
    document = FIRST_DOCUMENT | {
        "start": FIRST_DOCUMENT["start"] | {"weights": [0.5, 0.5, 0.0]},
        "stop": {"max_iterations": 20},
    }
    with opened(from_document(document)) as session:
        play_out(session)
        assert session.frame is not None
        assert [lane.status for lane in session.frame.lanes] == ["iteration-limit", "refused"]
        assert session.cursor == 20


def test_what_is_shown_depends_on_the_traces_and_the_cursor_alone(session: Session) -> None:
    play_out(session)
    assert session.frame is not None
    seen = {}
    for cursor in (0.0, 5.0, 5.5, 12.0, 40.0):
        session.move_cursor(math.floor(cursor))
        if cursor % 1:
            session.half_step()
        seen[cursor] = session.frame
    for cursor in (40.0, 12.0, 5.5, 0.0, 5.0):
        assert session.race is not None
        again = resolve(
            session.frame.scene, session.frame.experiment, session.race.sources(), cursor, False, None
        )
        for one, other in zip(again.lanes, seen[cursor].lanes, strict=True):
            assert one.iteration == other.iteration
            assert one.half == other.half
            assert np.array_equal(one.parameters.vector, other.parameters.vector)
            assert np.array_equal(one.colour_parameters.vector, other.colour_parameters.vector)
            assert (one.status, one.decreases, one.passes) == (other.status, other.decreases, other.passes)


def test_the_clocks_agree_about_where_the_cursor_stands(session: Session) -> None:
    at(session, 7)
    assert session.race is not None
    for clock, column in (("passes", "passes"), ("cpu", "cpu_seconds")):
        session.edit(
            "clock",
            lambda e, clock=clock: e.replace(show=dataclasses.replace(e.show, clock=clock)),  # type: ignore[misc]
        )
        assert session.frame is not None
        assert session.cursor == max(float(trace.floats(column)[7]) for trace in session.race.traces)
        assert all(lane.iteration >= 7 for lane in session.frame.lanes)
        session.edit("clock", lambda e: e.replace(show=dataclasses.replace(e.show, clock="iteration")))
        assert session.cursor >= 7
        at(session, 7)


def test_a_cursor_beyond_what_is_there_goes_to_the_end(session: Session) -> None:
    at(session, 2)
    assert session.race is not None
    assert session.race.wait_for_entries(2 + LOOK_AHEAD, PATIENCE_SECONDS)
    session.handle(MoveCursor(1e9))
    assert session.cursor == 2 + LOOK_AHEAD
    session.handle(MoveCursor(-3.0))
    assert session.cursor == 0.0


def test_the_weights_of_a_start_may_lie_on_the_edge(session: Session) -> None:
    session.handle(SetStartWeights((1.0, 0.0, 0.0), True))
    assert session.frame is not None
    wait_until(session, lambda: session.frame is not None and session.frame.lanes[1].status == "refused")
    session.undo()
    assert session.experiment == FIRST


# Playback beside engines that never wait


class Growing:
    """Real traces that grow, as those of engines do, whenever somebody asks whether they have ended."""

    def __init__(self, traces: list[Trace], late: int) -> None:
        self._steps = [[step_of(trace, place) for place in range(trace.count)] for trace in traces]
        self.traces = [Trace(trace.layout) for trace in traces]
        for trace, steps in zip(self.traces, self._steps, strict=True):
            for step in steps[: len(steps) - late]:
                trace.append(step)

    @property
    def ended(self) -> bool:
        answer = all(trace.ended for trace in self.traces)
        for trace, steps in zip(self.traces, self._steps, strict=True):
            for step in steps[trace.count :]:
                trace.append(step)
        return answer

    def allow(self, iterations: float) -> None:
        """They never wait."""

    def wait_for_entries(self, iteration: int, seconds: float) -> bool:
        return True


def step_of(trace: Trace, place: int) -> Step:
    """The entry of a trace that has ended, as it was appended."""
    if place == trace.count - 1:
        return trace.last
    _, state = trace.nearest_state(place)
    return trace.step_at(place, state)


def growing(late: int) -> Any:
    return Growing(headless(FIRST), late)


@pytest.mark.parametrize("late", [1, 3, 10])
def test_play_never_stops_short_of_an_end_that_comes_in_between(late: int) -> None:
    playback = Playback()
    playback.load(growing(late))
    playback.speed = 0.0
    playback.toggle()
    for _ in range(5):
        playback.tick(0.016)
    assert not playback.playing
    assert playback.cursor == 40


@pytest.mark.parametrize("late", [1, 3, 10])
def test_a_step_is_taken_although_the_lanes_end_in_between(late: int) -> None:
    playback = Playback()
    playback.load(growing(late))
    playback.move_to(40 - late)
    playback.step()
    playback.tick(0.016)
    assert playback.cursor == 41 - late


def test_the_cursor_never_passes_the_slowest_lane_that_is_at_work() -> None:
    short, long = headless(FIRST)
    half = Trace(long.layout)
    for place in range(15):
        half.append(step_of(long, place))

    class Waiting:
        ended = False

        def __init__(self) -> None:
            self.traces = [short, half]
            self.limits: list[float] = []

        def allow(self, iterations: float) -> None:
            self.limits.append(iterations)

        def wait_for_entries(self, iteration: int, seconds: float) -> bool:
            return False

    race: Any = Waiting()
    playback = Playback()
    playback.load(race)
    playback.toggle()
    for _ in itertools.repeat(None, 400):
        playback.tick(0.016)
    assert playback.cursor == 14
    assert playback.playing
    assert race.limits[-1] == math.inf
    playback.toggle()
    assert race.limits[-1] == 14 + LOOK_AHEAD
