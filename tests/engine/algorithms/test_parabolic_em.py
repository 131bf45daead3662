"""Parabolic EM: the curve, the search along it, and its cost."""

import itertools
import re

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.parabolic_em import ParabolicEM, ParabolicState
from engine.parameters import Array, Parameters
from engine.trace import Step
from tests.engine.algorithms.crawling import EM_STEPS, e_steps_to_the_maximum, steps_to_the_maximum
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment


def control_points(step: Step) -> tuple[Array, Array, Array]:
    state = step.state
    assert isinstance(state, ParabolicState)
    assert state.first is not None
    assert state.middle is not None
    return state.first, state.middle, state.position.parameters.vector


def test_it_begins_with_two_em_steps() -> None:
    steps = faithful().steps(ParabolicEM(), max_iterations=2)
    slow = faithful().steps(ExpectationMaximization(), max_iterations=2)
    points = [step.parameters.vector for step in slow]
    assert all(np.array_equal(*pair) for pair in zip(control_points(steps[2]), points, strict=True))
    assert [step.e_steps for step in steps] == [1, 2, 3]


@pytest.mark.parametrize("start", [deaths(), faithful()], ids=["deaths", "faithful"])
def test_an_iteration_searches_the_parabola(start: Beginning) -> None:
    """The last point before the log-likelihood stops rising, on t = 1 + h a^i, and two EM steps from there."""
    algorithm = ParabolicEM(first_step=0.2, growth=1.7)
    steps = start.steps(algorithm, tolerance=0.0, max_iterations=12)
    problem, searched = start.problem(), 0
    for before, step in itertools.pairwise(steps[2:]):
        first, middle, newest = control_points(before)
        best, trials = before, 0
        highest, point = before.log_likelihood, before.parameters
        while True:
            t = 1 + 0.2 * 1.7**trials
            trial = Parameters(point.layout, (1 - t) ** 2 * first + 2 * t * (1 - t) * middle + t**2 * newest)
            if trial.layout.violation(trial.vector) is not None:
                break
            trials += 1
            value = problem.log_likelihood(trial)
            if value <= highest:
                break
            highest, point = value, trial
        image = point
        for _ in range(2):
            image = problem.model.m_step(problem.expect(image).statistics, image)
        np.testing.assert_allclose(step.parameters.vector, image.vector, rtol=1e-8, atol=1e-10)
        assert step.e_steps - before.e_steps == trials + 2
        if step.events:
            assert point is best.parameters
            assert np.array_equal(control_points(step)[0], newest)
        else:
            assert np.array_equal(control_points(step)[0], middle)
            assert np.array_equal(control_points(step)[1], newest)
            searched += 1
    assert searched >= 5


def test_a_parabola_that_does_not_rise_becomes_two_em_steps() -> None:
    steps = first_experiment().steps(ParabolicEM())
    said = [event.detail for step in steps for event in step.events]
    assert any(
        re.fullmatch(r"the extrapolated point lost \S+ of log-likelihood: two EM steps instead", each)
        for each in said
    )


def test_it_needs_few_iterations_where_em_crawls_and_never_loses() -> None:
    steps = steps_to_the_maximum(ParabolicEM())
    assert e_steps_to_the_maximum(ParabolicEM()) < EM_STEPS / 4
    assert steps[-1].iteration < 50
    assert not any(step.decreased for step in steps)
