"""Engines in threads: the same traces as without them, and they end when they are told to."""

import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine.experiment import Experiment, from_toml, read_experiment
from engine.preparation import prepare
from engine.run import run
from engine.trace import Trace
from gui import edits
from gui.race import Race
from gui.worker import Turns

FIRST = Path(__file__).resolve().parents[2] / "assets/experiments/em-never-goes-down.toml"
COLUMNS = ("log_likelihood", "stationarity", "passes", "decreased", "is_likelihood")


@pytest.fixture
def experiment() -> Experiment:
    return read_experiment(FIRST)


def headless(experiment: Experiment) -> list[Trace]:
    preparation = prepare(experiment)
    traces = []
    for lane in experiment.lanes:
        problem = preparation.problem()
        trace = preparation.trace(lane, problem, experiment.seed)
        for step in run(problem, lane.route(experiment.seed), preparation.start_parameters, experiment.stop):
            trace.append(step)
        traces.append(trace)
    return traces


def assert_same(one: Trace, other: Trace) -> None:
    assert one.count == other.count
    assert (one.status, one.reason) == (other.status, other.reason)
    for name in COLUMNS:
        assert np.array_equal(one.column(name), other.column(name), equal_nan=one.column(name).dtype == float)
    assert one.events == other.events
    for iteration in (0, one.count // 2, one.count - 1):
        assert np.array_equal(one.parameters(iteration).vector, other.parameters(iteration).vector)


def finish(race: Race) -> None:
    race.allow(math.inf)
    deadline = time.monotonic() + 60
    while not race.ended and time.monotonic() < deadline:
        race.wait_for_entries(max(trace.count for trace in race.traces), 1.0)
    assert race.ended


def test_threads_do_not_change_a_trace(experiment: Experiment) -> None:
    race = Race(Turns(), experiment, prepare(experiment))
    finish(race)
    for threaded, alone in zip(race.traces, headless(experiment), strict=True):
        assert_same(threaded, alone)
    assert race.close()


def test_a_gate_that_opens_and_closes_at_random_does_not_change_a_trace(experiment: Experiment) -> None:
    turns = Turns()
    race = Race(turns, experiment, prepare(experiment))
    race.allow(math.inf)
    generator = np.random.Generator(np.random.Philox(5))
    while not race.ended:
        turns.close_gate()
        race.wait_for_entries(10**9, 0.0005 * generator.random())
        turns.open_gate()
        race.wait_for_entries(10**9, 0.002 * generator.random())
    for threaded, alone in zip(race.traces, headless(experiment), strict=True):
        assert_same(threaded, alone)
    assert race.close()


def test_engines_wait_at_their_limit(experiment: Experiment) -> None:
    race = Race(Turns(), experiment, prepare(experiment))
    race.allow(5)
    assert race.wait_for_entries(5, 10)
    assert [trace.count for trace in race.traces] == [6, 6]
    race.allow(7)
    assert race.wait_for_entries(7, 10)
    assert [trace.count for trace in race.traces] == [8, 8]
    assert race.close()


def test_a_forgotten_gate_opens_by_itself(experiment: Experiment) -> None:
    turns = Turns()
    race = Race(turns, experiment, prepare(experiment))
    turns.close_gate()
    race.allow(20)
    assert race.wait_for_entries(20, 10)
    assert race.close()


def test_an_intervention_goes_on_behind_its_iteration_and_replays(experiment: Experiment) -> None:
    race = Race(Turns(), experiment, prepare(experiment))
    race.allow(40)
    assert race.wait_for_entries(40, 10)
    before = np.array(race.traces[1].floats("log_likelihood")[:31])
    changed = edits.with_intervention(experiment, 1, 30, "learning_rate", 0.4)
    race.intervene(changed, 1, 30)
    finish(race)
    after = race.traces[1].floats("log_likelihood")
    assert np.array_equal(after[:31], before)
    replayed = headless(from_toml(changed.to_toml()))[1]
    assert_same(race.traces[1], replayed)
    assert any(event.kind == "intervention" for _, event in race.traces[1].events)
    assert race.close()


def test_a_lane_that_did_not_change_keeps_its_trace(experiment: Experiment) -> None:
    race = Race(Turns(), experiment, prepare(experiment))
    race.allow(10)
    assert race.wait_for_entries(10, 10)
    kept, dropped = race.traces
    assert race.exchange(edits.with_lane_setting(experiment, 1, "learning_rate", 0.1))
    assert race.traces[0] is kept
    assert race.traces[1] is not dropped
    assert not race.exchange(edits.with_lane_name(race.experiment, 0, "mine"))
    assert race.sources()[0].title == "mine"
    assert race.close()


def test_closing_in_the_middle_of_a_step_on_a_million_points_takes_less_than_half_a_second(
    experiment: Experiment,
) -> None:
    large = experiment.replace(data=edits.changed(experiment.data, "size", 1_000_000, "[data]"))
    race = Race(Turns(), large, prepare(large))
    race.allow(math.inf)
    assert race.wait_for_entries(1, 60)
    began = time.monotonic()
    assert race.close(0.5)
    assert time.monotonic() - began < 0.5


def test_a_hundred_random_orders_while_both_run(experiment: Experiment) -> None:
    generator = np.random.Generator(np.random.Philox(11))
    turns, preparation = Turns(), prepare(experiment)
    race = Race(turns, experiment, preparation)
    for _ in range(100):
        order = generator.integers(7)
        if order == 0:
            race.allow(math.inf)
        elif order == 1:
            race.allow(int(generator.integers(50)))
        elif order == 2:
            turns.close_gate()
        elif order == 3:
            turns.open_gate()
        elif order == 4:
            assert race.close()
            race = Race(turns, experiment, preparation)
        elif order == 5 and race.wait_for_entries(0, 5):
            at = int(generator.integers(race.traces[1].count))
            rate = float(generator.uniform(0.1, 1.5))
            race.intervene(edits.with_intervention(race.experiment, 1, at, "learning_rate", rate), 1, at)
        else:
            race.exchange(
                edits.with_lane_setting(
                    race.experiment, 1, "learning_rate", float(generator.uniform(0.1, 1.5))
                )
            )
    turns.open_gate()
    final = race.experiment
    finish(race)
    for threaded, alone in zip(race.traces, headless(final), strict=True):
        assert_same(threaded, alone)
    assert race.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "engine" and thread.is_alive()]
