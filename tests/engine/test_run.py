"""Runs: every status with its sentence, limits, events, interventions, and going on where one stopped."""

import itertools
import math
import re

import numpy as np
import pytest

from engine.algorithms.adam import Adam
from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.algorithms.projected_gradient import ProjectedGradient
from engine.run import Intervention, Route, replay, run
from engine.starts.symmetric import Symmetric
from engine.stopping import Stop
from engine.trace import STATUSES, Step
from tests.engine.algorithms.cover import alike
from tests.engine.algorithms.starts import (
    Beginning,
    collapsing,
    deaths,
    faithful,
    first_experiment,
    held_quantiles,
    separated_by,
    zero_weight,
)


def symmetric(beginning: Beginning) -> Beginning:
    problem = beginning.problem()
    beginning.start = Symmetric().choose(problem.model, problem.prepared)
    return beginning


def kinds(steps: list[Step]) -> list[tuple[int, str]]:
    return [(step.iteration, event.kind) for step in steps for event in step.events]


# Converged -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [ExpectationMaximization(), LimitedMemoryBfgs(), Adam()])
def test_stationary(algorithm: Algorithm) -> None:
    last = first_experiment().steps(algorithm)[-1]
    assert last.status == "converged"
    assert re.fullmatch(r"stationary: projected gradient \d\.?\d*e-9 < 1e-8", last.reason)
    assert last.stationarity < 1e-8


def test_the_gain_rule() -> None:
    *_, before, last = first_experiment().steps(ExpectationMaximization(), rule="gain", tolerance=1e-7)
    assert last.status == "converged"
    assert re.fullmatch(r"almost no gain: relative gain \S+e-8 < 1e-7", last.reason)
    assert abs(last.log_likelihood - before.log_likelihood) < 1e-7 * abs(last.log_likelihood)


def test_the_change_rule() -> None:
    *_, before, last = first_experiment().steps(ExpectationMaximization(), rule="change", tolerance=1e-5)
    assert last.status == "converged"
    assert re.fullmatch(r"almost no change: largest change \S+e-6 < 1e-5", last.reason)
    assert np.max(np.abs(last.parameters.vector - before.parameters.vector)) < 1e-5


def test_a_maximum_on_the_boundary_is_stationary_for_every_method() -> None:
    for algorithm in (ExpectationMaximization(), ProjectedGradient(learning_rate=0.5), LimitedMemoryBfgs()):
        last = zero_weight().steps(algorithm)[-1]
        assert last.status == "converged"
        assert last.stationarity < 1e-8


# Limits ----------------------------------------------------------------------------------------------------


def test_limits() -> None:
    last = faithful().steps(GradientAscent(), max_iterations=5)[-1]
    assert (last.iteration, last.status, last.reason) == (
        5,
        "iteration-limit",
        "reached the limit of 5 iterations",
    )
    last = faithful().steps(LimitedMemoryBfgs(), max_passes=7.0)[-1]
    assert last.status == "iteration-limit"
    assert last.reason == "reached the limit of 7 passes over the data"
    assert last.passes >= 7
    last = faithful().steps(GradientAscent(), max_seconds=1e-6)[-1]
    assert (last.iteration, last.status) == (0, "time-limit")
    assert last.reason == "reached the limit of 1e-6 CPU seconds"


def test_tolerance_zero_switches_the_rule_off() -> None:
    for rule in ("gradient", "gain", "change"):
        steps = separated_by(8.0).steps(
            ExpectationMaximization(), rule=rule, tolerance=0.0, max_iterations=40
        )
        assert steps[-1].status == "iteration-limit"
        assert len(steps) == 41


# Lost ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [50.0, 500.0])
def test_diverged(rate: float) -> None:
    last = first_experiment().steps(GradientAscent(learning_rate=rate))[-1]
    assert last.status == "diverged"
    assert last.reason.startswith(f"diverged at {last.iteration}: ")
    assert "times the largest stable one, 2/λmax, here" in last.reason
    assert math.isnan(last.log_likelihood)
    assert not last.is_likelihood
    assert kinds([last]) == [(last.iteration, "not-finite")]
    assert last.state is None or last.state.position.parameters is not last.parameters


def test_drop_last_walks_out_of_the_triangle_with_its_number() -> None:
    steps = first_experiment().steps(GradientAscent(learning_rate=0.1, weight_coordinates="drop-last"))
    last = steps[-1]
    assert last.iteration > 10
    assert all(np.min(step.parameters["weights"]) > 0 for step in steps[:-1])
    became = float(last.parameters["weights"][2])
    assert became < 0
    assert math.isfinite(last.log_likelihood)
    assert not last.is_likelihood
    assert last.status == "left-constraints"
    assert re.fullmatch(
        rf"left the constraints at {last.iteration}: weight 3 became {re.escape(f'{became:.3g}')}; the rate is "
        r"about \S+ times the largest stable one, 2/λmax, here",
        last.reason,
    )


