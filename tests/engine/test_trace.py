"""A trace within a small budget tells the same as one that keeps everything."""

from collections.abc import Iterator

import numpy as np
import pytest

from engine.experiment import Experiment, from_toml
from engine.objective import Problem
from engine.parameters import Parameters
from engine.run import replay, run
from engine.trace import COLUMNS, RUNNING, Step, Trace

TEXT = """
[data]
name = "three-clusters"
size = 90
[model]
name = "gaussian-mixture"
[start]
name = "random-points"
[[lanes]]
algorithm = "em"
[[lanes]]
algorithm = "gradient-ascent"
learning_rate = 0.8
interventions = [{ iteration = 57, learning_rate = 0.2 }]
[stop]
tolerance = 0.0
max_iterations = 300
"""
LANES = (0, 1)
EXACT = tuple(name for name in COLUMNS if "seconds" not in name)


class Race:
    """One lane of the experiment, run into a trace."""

    def __init__(self, place: int, budget: int) -> None:
        self.experiment: Experiment = from_toml(TEXT)
        dataset = self.experiment.data.generate()
        self.prepared = self.experiment.model.prepare(dataset)
        self.start = self.experiment.start.choose(self.experiment.model, self.prepared)
        self.route = self.experiment.lanes[place].route(0)
        self.problem = self.fresh_problem()
        self.trace = Trace(self.problem.layout, budget)
        self.trace.replay = lambda iteration, state, target: (
            replay(self.problem, self.route, iteration, state, target).position.parameters
        )
        for step in run(self.problem, self.route, self.start, self.experiment.stop):
            self.trace.append(step)

    def fresh_problem(self) -> Problem:
        return Problem(self.experiment.model, self.prepared)

    def again(self, after: Step | None = None) -> Iterator[Step]:
        return run(self.fresh_problem(), self.route, self.start, self.experiment.stop, after)


@pytest.mark.parametrize("place", LANES)
def test_a_small_budget_thins_states_but_no_column(place: int) -> None:
    rich, poor = Race(place, 64 << 20).trace, Race(place, 1).trace
    assert rich.stride == 1
    assert poor.stride > 1
    assert poor.count == rich.count == 301
    for name in EXACT:
        assert np.array_equal(poor.column(name), rich.column(name))
    places, path = poor.path("means")
    assert list(places) == list(range(0, 301, poor.stride))
    for iteration, means in zip(places, path, strict=True):
        assert np.array_equal(means, rich.parameters(int(iteration))["means"])
    assert poor.nbytes < rich.nbytes


@pytest.mark.parametrize("place", LANES)
def test_thinned_parameters_are_computed_again_bit_for_bit(place: int) -> None:
    rich, poor = Race(place, 64 << 20).trace, Race(place, 1).trace
    for iteration in (*range(40), 57, 58, 59, 127, 128, 255, 299, 300):
        assert np.array_equal(poor.parameters(iteration).vector, rich.parameters(iteration).vector)


def test_replay_is_not_charged() -> None:
    race = Race(0, 1)
    passes = race.problem.meter.passes
    race.trace.parameters(race.trace.stride - 1)
    assert race.problem.meter.passes == passes == race.trace.last.passes


@pytest.mark.parametrize("budget", [1, 64 << 20])
@pytest.mark.parametrize("place", LANES)
def test_a_copy_continues_bit_for_bit(place: int, budget: int) -> None:
    race = Race(place, budget)
    for iteration in (0, 1, 40, 57, 58, 177):
        near, state = race.trace.nearest_state(iteration)
        state = replay(race.problem, race.route, near, state, iteration)
        copy = race.trace.copied_until(iteration, state)
        assert (copy.count, copy.status) == (iteration + 1, RUNNING)
        assert np.array_equal(copy.last.parameters.vector, race.trace.parameters(iteration).vector)
        for step in race.again(copy.last):
            copy.append(step)
        assert (copy.count, copy.status) == (race.trace.count, race.trace.status)
        for name in EXACT:
            assert np.array_equal(copy.column(name), race.trace.column(name))
        assert copy.events == race.trace.events
        assert np.array_equal(copy.last.parameters.vector, race.trace.last.parameters.vector)


def test_a_copy_leaves_the_original_alone() -> None:
    race = Race(1, 64 << 20)
    before = np.array(race.trace.floats("log_likelihood"))
    copy = race.trace.copied_until(30, race.trace.nearest_state(30)[1])
    for step in race.again(copy.last):
        copy.append(step)
        if copy.count == 50:
            break
    assert race.trace.count == 301
    assert np.array_equal(race.trace.floats("log_likelihood"), before)


def test_entry_j_belongs_to_the_parameters_that_step_j_produced() -> None:
    race = Race(0, 64 << 20)
    for iteration in (0, 1, 2, 50, 300):
        parameters = race.trace.parameters(iteration)
        value = race.fresh_problem().log_likelihood(parameters)
        assert value == race.trace.floats("log_likelihood")[iteration]


def test_events_of_steps_that_come_meanwhile_are_left_out() -> None:
    trace = Race(1, 1 << 30).trace
    assert trace.events_before(trace.count) == tuple(trace.events)
    assert len({place for place, _ in trace.events}) > 3
    for count in (0, 1, 58, trace.count - 1):
        assert trace.events_before(count) == tuple(each for each in trace.events if each[0] < count)


def test_events_are_found_by_their_iteration() -> None:
    trace = Race(1, 1).trace
    assert [event.kind for event in trace.events_at(58)].count("intervention") == 1
    assert trace.events_at(3) == tuple(event for place, event in trace.events if place == 3)


def test_wrong_iterations_are_refused() -> None:
    trace = Race(0, 64 << 20).trace
    with pytest.raises(IndexError, match="iteration 301 is not among the 301"):
        trace.parameters(301)
    with pytest.raises(IndexError):
        trace.parameters(-1)
    with pytest.raises(ValueError, match="step 300 cannot follow 301 steps"):
        trace.append(trace.last)
    with pytest.raises(IndexError, match="empty"):
        _ = Trace(trace.layout).last


def test_without_replay_a_thinned_state_is_missed_loudly() -> None:
    trace = Race(0, 1).trace
    trace.replay = None
    with pytest.raises(LookupError, match="was not kept"):
        trace.parameters(1)


def test_a_step_that_lost_its_likelihood_keeps_what_did_it() -> None:
    text = TEXT.replace("learning_rate = 0.8", 'learning_rate = 30.0\nweight_coordinates = "drop-last"')
    experiment = from_toml(text)
    prepared = experiment.model.prepare(experiment.data.generate())
    problem = Problem(experiment.model, prepared)
    start = experiment.start.choose(experiment.model, prepared)
    trace = Trace(problem.layout)
    for step in run(problem, experiment.lanes[1].route(0), start, experiment.stop):
        trace.append(step)
    assert trace.status in ("left-constraints", "diverged")
    landed = trace.parameters(trace.count - 1)
    assert isinstance(landed, Parameters)
    assert problem.layout.violation(landed.vector) is not None
    near, state = trace.nearest_state(trace.count - 1)
    assert problem.layout.violation(state.position.parameters.vector) is None or near == trace.count - 1
