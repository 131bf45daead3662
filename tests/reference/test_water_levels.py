"""Angles of a water level in 14 classes (Thomas & Lohaus 1993) as a mixture of multinomial laws.

Benaglia, Chauveau, Hunter & Young (2009), J. Stat. Software 32(6), sections 3 and 6.1, print the maxima for two, three
and four components, and all parameters for four. (In the vignettes of their R package from version 1.0.1 on the numbers
are others, because the data have got age and sex as two columns more, which are counted there as if they were angles.)
"""

import numpy as np
import pytest

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.multinomial_mixture import MultinomialMixture
from engine.parameters import Array
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from tests.reference.lanes import Bench, columns, dataset

MAXIMA = {2: -3082.434, 3: -2924.748, 4: -2881.278}
WEIGHTS = [4.37324e-01, 0.39129858, 0.1423719, 2.90055e-02]
# One row a class of angles, one column a component; 0 stands for what is printed as 1e-76 and less.
PROBABILITIES = np.array(
    [
        [0.0, 0.00158495, 0.1032950, 1.10049e-01],
        [0.0, 0.00702398, 0.0530971, 1.76659e-01],
        [0.0, 0.01046161, 0.0492899, 0.0],
        [0.0, 0.01496546, 0.0483266, 6.10181e-02],
        [4.24139e-09, 0.08306419, 0.0538023, 1.90177e-01],
        [2.23277e-02, 0.16368958, 0.0971990, 0.0],
        [6.36828e-01, 0.24531772, 0.1054539, 0.0],
        [3.28360e-01, 0.22535197, 0.0954597, 0.0],
        [1.14673e-02, 0.14693736, 0.0768796, 0.0],
        [1.01752e-03, 0.07284375, 0.0747733, 2.09779e-01],
        [0.0, 0.01809642, 0.0369879, 3.18723e-02],
        [0.0, 0.00114603, 0.0363463, 1.89517e-02],
        [0.0, 0.00533544, 0.0505107, 2.01493e-01],
        [0.0, 0.00418155, 0.1185788, 0.0],
    ]
)


def bench(components: int) -> Bench:
    counts = np.column_stack(list(columns("water_level.csv").values()))
    return Bench(MultinomialMixture(components=components), dataset(counts))


def start(on: Bench) -> dict[str, Array]:
    described: dict[str, Array] = on.model.describe(KMeansPlusPlus(seed=0).choose(on.model, on.prepared))
    return described


def test_every_child_answers_eight_times() -> None:
    counts = np.column_stack(list(columns("water_level.csv").values()))
    assert counts.shape == (405, 14)
    assert np.all(np.sum(counts, axis=1) == 8)


@pytest.mark.parametrize("components", MAXIMA)
def test_em_reaches_the_published_maximum(components: int) -> None:
    on = bench(components)
    values = on.trace(start(on), 1000, tolerance=1e-8).floats("log_likelihood")
    assert float(values[-1]) == pytest.approx(MAXIMA[components], abs=5.1e-4)
    assert np.all(np.diff(values) >= -1e-9)


def test_four_components_as_they_are_printed() -> None:
    on = bench(4)
    found = on.model.describe(on.trace(start(on), 1000, tolerance=1e-8).last.parameters)
    by_weight = np.argsort(-found["weights"])
    assert found["weights"][by_weight] == pytest.approx(WEIGHTS, abs=1e-5)
    probabilities = found["probabilities"][by_weight].T
    assert probabilities == pytest.approx(PROBABILITIES, abs=2e-5)


def test_the_printed_parameters_have_the_printed_log_likelihood() -> None:
    on = bench(4)
    rows = PROBABILITIES.T / np.sum(PROBABILITIES, axis=0)[:, None]
    there = on.accept({"weights": np.array(WEIGHTS) / np.sum(WEIGHTS), "probabilities": rows})
    assert on.problem.log_likelihood(there) == pytest.approx(MAXIMA[4], abs=1e-3)


def test_em_ends_at_exact_zeros_and_softmax_on_its_way_to_them() -> None:
    on = bench(3)
    em = on.trace(start(on), 1000, tolerance=1e-8)
    lbfgs = on.trace(start(on), 1000, LimitedMemoryBfgs(), tolerance=1e-8)
    assert lbfgs.last.log_likelihood == pytest.approx(em.last.log_likelihood, abs=1e-6)
    assert np.count_nonzero(on.model.describe(em.last.parameters)["probabilities"] == 0.0) == 8
    softmax = on.model.describe(lbfgs.last.parameters)["probabilities"]
    assert 0.0 < np.min(softmax) < 1e-9
