"""Many starts: the same ends however many processes share them, and what is counted of them."""

import dataclasses
import math
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from engine.comparison import compare
from engine.errors import InputError
from engine.experiment import Experiment, from_document, read_experiment
from engine.many_starts import ManyStarts, RunEnd, many_starts, quartiles, share_within, with_start_seed
from engine.preparation import prepare

FIRST = Path(__file__).resolve().parents[2] / "assets/experiments/em-never-goes-down.toml"


@pytest.fixture
def experiment() -> Experiment:
    return from_document(
        {
            "data": {"name": "three-clusters", "size": 120},
            "model": {"name": "gaussian-mixture", "components": 3},
            "start": {"name": "random-points", "seed": 5},
            "lanes": [{"algorithm": "em"}, {"algorithm": "lbfgs"}],
            "stop": {"max_iterations": 60},
        }
    )


def test_ends_do_not_depend_on_how_many_processes_share_them(experiment: Experiment) -> None:
    alone, shared = many_starts(experiment, 4), many_starts(experiment, 4, processes=2)
    assert alone is not None
    assert shared is not None
    assert alone.seeds == shared.seeds == (5, 6, 7, 8)
    for one, other in zip(alone.ends, shared.ends, strict=True):
        for a, b in zip(one, other, strict=True):
            assert (a.seed, a.lane, a.status, a.iterations) == (b.seed, b.lane, b.status, b.iterations)
            assert a.log_likelihood.tobytes() == b.log_likelihood.tobytes()


def test_each_end_is_that_of_the_experiment_with_its_seed(experiment: Experiment) -> None:
    found = many_starts(experiment, 2)
    assert found is not None
    alone = compare(with_start_seed(experiment, 6))
    for end, lane in zip(found.ends[1], alone.lanes, strict=True):
        assert end.status == lane.trace.status
        assert end.log_likelihood.tobytes() == lane.trace.floats("log_likelihood").tobytes()


def test_a_start_that_is_not_random_becomes_random_points() -> None:
    seeded = with_start_seed(read_experiment(FIRST), 3)
    assert seeded.start.name == "random-points"
    assert getattr(seeded.start, "seed") == 3  # noqa: B009


@pytest.mark.parametrize(
    ("story", "model"),
    [
        ("linkage", "genetic-linkage"),
        ("nile", "state-space"),
        ("known-components", "mixture-proportions"),
        ("hidden-chain", "hidden-markov"),
        ("common-factors", "factor-analysis"),
    ],
)
def test_every_model_has_a_start_that_is_random(story: str, model: str) -> None:
    if story == "known-components":
        wanted = read_experiment(FIRST.with_name("known-components.toml"))
    else:
        wanted = from_document(
            {"data": {"name": story}, "model": {"name": model}, "lanes": [{"algorithm": "em"}]}
        )
    grounds = [prepare(with_start_seed(wanted, seed)) for seed in (1, 2)]
    assert wanted.model.name == model
    one, other = (ground.start_parameters for ground in grounds)
    assert one.layout.violation(one.vector) is None
    assert not np.array_equal(one.vector, other.vector)
    assert all(np.isfinite(g.problem().log_likelihood(g.start_parameters)) for g in grounds)


def test_it_can_be_cancelled_and_tells_how_far_it_is(experiment: Experiment) -> None:
    heard: list[float] = []
    assert many_starts(experiment, 3, progress=heard.append) is not None
    assert heard == pytest.approx([1 / 3, 2 / 3, 1])
    assert many_starts(experiment, 3, cancelled=lambda: True) is None
    assert many_starts(experiment, 3, processes=2, cancelled=lambda: True) is None


def test_an_interrupt_from_the_keyboard_is_for_the_process_that_asked(experiment: Experiment) -> None:
    deadline = time.monotonic() + 60

    def interrupt(fraction: float) -> None:
        for each in multiprocessing.active_children():
            assert each.pid is not None
            os.kill(each.pid, signal.SIGINT)

    found = many_starts(experiment, 4, 2, interrupt, lambda: time.monotonic() > deadline)
    assert found is not None
    assert len(found.ends) == 4


def test_impossible_numbers_are_refused(experiment: Experiment) -> None:
    with pytest.raises(InputError, match="at least 1"):
        many_starts(experiment, 0)
    with pytest.raises(InputError, match="at least 1"):
        many_starts(experiment, 2, processes=0)


def end(seed: int, lane: int, values: list[float], cost: float, status: str = "converged") -> RunEnd:
    count = len(values)
    value = values[-1] if status == "converged" else math.nan
    clock = np.asarray(cost * np.arange(count), dtype=np.float64)
    return RunEnd(seed, lane, status, value, count - 1, np.array(values), clock, 0.01 * clock)


def test_modes_costs_and_the_performance_profile(experiment: Experiment) -> None:
    ends = (
        (end(0, 0, [-9.0, -3.0, -1.0], 1.0), end(0, 1, [-9.0, -1.0], 4.0)),
        (end(1, 0, [-8.0, -2.0], 1.0), end(1, 1, [-8.0, -1.0005], 2.0)),
        (end(2, 0, [-7.0, -1.0], 1.0), end(2, 1, [-7.0, 5.0], 1.0, status="collapsed")),
    )
    found = ManyStarts(experiment, (0, 1, 2), ends)
    assert found.best == -1.0
    assert [found.reached(lane) for lane in (0, 1)] == [2, 2]
    assert found.costs(0, "passes").tolist() == [2.0, math.inf, 1.0]
    assert found.costs(1, "cpu").tolist() == [0.04, 0.02, math.inf]
    assert found.costs(0, "iteration").tolist() == [2.0, math.inf, 1.0]
    assert [found.best_of(lane) for lane in (0, 1)] == [-1.0, -1.0]
    assert found.profile("passes").tolist() == [[1.0, 1.0, math.inf], [1.0, 2.0, math.inf]]
    assert found.profile("iteration").tolist() == [[1.0, 2.0, math.inf], [1.0, 1.0, math.inf]]
    assert [share_within(found.profile("passes")[1], ratio) for ratio in (0.9, 1.0, 2.0, math.inf)] == [
        0.0,
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    ]
    assert quartiles(found.costs(0, "passes")) == pytest.approx((1.25, 1.5, 1.75))
    assert all(math.isnan(each) for each in quartiles(np.array([math.inf])))


def test_a_lane_that_begins_at_the_best_mode_counts_as_one_iteration(experiment: Experiment) -> None:
    ends = ((end(0, 0, [-1.0], 1.0), end(0, 1, [-9.0, -3.0, -1.0], 1.0)),)
    assert ManyStarts(experiment, (0,), ends).profile("iteration").tolist() == [[1.0], [2.0]]


def test_lanes_that_are_switched_off_take_no_part(experiment: Experiment) -> None:
    off = experiment.replace(lanes=(dataclasses.replace(experiment.lanes[0], on=False), experiment.lanes[1]))
    found = many_starts(off, 2)
    assert found is not None
    assert [lane.title for lane in found.lanes] == ["lbfgs"]
    assert found.profile("passes").tolist() == [[1.0, 1.0 if found.reached(0) == 2 else math.inf]]
