"""Mini-batches: every row once an epoch, a new shuffle each time, a function of key and number alone."""

import numpy as np
import pytest

from engine.algorithms.mini_batches import MiniBatches


@pytest.mark.parametrize("units", [1, 2, 3, 5, 10, 103, 1000, 4096, 10_007])
@pytest.mark.parametrize("size", [1, 7, 100, 20_000])
def test_an_epoch_visits_every_row_once_in_batches_of_equal_size(units: int, size: int) -> None:
    if units > 1000 * size:
        return
    batches = MiniBatches(3, units, size)
    for epoch in range(2):
        found = [batches.batch(epoch * batches.per_epoch + each) for each in range(batches.per_epoch)]
        assert sorted(np.concatenate(found).tolist()) == list(range(units))
        sizes = {len(each) for each in found}
        assert max(sizes) <= min(size, units)
        assert max(sizes) - min(sizes) <= 1
        assert all(np.all(np.diff(each) > 0) for each in found)
        assert sum(batches.scale(each) * len(each) for each in found) == pytest.approx(units * len(found))
        assert all(each.dtype == np.intp for each in found)


def test_a_batch_is_a_function_of_its_key_and_number() -> None:
    one, other = MiniBatches(5, 1000, 50), MiniBatches(5, 1000, 50)
    backwards = {each: one.batch(each).tobytes() for each in reversed(range(45))}
    assert all(other.batch(each).tobytes() == backwards[each] for each in range(45))
    assert len(set(backwards.values())) == 45
    assert MiniBatches(6, 1000, 50).batch(0).tobytes() != backwards[0]


def test_of_a_million_rows_only_the_batch_is_shuffled() -> None:
    batch = MiniBatches(0, 1_000_003, 100).batch(7)
    assert len(batch) == 100
    assert 0 <= batch[0] < batch[-1] < 1_000_003
    assert batch[-1] - batch[0] > 500_000


@pytest.mark.parametrize("units", [24, 60])
def test_any_two_rows_meet_in_a_batch_equally_often(units: int) -> None:
    """Chi-squared of how often each pair of rows shares the first of three batches, over 3000 epochs."""
    batches, epochs = MiniBatches(1, units, units // 3), 3000
    together = np.zeros((units, units))
    for epoch in range(epochs):
        batch = batches.batch(3 * epoch)
        together[np.ix_(batch, batch)] += 1
    size = units // 3
    expected = epochs * size * (size - 1) / (units * (units - 1))
    pairs = together[np.triu_indices(units, 1)]
    # Pairs are nearly independent, so the statistic is about a chi-squared one with as many degrees.
    statistic = float(np.sum((pairs - expected) ** 2) / (expected * (1 - expected / epochs)))
    degrees = pairs.size
    assert abs(statistic - degrees) < 5 * np.sqrt(2 * degrees)
    alone = np.diag(together)
    assert np.all(np.abs(alone - epochs / 3) < 5 * np.sqrt(epochs * 2 / 9))
