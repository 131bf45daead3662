"""Quasi-Newton EM: collecting its secants, its jump, and its tail."""

import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.quasi_newton_em import QuasiNewtonEM, QuasiNewtonState
from engine.trace import Step
from tests.engine.algorithms.crawling import EM_STEPS, e_steps_to_the_maximum, steps_to_the_maximum
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment


def state_of(step: Step) -> QuasiNewtonState:
    assert isinstance(step.state, QuasiNewtonState)
    return step.state


@pytest.mark.parametrize(("start", "order"), [(faithful(), 5), (faithful(), 2), (deaths(), 3)])
def test_it_begins_with_as_many_em_steps_as_fill_its_memory(start: Beginning, order: int) -> None:
    """More pairs than free parameters say nothing new: the deaths have 3."""
    steps = start.steps(QuasiNewtonEM(order=max(order, 5) if order == 3 else order), max_iterations=order + 1)
    slow = start.steps(ExpectationMaximization(), max_iterations=order + 1)
    for one, other in zip(steps, slow, strict=True):
        assert np.array_equal(one.parameters.vector, other.parameters.vector)
    assert [len(state_of(step).secants) for step in steps] == [0, 0, *range(1, order + 1)]
    for place, each in enumerate(state_of(steps[-1]).secants):
        assert np.array_equal(each.first, slow[place + 1].parameters.vector - slow[place].parameters.vector)
        assert np.array_equal(
            each.second, slow[place + 2].parameters.vector - slow[place + 1].parameters.vector
        )


def test_of_order_one_it_is_the_formula_of_the_paper() -> None:
    """theta <- (1 - c) F(theta) + c F(F(theta)), c = -|u|^2 / u'(v - u)."""
    start = deaths()
    steps = start.steps(QuasiNewtonEM(order=1), tolerance=0.0, max_iterations=12)
    problem, jumps = start.problem(), 0
    for before, step in itertools.pairwise(steps[2:]):
        zero = before.parameters
        one = problem.model.m_step(problem.expect(zero).statistics, zero)
        two = problem.model.m_step(problem.expect(one).statistics, one)
        u, v = one.vector - zero.vector, two.vector - one.vector
        if step.events:
            assert np.array_equal(step.parameters.vector, two.vector)
            continue
        c = -(u @ u) / (u @ (v - u))
        np.testing.assert_allclose(step.parameters.vector, (1 - c) * one.vector + c * two.vector, rtol=1e-11)
        assert step.e_steps - before.e_steps == 2
        jumps += 1
    assert jumps >= 5


def test_of_higher_order_it_is_newton_s_step_with_the_secants() -> None:
    """theta - (I - M)^-1 (theta - F(theta)), with M = V (U'U)^-1 U', written out as matrices."""
    start = faithful()
    steps = start.steps(QuasiNewtonEM(order=4), tolerance=0.0, max_iterations=20)
    problem, jumps = start.problem(), 0
    for before, step in itertools.pairwise(steps[5:]):
        if step.events:
            continue
        zero = before.parameters
        one = problem.model.m_step(problem.expect(zero).statistics, zero)
        secants = state_of(step).secants
        first = np.stack([each.first for each in secants], axis=1)
        second = np.stack([each.second for each in secants], axis=1)
        matrix = second @ np.linalg.solve(first.T @ first, first.T)
        residual = one.vector - zero.vector
        wanted = zero.vector + np.linalg.solve(np.eye(residual.size) - matrix, residual)
        np.testing.assert_allclose(step.parameters.vector, wanted, rtol=1e-5, atol=1e-6)
        jumps += 1
    assert jumps >= 5


def test_a_refused_jump_becomes_two_em_steps() -> None:
    start = first_experiment()
    steps = start.steps(QuasiNewtonEM())
    refused = [pair for pair in itertools.pairwise(steps) if pair[1].events]
    assert refused
    problem = start.problem()
    for before, step in refused:
        image = before.parameters
        for _ in range(2):
            image = problem.model.m_step(problem.expect(image).statistics, image)
        assert np.array_equal(step.parameters.vector, image.vector)
        assert [event.kind for event in step.events] == ["fallback"]


def test_rounding_does_not_lead_it_astray() -> None:
    """Where all log-likelihoods are alike to rounding, jumps that lengthen the residual are refused."""
    steps = faithful().steps(QuasiNewtonEM(), tolerance=1e-11)
    assert steps[-1].status == "converged"
    assert steps[-1].iteration < 60
    said = [event.detail for step in steps for event in step.events]
    assert any("lies farther from a fixed point, and rounding hides whether it rose" in each for each in said)


@pytest.mark.parametrize("order", [1, 3, 5])
def test_it_overtakes_em_where_it_crawls_and_never_loses(order: int) -> None:
    assert e_steps_to_the_maximum(QuasiNewtonEM(order=order)) < EM_STEPS / 7
    assert not any(step.decreased for step in steps_to_the_maximum(QuasiNewtonEM(order=order)))
