"""The Poisson hidden Markov model of major earthquakes (reference section 12; Zucchini & MacDonald 2009)."""

import numpy as np
import pytest

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.hidden_markov import HiddenMarkov
from engine.models.poisson_mixture import PoissonMixture
from tests.reference.lanes import Bench, columns, dataset

START = {"initial": [0.5, 0.5], "transitions": [[0.9, 0.1], [0.1, 0.9]], "rates": [[10.0], [30.0]]}
MAXIMUM = -341.87870101


@pytest.fixture(scope="module")
def bench() -> Bench:
    counts = columns("earthquakes.csv")["count"]
    return Bench(HiddenMarkov(emission="poisson", states=2), dataset(counts))


def test_em(bench: Bench) -> None:
    trace = bench.trace(START, 600)
    wanted = {
        0: 413.27541962,
        1: 343.76023411,
        2: 343.13618142,
        5: 342.61102901,
        10: 342.01009578,
        30: 341.87870618,
    }
    values = trace.floats("log_likelihood")
    for place, value in wanted.items():
        assert values[place] == pytest.approx(-value, abs=5e-9)
    assert values[-1] == pytest.approx(MAXIMUM, abs=5e-9)
    found = bench.model.describe(trace.parameters(trace.count - 1))
    assert found["rates"][:, 0] == pytest.approx([15.4207619, 26.01823567], abs=5e-8)
    assert found["transitions"][[0, 1], [1, 0]] == pytest.approx([0.07162606, 0.11903439], abs=5e-9)
    assert found["initial"] == pytest.approx([1.0, 0.0], abs=1e-9)


def test_lbfgs_reaches_the_same_maximum(bench: Bench) -> None:
    trace = bench.trace(START, 300, LimitedMemoryBfgs(), tolerance=1e-8)
    assert float(trace.floats("log_likelihood")[-1]) == pytest.approx(MAXIMUM, abs=1e-6)


def test_one_state_is_one_poisson_law(bench: Bench) -> None:
    counts = columns("earthquakes.csv")["count"]
    alone = Bench(HiddenMarkov(emission="poisson", states=1), dataset(counts))
    start = alone.accept({"initial": [1.0], "transitions": [[1.0]], "rates": [[float(np.mean(counts))]]})
    assert alone.problem.log_likelihood(start) == pytest.approx(-391.91892817, abs=5e-9)


def test_without_persistence_it_is_a_mixture(bench: Bench) -> None:
    weights, rates = [0.67572566, 0.32427434], [[15.77710808], [26.8398948]]
    counts = columns("earthquakes.csv")["count"]
    mixture = Bench(PoissonMixture(components=2), dataset(counts))
    independent = mixture.problem.log_likelihood(mixture.accept({"weights": weights, "rates": rates}))
    start = bench.accept({"initial": weights, "transitions": [weights, weights], "rates": rates})
    assert independent == pytest.approx(-360.36904361, abs=5e-8)
    assert bench.problem.log_likelihood(start) == pytest.approx(independent, rel=1e-13)
