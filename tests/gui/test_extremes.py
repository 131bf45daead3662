"""The extremes of any stretch are those that going through all of it would find."""

import numpy as np
import pytest

from gui.extremes import BLOCK, Extremes


@pytest.mark.parametrize("seed", range(3))
def test_every_stretch_of_a_growing_column_has_its_own_extremes(seed: int) -> None:
    generator = np.random.Generator(np.random.Philox(seed))
    values = generator.standard_normal(5 * BLOCK + 300).cumsum()
    values[generator.random(len(values)) < 0.01] = np.nan
    usable = generator.random(len(values)) < 0.9
    usable[2 * BLOCK : 3 * BLOCK] = False
    extremes = Extremes()
    for count in np.sort(generator.integers(1, len(values) + 1, 60)).tolist():
        first = int(generator.integers(0, count))
        stop = int(generator.integers(first, count + 1))
        for low, high in ((first, stop), (0, count)):
            part = values[low:high][usable[low:high]]
            part = part[np.isfinite(part)]
            expected = (part.min(), part.max()) if part.size else (np.inf, -np.inf)
            assert extremes.between(values[:count], usable[:count], low, high) == expected


def test_what_a_full_block_holds_is_not_looked_at_again() -> None:
    values = np.arange(3.0 * BLOCK)
    usable = np.ones(len(values), dtype=bool)
    extremes = Extremes()
    assert extremes.between(values, usable, 0, len(values)) == (0.0, 3.0 * BLOCK - 1)
    values[BLOCK + 5] = 1e9
    assert extremes.between(values, usable, 0, len(values))[1] == 3.0 * BLOCK - 1
    assert extremes.between(values, usable, BLOCK, BLOCK + 10)[1] == 1e9
