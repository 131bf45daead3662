"""SQUAREM: its step lengths and bounds, its fallback, its monotonicity."""

import dataclasses
import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.squarem import Squarem, SquaremState
from engine.errors import InputError
from engine.parameters import Parameters
from engine.settings import configure
from engine.trace import Step
from tests.engine.algorithms.crawling import EM_STEPS, e_steps_to_the_maximum
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment


def em_steps(start: Beginning, parameters: Parameters, count: int) -> list[Parameters]:
    """The parameters and their images under the EM map."""
    problem, found = start.problem(), [parameters]
    for _ in range(count):
        found.append(problem.model.m_step(problem.expect(found[-1]).statistics, found[-1]))
    return found


def longest(step: Step) -> float:
    assert isinstance(step.state, SquaremState)
    return step.state.longest


@pytest.mark.parametrize("scheme", [1, 2, 3])
@pytest.mark.parametrize("start", [deaths(), faithful()], ids=["deaths", "faithful"])
def test_an_iteration_is_the_formula(start: Beginning, scheme: int) -> None:
    steps = start.steps(Squarem(scheme=scheme), tolerance=0.0, max_iterations=8)
    jumps = 0
    for before, step in itertools.pairwise(steps):
        zero, one, two = em_steps(start, before.parameters, 2)
        r = one.vector - zero.vector
        v = two.vector - one.vector - r
        lengths = {1: -(r @ v) / (v @ v), 2: -(r @ r) / (r @ v), 3: np.sqrt((r @ r) / (v @ v))}
        length = max(1.0, min(longest(before), float(lengths[scheme])))
        if not step.events:
            assert longest(step) == longest(before) * (4.0 if length == longest(before) else 1.0)
        if step.events or length <= 1.01:
            assert np.array_equal(step.parameters.vector, two.vector)
            assert step.e_steps - before.e_steps in ((2,) if length <= 1.01 else (2, 3, 4))
            continue
        jumped = zero.vector + 2 * length * r + length**2 * v
        _, image = em_steps(start, Parameters(zero.layout, jumped), 1)
        np.testing.assert_allclose(step.parameters.vector, image.vector, rtol=1e-9)
        assert step.e_steps - before.e_steps == 3
        jumps += 1
    assert jumps >= 3


def test_the_first_iteration_is_two_em_steps() -> None:
    steps = faithful().steps(Squarem(), max_iterations=1)
    slow = faithful().steps(ExpectationMaximization(), max_iterations=2)
    assert np.array_equal(steps[1].parameters.vector, slow[2].parameters.vector)


def test_the_bound_shrinks_when_it_was_reached_and_failed() -> None:
    """The rules of the R package, with its defaults; a refused jump was in the end one of length 1."""
    algorithm = Squarem()
    assert algorithm._next_bound(64.0, 64.0, refused=True) == 16.0
    assert algorithm._next_bound(64.0, 10.0, refused=True) == 64.0
    assert algorithm._next_bound(4.0, 4.0, refused=True) == 4.0
    assert algorithm._next_bound(64.0, 64.0, refused=False) == 256.0
    assert algorithm._next_bound(64.0, 10.0, refused=False) == 64.0


def test_a_refused_jump_becomes_two_em_steps() -> None:
    start = first_experiment()
    steps = start.steps(Squarem())
    refused = [pair for pair in itertools.pairwise(steps) if pair[1].events]
    assert refused
    for before, step in refused:
        *_, two = em_steps(start, before.parameters, 2)
        assert np.array_equal(step.parameters.vector, two.vector)
        assert [event.kind for event in step.events] == ["fallback"]
        assert step.events[0].detail.endswith(": two EM steps instead")


@pytest.mark.parametrize("allowed", [0.0, 1e-3, 1.0])
def test_the_log_likelihood_falls_by_no_more_than_is_allowed(allowed: float) -> None:
    algorithm = Squarem(allowed_decrease=allowed)
    assert algorithm.promises == ("log-likelihood" if allowed == 0.0 else None)
    values = np.array([step.log_likelihood for step in deaths().steps(algorithm)])
    assert float(-np.min(np.diff(values))) <= allowed + 1e-9


def test_it_falls_where_it_may() -> None:
    steps = deaths().steps(Squarem(allowed_decrease=1.0))
    assert any(step.decreased for step in steps)
    assert any(event.kind == "decrease" for step in steps for event in step.events)


@pytest.mark.parametrize("scheme", [1, 2, 3])
def test_every_scheme_overtakes_em_where_it_crawls(scheme: int) -> None:
    assert e_steps_to_the_maximum(Squarem(scheme=scheme)) < EM_STEPS / 8


def test_two_equal_em_steps_have_no_length() -> None:
    """Where nothing bends, or nothing moves, the step length has no value: then two EM steps are taken."""
    zeros, ones = np.zeros(3), np.ones(3)
    for scheme in (1, 2, 3):
        assert Squarem(scheme=scheme)._length(zeros, zeros) == 1.0
        assert Squarem(scheme=scheme)._length(ones, zeros) == 1.0


def test_settings_are_checked_and_may_change_in_flight() -> None:
    with pytest.raises(InputError, match="1 to 3"):
        configure(Squarem, {"scheme": 4}, "[lane]")
    assert dataclasses.replace(Squarem(), allowed_decrease=1.0).promises is None
