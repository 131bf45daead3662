"""Laws that every algorithm keeps on every model in every coordinates."""

import itertools
import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from engine.algorithms.base import Algorithm, State
from engine.algorithms.em_variant import ObjectiveState
from engine.algorithms.gradient import GradientState
from engine.models.base import UndefinedLikelihood
from engine.roundoff import roundoff_bound
from engine.run import Route, replay, run
from engine.stopping import Stop
from engine.trace import STATUSES, Step
from tests.engine.algorithms.cover import (
    COVER,
    EACH_RUN,
    ENDLESS,
    Combination,
    alike,
    another_cover,
    arrays_of,
)

ENTRIES = (
    "iteration",
    "log_likelihood",
    "stationarity",
    "e_steps",
    "gradients",
    "log_likelihoods",
    "passes",
    "is_likelihood",
    "decreased",
    "events",
    "status",
    "reason",
)

EARLY_ENDS = ("left-constraints", "converged", "collapsed", "stopped")


def entry(step: Step) -> tuple[object, ...]:
    """What a step says, clocks left out, in a form that compares bit by bit (NaN included)."""
    values = [getattr(step, name) for name in ENTRIES]
    return (*(repr(value) for value in values), step.parameters.vector.tobytes())


def steps_are_pure_and_frozen(case: Combination) -> None:
    problem = case.problem()
    state = case.algorithm.init(problem, case.start, 0)
    for _ in range(4):
        before = [np.array(each) for each in arrays_of(state)]
        try:
            once, _ = case.algorithm.step(problem, state)
        except UndefinedLikelihood as undefined:
            with pytest.raises(UndefinedLikelihood, match=re.escape(undefined.detail)):
                case.algorithm.step(case.problem(), state)
            return
        twice, _ = case.algorithm.step(case.problem(), state)
        assert alike(once, twice)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(before, arrays_of(state), strict=True))
        assert all(not each.flags.writeable for each in arrays_of(once) if each.ndim)
        state = once


def a_position_has_its_own_log_likelihood(case: Combination) -> None:
    for step in case.steps():
        if step.state is not None and step.is_likelihood:
            here = step.state.position
            assert here.parameters is step.parameters
            assert case.problem().log_likelihood(here.parameters) == here.log_likelihood
            assert here.log_likelihood == step.log_likelihood


def looks_at_parts(algorithm: Algorithm) -> bool:
    """Whether an evaluation may be of some rows only, and then costs less than a pass."""
    return any(hasattr(algorithm, name) for name in ("batch_size", "blocks"))


def cost_is_counted_where_it_is_spent(case: Combination) -> None:
    steps = case.steps()
    for before, step in itertools.pairwise(steps):
        evaluations = step.e_steps + step.gradients + step.log_likelihoods
        assert step.passes <= evaluations
        assert before.trials <= step.trials <= evaluations
        if not looks_at_parts(case.algorithm):
            assert step.passes == evaluations
        assert step.passes > before.passes or step.state is before.state
        if case.algorithm.name == "em":
            assert step.e_steps == step.passes == 1 + step.iteration
    assert all(step.cpu_seconds >= before.cpu_seconds for before, step in itertools.pairwise(steps))


def promises_are_kept(case: Combination) -> None:
    if case.algorithm.promises != "log-likelihood":
        return
    steps = case.steps()
    total = case.problem().total_weight
    for before, step in itertools.pairwise(steps):
        if step.is_likelihood and before.is_likelihood:
            assert not step.decreased
            fall = before.log_likelihood - step.log_likelihood
            assert fall <= roundoff_bound(step.log_likelihood, total)


KEEP_THE_SIMPLEX = ("projected-gradient", "exponentiated-gradient", "frank-wolfe", "sqp", "lbfgs-b")
"""Algorithms that keep the weights' constraints themselves, whatever their coordinates would let them do."""


def keeping_coordinates_stay_inside_at_any_rate(case: Combination) -> None:
    raw = ("covariance_coordinates", "rate_coordinates", "probability_coordinates")
    keeps = case.algorithm.name in KEEP_THE_SIMPLEX and all(
        getattr(case.algorithm, each, "") != "raw" for each in raw
    )
    for step in case.steps(Stop(tolerance=0.0, max_iterations=8), learning_rate=5.0):
        if (
            keeps
            or (isinstance(step.state, State) and not isinstance(step.state, GradientState))
            or (isinstance(step.state, GradientState) and step.state.chart.keeps_support)
        ):
            assert step.status != "left-constraints", step.reason
            assert not step.is_likelihood or step.parameters.layout.violation(step.parameters.vector) is None


