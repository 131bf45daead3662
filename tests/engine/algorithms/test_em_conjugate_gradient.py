"""EM and conjugate gradients by turns: its two limits, its switch, its retreats."""

import itertools

import numpy as np
import pytest

from engine.algorithms.conjugate_gradient import ConjugateGradient
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.em_conjugate_gradient import EMConjugateGradient, HybridState, normalised_entropy
from engine.trace import Step
from tests import textbook
from tests.engine.algorithms.crawling import EM_STEPS, MAXIMUM
from tests.engine.algorithms.paths import same_bit_for_bit, twenty_steps
from tests.engine.algorithms.starts import (
    Beginning,
    deaths,
    faithful,
    first_experiment,
    separated_by,
    zero_weight,
)

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


def conjugate(step: Step) -> bool:
    assert isinstance(step.state, HybridState)
    return step.state.conjugate


@pytest.mark.parametrize("name", STARTS)
def test_never_switched_it_is_em_bit_for_bit(name: str) -> None:
    one = twenty_steps(STARTS[name], EMConjugateGradient(threshold=1.0))
    same_bit_for_bit(one, twenty_steps(STARTS[name], ExpectationMaximization()))
    assert not any(step.events for step in one)
    assert [step.e_steps for step in one] == [step.iteration for step in one]
    assert {step.gradients for step in one} == {1}


@pytest.mark.parametrize("name", STARTS)
def test_always_switched_it_is_conjugate_gradient_bit_for_bit(name: str) -> None:
    one = twenty_steps(STARTS[name], EMConjugateGradient(threshold=0.0))
    other = twenty_steps(STARTS[name], ConjugateGradient())
    same_bit_for_bit(one, other)
    assert [step.gradients for step in one] == [step.gradients for step in other]
    assert [event.kind for step in one for event in step.events if event.kind == "switch"] == ["switch"]


@pytest.mark.parametrize("name", STARTS)
def test_the_entropy_is_the_textbooks(name: str) -> None:
    start = STARTS[name]
    for step in start.steps(ExpectationMaximization(), tolerance=0.0, max_iterations=10):
        described = start.problem().model.describe(step.parameters)
        shares = textbook.e_step(start.dataset.values, described).responsibilities
        positive = np.where(shares > 0, shares, 1)
        by_row = -np.sum(positive * np.log(positive), axis=1)
        row_weights = np.ones(len(shares)) if start.dataset.row_weights is None else start.dataset.row_weights
        wanted = float(np.average(by_row, weights=row_weights)) / np.log(shares.shape[1])
        assert step.state is not None
        assert normalised_entropy(start.problem(), step.state.position) == pytest.approx(wanted, abs=1e-11)


def test_it_chooses_by_the_entropy_before_each_step() -> None:
    start = faithful()
    steps = start.steps(EMConjugateGradient(threshold=0.2), max_iterations=400)
    before = False
    for here, step in itertools.pairwise(steps):
        assert here.state is not None
        if conjugate(step) or step.status == "running":
            entropy = normalised_entropy(start.problem(), here.state.position)
            assert conjugate(step) is (entropy >= 0.2)
        switched = [event for event in step.events if event.kind == "switch"]
        assert bool(switched) is (conjugate(step) is not before)
        before = conjugate(step)
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-1119.2139705938, abs=1e-8)
    assert {conjugate(step) for step in steps[1:]} == {True, False}
    assert not any(step.decreased for step in steps)


def test_it_is_fast_whether_clusters_overlap_or_not() -> None:
    """EM's own numbers: 5 steps to within 1e-6 at distance 8, 1098 at distance 2."""

    def passes(start: Beginning, maximum: float) -> float:
        steps = start.steps(EMConjugateGradient(), tolerance=0.0, max_iterations=300)
        return next(step.passes for step in steps if step.log_likelihood > maximum - 1e-6)

    assert passes(separated_by(2.0), MAXIMUM) < EM_STEPS / 10
    assert passes(separated_by(8.0), -2110.78853065) < 15


def test_where_a_weight_is_0_it_stays_with_em() -> None:
    """Softmax cannot write a weight of 0; EM goes on there."""
    start = zero_weight((0.5, 0.5, 0.0))
    problem, algorithm = start.problem(), EMConjugateGradient(threshold=0.0)
    state = algorithm.init(problem, zero_weight().start, 0)
    assert isinstance(state, HybridState)
    position = ExpectationMaximization().init(problem, start.start, 0).position
    unwritten = HybridState(
        position, state.chart, np.full_like(state.x, np.nan), state.gradient, None, 1.0, True
    )
    found, info = algorithm.step(problem, unwritten)
    assert isinstance(found, HybridState)
    assert found.conjugate is False
    assert [event.kind for event in info.events] == ["switch"]
    image = problem.model.m_step(position.expectation.statistics, position.parameters)
    assert np.array_equal(found.position.parameters.vector, image.vector)
    assert not np.isfinite(found.x).all()
    assert found.position.log_likelihood > position.log_likelihood
