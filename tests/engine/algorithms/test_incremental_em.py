"""Incremental EM: a textbook's sweeps, its free energy, and half of EM's passes."""

import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.incremental_em import IncrementalEM, IncrementalState
from engine.algorithms.mini_batches import MiniBatches
from engine.models.base import UndefinedLikelihood
from engine.roundoff import roundoff_bound
from engine.trace import Step, Trace
from tests import textbook
from tests.engine.algorithms.paths import follows, same_bit_for_bit, twenty_steps
from tests.engine.algorithms.starts import deaths, faithful, first_experiment, separated_by
from tests.engine.models.cases import CASES, Case

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


def state_of(step: Step) -> IncrementalState:
    assert isinstance(step.state, IncrementalState)
    return step.state


@pytest.mark.parametrize("name", STARTS)
def test_with_one_block_it_is_em_bit_for_bit(name: str) -> None:
    one = twenty_steps(STARTS[name], IncrementalEM(blocks=1))
    other = twenty_steps(STARTS[name], ExpectationMaximization())
    same_bit_for_bit(one, other)
    assert [step.passes for step in one] == [step.passes for step in other]
    for step in one:
        # With every q exact the free energy is the log-likelihood.
        assert state_of(step).objective == pytest.approx(step.log_likelihood, rel=1e-13)


def test_it_takes_the_textbooks_sweeps() -> None:
    start, data = first_experiment(), first_experiment().dataset
    steps = start.steps(IncrementalEM(blocks=7), key=3, tolerance=0.0, max_iterations=4)
    dealt = MiniBatches(3, data.rows, -(-data.rows // 7))
    described = start.problem().model.describe(start.start)
    shares = np.array(textbook.e_step(data.values, described).responsibilities)
    path = [described]
    for _ in steps[1:]:
        for block in range(7):
            described = textbook.m_step(data.values, shares, described)
            rows = dealt.batch(block)
            shares[rows] = textbook.e_step(data.values[rows], described).responsibilities
        path.append(described)
    follows(start, steps, path, rel=1e-9)
    assert [step.passes for step in steps] == [1 + step.iteration for step in steps]
    assert [step.e_steps for step in steps] == [7 * (1 + step.iteration) for step in steps]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_the_free_energy_never_falls_and_lies_below_the_log_likelihood(case: Case) -> None:
    problem, algorithm = case.problem(), IncrementalEM(blocks=4)
    state = algorithm.init(problem, case.parameters, 0)
    assert isinstance(state, IncrementalState)
    value = problem.log_likelihood(case.parameters)
    bound = 10 * roundoff_bound(value, problem.total_weight)
    assert state.objective == pytest.approx(value, abs=bound)
    steps, ended = 0, ""
    while steps < 15 and not ended:
        assert isinstance(state, IncrementalState)
        before = state.objective
        try:
            state, _ = algorithm.step(problem, state)
            value = problem.log_likelihood(state.position.parameters)
        except UndefinedLikelihood as undefined:
            ended = undefined.kind
            continue
        steps += 1
        assert isinstance(state, IncrementalState)
        assert state.objective >= before - bound
        assert state.objective <= value + bound
    assert steps >= 1
    assert ended in ("", "collapsed")


def test_it_ends_at_em_s_maximum_in_little_more_than_half_the_passes() -> None:
    """Near the maximum a sweep of many blocks squares EM's rate: half the passes for the same gap."""
    for start in (faithful(), separated_by(3.0)):
        em, incremental = (
            start.steps(algorithm, tolerance=1e-7, max_iterations=300)
            for algorithm in (ExpectationMaximization(), IncrementalEM(blocks=10))
        )
        assert em[-1].status == incremental[-1].status == "converged"
        assert incremental[-1].log_likelihood == pytest.approx(em[-1].log_likelihood, abs=1e-7)
        assert 0.48 < incremental[-1].passes / em[-1].passes < 0.6
        last = state_of(incremental[-1])
        assert last.objective == pytest.approx(incremental[-1].log_likelihood, abs=1e-7)


def test_blocks_are_dealt_by_the_key_and_no_block_is_a_cluster() -> None:
    """The rows stand cluster by cluster in no story, but they may in a file: each block has rows from all over."""
    one, again, other = (
        state_of(faithful().steps(IncrementalEM(), key=key, max_iterations=1)[-1]) for key in (1, 1, 2)
    )
    assert np.array_equal(one.contributions, again.contributions)
    assert not np.array_equal(one.contributions, other.contributions)
    for rows in one.blocks:
        assert rows is not None
        assert np.min(rows) < 90
        assert np.max(rows) > 180


def test_what_it_remembers_counts_in_the_traces_memory() -> None:
    start = faithful()
    kept = {}
    for algorithm in (ExpectationMaximization(), IncrementalEM(blocks=20)):
        trace = Trace(start.problem().layout, budget_bytes=200_000)
        for step in start.steps(algorithm, tolerance=0.0, max_iterations=70):
            trace.append(step)
        kept[algorithm.name] = trace.stride
        state = trace.last.state
        assert state is not None
        # Twenty blocks of 2 x 3 x 6 numbers.
        assert state.nbytes == (algorithm.name == "incremental-em") * 20 * 36 * 8
    assert kept["em"] == 1
    assert kept["incremental-em"] > 1


def test_what_is_promised_is_the_free_energy() -> None:
    start = deaths()
    steps = start.steps(IncrementalEM(blocks=10), tolerance=0.0, max_iterations=60)
    energies = [state_of(step).objective for step in steps]
    for before, after in itertools.pairwise(energies):
        assert after >= before - roundoff_bound(before, start.problem().total_weight)
    assert IncrementalEM().promises == "free energy"