def test_drop_last_out_to_where_there_is_no_value_names_the_weight_too() -> None:
    last = first_experiment().steps(GradientAscent(learning_rate=1.2, weight_coordinates="drop-last"))[-1]
    assert (last.iteration, last.status) == (1, "left-constraints")
    assert last.reason.startswith(
        "left the constraints at 1: weight 3 became -0.85, and there the log-likelihood has no value; the rate"
    )
    ratio = re.search(r"about (\S+) times", last.reason)
    assert ratio is not None
    assert float(ratio[1]) > 2


def test_the_remark_judges_the_rate_that_was_used() -> None:
    """Also where it was changed in flight."""
    drop = GradientAscent(learning_rate=1e-4, weight_coordinates="drop-last")
    changed = first_experiment().steps(drop, Intervention(0, "learning_rate", 1.2))[-1]
    at_once = first_experiment().steps(GradientAscent(learning_rate=1.2, weight_coordinates="drop-last"))[-1]
    assert changed.reason == at_once.reason
    assert kinds([changed]) == [(1, "intervention"), (1, "left-constraints")]


def test_raw_weights_leave_at_the_first_step_and_the_reason_is_told() -> None:
    steps = first_experiment().steps(GradientAscent(weight_coordinates="raw"))
    last = steps[-1]
    assert (last.iteration, last.status) == (1, "left-constraints")
    total = float(np.sum(last.parameters["weights"]))
    assert f"the weights' sum became {total:.6g}" in last.reason
    assert "no likelihood any more" in last.reason
    assert "grows without end" in last.reason
    assert last.log_likelihood > steps[0].log_likelihood
    assert not last.is_likelihood


def test_raw_covariances_lose_positive_definiteness() -> None:
    last = first_experiment().steps(GradientAscent(covariance_coordinates="raw", learning_rate=0.5))[-1]
    assert last.status == "left-constraints"
    assert "lost positive definiteness (smallest eigenvalue -" in last.reason


@pytest.mark.parametrize(("variance", "iteration"), [(1.0, 3), (4.0, 9)])
def test_em_collapses_where_exact_arithmetic_does(variance: float, iteration: int) -> None:
    """Reference, section 2: the second variance underflows."""
    steps = collapsing(variance).steps(ExpectationMaximization())
    last = steps[-1]
    assert (last.iteration, last.status) == (iteration, "collapsed")
    assert last.reason.startswith(f"collapsed at {iteration}: component 2 shrank onto a point or a line")
    if variance == 1.0:
        published = [-13.861585028, -11.942386939, -7.780772765]
        np.testing.assert_allclose([step.log_likelihood for step in steps[:-1]], published, atol=1e-8)
    assert kinds([last]) == [(iteration, "collapsed")]


def test_refused() -> None:
    steps = zero_weight((0.5, 0.5, 0.0)).steps(GradientAscent())
    assert len(steps) == 1
    assert steps[0].status == "refused"
    assert steps[0].state is None
    assert "softmax cannot write weight 3, which is 0" in steps[0].reason
    assert steps[0].passes == 0
    assert math.isnan(steps[0].log_likelihood)


# Stuck -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithm",
    [ExpectationMaximization(), GradientAscent(learning_rate=1.0), LimitedMemoryBfgs()],
)
@pytest.mark.parametrize("beginning", [first_experiment, deaths])
def test_a_symmetric_start_is_a_saddle(algorithm: Algorithm, beginning: object) -> None:
    assert callable(beginning)
    start = symmetric(beginning())
    steps = start.steps(algorithm)
    last = steps[-1]
    assert last.status == "stuck"
    assert last.reason.startswith("stationary: projected gradient")
    assert "a saddle: a small move to one side raises the log-likelihood by" in last.reason
    charged = last.e_steps + last.gradients + last.log_likelihoods
    assert last.passes == charged < 3 * len(steps)


def test_a_weight_of_zero_that_should_rise() -> None:
    """EM and the M step can never leave a weight of 0, though the multiplier there is above 1."""
    last = held_quantiles((0.0, 0.5, 0.5)).steps(ExpectationMaximization())[-1]
    assert last.status == "stuck"
    assert re.search(r"weight 1 is 0 and the mean of f1/f is 1\.81\d*, above 1: raising it", last.reason)


def test_a_weight_of_zero_that_should_stay_is_no_saddle() -> None:
    last = zero_weight((0.5, 0.5, 0.0)).steps(ExpectationMaximization())[-1]
    assert last.status == "converged"
    assert last.parameters["weights"][2] == 0.0


# Events ----------------------------------------------------------------------------------------------------


def test_real_decreases_are_marked_and_counted() -> None:
    steps = first_experiment().steps(GradientAscent(learning_rate=1.2), max_iterations=60)
    fell = [
        after.iteration
        for before, after in itertools.pairwise(steps)
        if after.log_likelihood < before.log_likelihood - 1e-6
    ]
    assert [step.iteration for step in steps if step.decreased] == fell
    assert len(fell) > 5
    assert [iteration for iteration, kind in kinds(steps) if kind == "decrease"] == fell


