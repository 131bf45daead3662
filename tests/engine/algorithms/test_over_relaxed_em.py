"""Over-relaxed EM: how its step grows, and what happens when it fails."""

import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.over_relaxed_em import OverRelaxedEM, OverRelaxedState
from engine.run import Intervention
from engine.trace import Step
from tests.engine.algorithms.crawling import EM_STEPS, e_steps_to_the_maximum, steps_to_the_maximum
from tests.engine.algorithms.starts import Beginning, deaths, faithful


def eta(step: Step) -> float:
    assert isinstance(step.state, OverRelaxedState)
    return step.state.eta


@pytest.mark.parametrize("start", [deaths(), faithful()], ids=["deaths", "faithful"])
@pytest.mark.parametrize("growth", [1.1, 2.0])
def test_an_iteration_is_the_formula(start: Beginning, growth: float) -> None:
    steps = start.steps(OverRelaxedEM(growth=growth), tolerance=0.0, max_iterations=40)
    assert eta(steps[0]) == 1.0
    problem, failed = start.problem(), 0
    for before, step in itertools.pairwise(steps):
        here = before.parameters
        image = problem.model.m_step(problem.expect(here).statistics, here).vector
        if step.events:
            assert [event.kind for event in step.events] == ["fallback"]
            assert step.events[0].detail.endswith(": an EM step instead")
            assert np.array_equal(step.parameters.vector, image)
            assert eta(step) == 1.0
            # A point outside the constraints is refused without a pass.
            assert step.e_steps - before.e_steps == (1 if "left" in step.events[0].detail else 2)
            failed += 1
            continue
        longer = here.vector + eta(before) * (image - here.vector)
        np.testing.assert_allclose(step.parameters.vector, longer, rtol=1e-13, atol=1e-15)
        assert eta(step) == eta(before) * growth
        assert step.e_steps - before.e_steps == 1
    assert failed >= 1


def test_its_first_step_is_em_s_bit_for_bit() -> None:
    for start in (deaths(), faithful()):
        one = start.steps(OverRelaxedEM(), max_iterations=1)[1]
        other = start.steps(ExpectationMaximization(), max_iterations=1)[1]
        assert np.array_equal(one.parameters.vector, other.parameters.vector)


def test_it_gains_a_factor_where_em_crawls_and_never_loses() -> None:
    assert EM_STEPS / 5 < e_steps_to_the_maximum(OverRelaxedEM()) < EM_STEPS / 2.5
    assert not any(step.decreased for step in steps_to_the_maximum(OverRelaxedEM()))


def test_its_growth_may_change_in_flight() -> None:
    steps = deaths().steps(OverRelaxedEM(), Intervention(3, "growth", 2.0), tolerance=0.0, max_iterations=5)
    assert [eta(step) for step in steps] == pytest.approx([1, 1.1, 1.21, 1.331, 2.662, 5.324])
