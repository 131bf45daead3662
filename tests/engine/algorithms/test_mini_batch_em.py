"""Mini-batch EM: its steps by a textbook, EM as its limit, and how it trembles."""

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.mini_batch_em import MiniBatchEM
from engine.algorithms.mini_batches import MiniBatches
from engine.run import Intervention
from engine.trace import Step
from tests import textbook
from tests.engine.algorithms.paths import follows, same_bit_for_bit
from tests.engine.algorithms.starts import deaths, faithful, first_experiment
from tests.textbook import extended

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


@pytest.mark.parametrize("name", STARTS)
def test_without_memory_on_all_rows_it_is_em_bit_for_bit(name: str) -> None:
    limits = {"tolerance": 0.0, "max_iterations": 20}
    one = STARTS[name].steps(MiniBatchEM(batch_size=10_000, updates=1, memory=0.0), **limits)
    same_bit_for_bit(one, STARTS[name].steps(ExpectationMaximization(), **limits))


def test_it_takes_the_textbooks_steps() -> None:
    start, data = first_experiment(), first_experiment().dataset
    algorithm = MiniBatchEM(batch_size=70, updates=2, memory=0.8)
    steps = start.steps(algorithm, key=2, tolerance=0.0, max_iterations=6)
    batches = MiniBatches(2, data.rows, 70)
    described = start.problem().model.describe(start.start)
    path, shares = [described], extended(np.zeros((data.rows, 3)))
    for update in range(12):
        rows = batches.batch(update)
        kept = extended(0.8 if update else 0.0)
        shares = kept * shares
        found = textbook.e_step(data.values[rows], described).responsibilities
        shares[rows] += (1 - kept) * found * len(data.values) / len(rows)
        described = textbook.m_step(data.values, shares, described)
        if update % 2:
            path.append(described)
    follows(start, steps, path, rel=1e-9)
    rows_seen = [sum(len(batches.batch(each)) for each in range(2 * step.iteration)) for step in steps]
    assert [step.passes for step in steps] == [each / data.rows for each in rows_seen]


def gap_at(steps: list[Step], first: int) -> float:
    maximum = first_experiment().steps(ExpectationMaximization())[-1].log_likelihood
    return float(np.mean([maximum - step.log_likelihood for step in steps[first:]]))


def test_a_longer_memory_trembles_less() -> None:
    gaps = [
        gap_at(
            first_experiment().steps(MiniBatchEM(memory=memory), tolerance=0.0, max_iterations=80), first=40
        )
        for memory in (0.5, 0.8, 0.95)
    ]
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2] > 0


def test_the_memory_may_change_in_flight() -> None:
    raised = Intervention(40, "memory", 0.98)
    steps = first_experiment().steps(MiniBatchEM(memory=0.5), raised, tolerance=0.0, max_iterations=100)
    assert gap_at(steps[:41], first=20) > 20 * gap_at(steps, first=70)


def test_the_key_decides_the_path() -> None:
    ends = [
        faithful().steps(MiniBatchEM(), key=key, tolerance=0.0, max_iterations=3)[-1].parameters.vector
        for key in (1, 1, 2)
    ]
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_rows_that_count_for_nothing_change_nothing() -> None:
    """A mini-batch of the deaths' one row may weigh next to nothing; the first must not be without weight."""
    steps = deaths().steps(MiniBatchEM(batch_size=2, memory=0.9), tolerance=0.0, max_iterations=30)
    assert all(np.isfinite(step.log_likelihood) for step in steps)
    assert steps[-1].log_likelihood > steps[0].log_likelihood