def it_climbs(case: Combination) -> None:
    # Annealing takes longer than any other to have forgotten its first temperature.
    annealed = case.algorithm.name == "annealed-em"
    steps = case.steps(Stop(tolerance=0.0, max_iterations=25)) if annealed else case.steps()
    last = next(step for step in reversed(steps) if math.isfinite(step.log_likelihood))
    if case.algorithm.promises == "classification likelihood":
        # It ends where that is at its highest, which from a good start is lower on the log-likelihood.
        ends = [step.state.objective for step in (steps[0], last) if isinstance(step.state, ObjectiveState)]
        assert ends[1] > ends[0] or (last.iteration == 0 and steps[-1].status == "collapsed")
    elif annealed and last.log_likelihood < steps[0].log_likelihood:
        # It forgets the start, which may have been near a higher maximum; from where it was coldest it climbs.
        assert last.log_likelihood > steps[-2].log_likelihood
    else:
        assert last.log_likelihood > steps[0].log_likelihood
    assert last.iteration >= 3 or steps[-1].status in EARLY_ENDS


def every_run_ends_with_one_status_and_a_sentence(case: Combination) -> None:
    steps = case.steps()
    assert all(step.status == "running" and not step.reason for step in steps[:-1])
    assert steps[-1].status in STATUSES
    assert steps[-1].status != "running"
    assert steps[-1].reason
    assert [step.iteration for step in steps] == list(range(len(steps)))


def it_goes_on_and_is_replayed_bit_for_bit(case: Combination) -> None:
    steps = case.steps()
    if len(steps) < 7:
        return
    route = Route(case.algorithm)
    continued = list(run(case.problem(), route, case.start, ENDLESS, steps[4]))
    assert [entry(step) for step in continued] == [entry(step) for step in steps[5:]]
    first, last = steps[0].state, steps[6].state
    assert first is not None
    assert last is not None
    if steps[6].status in ("running", "iteration-limit"):
        assert alike(replay(case.problem(), route, 0, first, 6), last)


LAWS: tuple[Callable[[Combination], None], ...] = (
    steps_are_pure_and_frozen,
    a_position_has_its_own_log_likelihood,
    cost_is_counted_where_it_is_spent,
    promises_are_kept,
    keeping_coordinates_stay_inside_at_any_rate,
    it_climbs,
    every_run_ends_with_one_status_and_a_sentence,
    it_goes_on_and_is_replayed_bit_for_bit,
)


def obey(law: Callable[[Combination], None], case: Combination) -> None:
    first = case.steps()[0]
    if first.status == "refused":
        assert first.passes == 0
        assert first.state is None
        assert first.reason.endswith(".")
    else:
        law(case)


@pytest.mark.parametrize("case", COVER, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Combination], None], case: Combination) -> None:
    obey(law, case)


@pytest.mark.soak
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_everywhere(law: Callable[[Combination], None]) -> None:
    for case in another_cover():
        try:
            obey(law, case)
        except AssertionError as error:
            raise AssertionError(f"{case}: {error}") from error


def test_the_cover_lets_every_two_choices_meet() -> None:
    names = list(EACH_RUN)
    for one, other in itertools.combinations(names, 2):
        met = {(case.settings[one], case.settings[other]) for case in COVER}
        assert len(met) == len(EACH_RUN[one]) * len(EACH_RUN[other])


@pytest.mark.parametrize("model", EACH_RUN["model"])
def test_all_lanes_begin_bit_for_bit_alike(model: str) -> None:
    firsts: dict[tuple[object, ...], set[bytes]] = {}
    for case in COVER:
        if case.settings["model"] == model:
            step = case.steps(Stop(tolerance=0.0, max_iterations=1))[0]
            if step.status != "refused":
                here = np.array(step.log_likelihood).tobytes() + step.parameters.vector.tobytes()
                key = (case.settings["dimension"], case.settings["weighted"])
                firsts.setdefault(key, set()).add(here)
    assert firsts
    assert all(len(each) == 1 for each in firsts.values())
