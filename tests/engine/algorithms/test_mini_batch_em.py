"""Mini-batch EM: its steps by a textbook, EM as its limit, and how it trembles."""

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.mini_batch_em import MiniBatchEM
from engine.algorithms.mini_batches import MiniBatches
from engine.dataset import Dataset
from engine.models.poisson_mixture import PoissonMixture
from engine.run import Intervention
from engine.trace import Step
from tests import textbook
from tests.engine.algorithms.paths import follows, same_bit_for_bit, twenty_steps
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment
from tests.textbook import extended

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


@pytest.mark.parametrize("name", STARTS)
def test_without_memory_on_all_rows_it_is_em_bit_for_bit(name: str) -> None:
    one = twenty_steps(STARTS[name], MiniBatchEM(batch_size=10_000, updates=1, memory=0.0))
    same_bit_for_bit(one, twenty_steps(STARTS[name], ExpectationMaximization()))


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


def gap(steps: list[Step], first: int, last: int) -> float:
    """The mean gap to the log-likelihood of the start, a maximum, from one iteration to another."""
    return float(np.mean([steps[0].log_likelihood - step.log_likelihood for step in steps[first : last + 1]]))


def test_a_longer_memory_trembles_less() -> None:
    start = first_experiment().settled(ExpectationMaximization())
    gaps = [
        gap(start.steps(MiniBatchEM(memory=memory), tolerance=0.0, max_iterations=50), 20, 50)
        for memory in (0.5, 0.8, 0.95)
    ]
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2] > 0


def test_the_memory_may_change_in_flight() -> None:
    start, raised = first_experiment().settled(ExpectationMaximization()), Intervention(20, "memory", 0.98)
    steps = start.steps(MiniBatchEM(memory=0.5), raised, tolerance=0.0, max_iterations=60)
    assert gap(steps, 10, 20) > 20 * gap(steps, 50, 60)


def test_the_key_decides_the_path() -> None:
    ends = [
        faithful().steps(MiniBatchEM(), key=key, tolerance=0.0, max_iterations=3)[-1].parameters.vector
        for key in (1, 1, 2)
    ]
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_before_a_row_that_counts_nothing_moves() -> None:
    """Rows one by one, of which two in three count for nothing; at first there is nothing to fit."""
    counts = np.array([[0.0], [1.0], [2.0], [3.0], [7.0], [8.0]] * 10)
    row_weights = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 2.0] * 10)
    start = Beginning(
        PoissonMixture(components=2),
        Dataset("counts", ("x",), counts, row_weights),
        weights=[0.4, 0.6],
        rates=[[1.0], [5.0]],
    )
    batches = MiniBatches(0, 60, 1)
    first = next(update for update in range(60) if row_weights[batches.batch(update)[0]] > 0)
    assert first > 0
    algorithm = MiniBatchEM(batch_size=1, updates=1, memory=0.9)
    steps = start.steps(algorithm, tolerance=0.0, max_iterations=60)
    for step in steps[: first + 1]:
        assert np.array_equal(step.parameters.vector, start.start.vector)
    assert not np.array_equal(steps[first + 1].parameters.vector, start.start.vector)
    assert all(np.isfinite(step.log_likelihood) for step in steps)