def test_rounding_is_no_decrease() -> None:
    steps = faithful().steps(ExpectationMaximization(), tolerance=0.0, max_iterations=3000)
    values = [step.log_likelihood for step in steps]
    assert np.min(np.diff(values)) < 0, "the test needs a likelihood that trembles"
    assert not any(step.decreased for step in steps)


def test_outside_a_lane_may_go_on_if_asked_to_and_is_never_compared() -> None:
    drop = GradientAscent(learning_rate=0.1, weight_coordinates="drop-last")
    stopped = first_experiment().steps(drop)
    steps = first_experiment().steps(drop, continue_outside=True, max_iterations=60)
    left = stopped[-1].iteration
    assert steps[-1].status == "iteration-limit"
    assert steps[-1].iteration == 60
    assert [step.is_likelihood for step in steps[: left + 1]] == [True] * left + [False]
    assert kinds(steps[: left + 1]) == [(left, "left-constraints")]
    assert not any(step.decreased for step in steps[left:] if not step.is_likelihood)
    np.testing.assert_array_equal(
        [step.log_likelihood for step in steps[: left + 1]], [step.log_likelihood for step in stopped]
    )


def test_a_component_that_emptied_is_no_collapse() -> None:
    steps = zero_weight().steps(ProjectedGradient(learning_rate=0.5))
    assert [kind for _, kind in kinds(steps)] == ["empty-component"]


# Interventions and going on --------------------------------------------------------------------------------


def test_a_rate_changed_at_57_takes_effect_at_58() -> None:
    plain = first_experiment().steps(GradientAscent(), max_iterations=80)
    changed = first_experiment().steps(
        GradientAscent(), Intervention(57, "learning_rate", 0.05), max_iterations=80
    )
    vectors = [step.parameters.vector for step in plain], [step.parameters.vector for step in changed]
    same = [np.array_equal(a, b) for a, b in zip(*vectors, strict=True)]
    assert all(same[:58])
    assert not any(same[58:])
    assert [event for event in kinds(changed) if event[1] == "intervention"] == [(58, "intervention")]
    (event,) = [event for event in changed[58].events if event.kind == "intervention"]
    assert event.detail == "learning rate set to 0.05 after 57"


def test_a_changed_run_is_replayed_bit_for_bit() -> None:
    algorithm, change = Adam(), Intervention(7, "learning_rate", 0.5)
    once = faithful().steps(algorithm, change, max_iterations=20)
    twice = faithful().steps(algorithm, change, max_iterations=20)
    assert all(
        a.state is not None and b.state is not None and alike(a.state, b.state)
        for a, b in zip(once, twice, strict=True)
    )
    first, last = once[3].state, once[15].state
    assert first is not None
    assert last is not None
    again = replay(faithful().problem(), Route(algorithm, (change,)), 3, first, 15)
    assert alike(again, last)


def test_replaying_is_not_charged() -> None:
    problem = faithful().problem()
    steps = faithful().steps(LimitedMemoryBfgs(), max_iterations=5)
    assert steps[0].state is not None
    replay(problem, Route(LimitedMemoryBfgs()), 0, steps[0].state, 5)
    assert problem.meter.passes == 0


@pytest.mark.parametrize("algorithm", [ExpectationMaximization(), LimitedMemoryBfgs(), Adam()])
def test_a_run_goes_on_as_if_it_had_never_stopped(algorithm: Algorithm) -> None:
    changes = [Intervention(20, "learning_rate", 0.1)] if isinstance(algorithm, Adam) else []
    whole = first_experiment().steps(algorithm, *changes)
    rest = first_experiment().steps(algorithm, *changes, after=whole[12])
    assert len(rest) == len(whole) - 13
    for one, other in zip(whole[13:], rest, strict=True):
        assert one.state is not None
        assert other.state is not None
        assert alike(one.state, other.state)
        assert (one.passes, one.gradients, one.e_steps) == (other.passes, other.gradients, other.e_steps)
        assert (one.events, one.status, one.reason) == (other.events, other.status, other.reason)


def test_the_clock_and_the_meter_only_go_forward() -> None:
    steps = faithful().steps(LimitedMemoryBfgs())
    seconds = [step.cpu_seconds for step in steps]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    assert all(a.passes < b.passes for a, b in itertools.pairwise(steps))


def test_probing_and_judging_are_free() -> None:
    """The saddle's probe and the remark on the rate evaluate a lot, and none of it is charged."""
    problem = symmetric(deaths()).problem()
    steps = list(run(problem, Route(ExpectationMaximization()), symmetric(deaths()).start, Stop()))
    assert steps[-1].status == "stuck"
    assert problem.meter.passes == len(steps)


def test_the_statuses() -> None:
    assert STATUSES == (
        "running",
        "paused",
        "converged",
        "iteration-limit",
        "time-limit",
        "diverged",
        "left-constraints",
        "collapsed",
        "refused",
        "stuck",
        "stopped",
    )
