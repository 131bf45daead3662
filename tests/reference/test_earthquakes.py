"""The Poisson hidden Markov model of major earthquakes (reference section 12; Zucchini & MacDonald 2009)."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from engine.algorithms.base import Algorithm
from engine.algorithms.bfgs import Bfgs
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.generalized_em import GeneralizedEM
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.algorithms.lbfgs_b import LimitedMemoryBfgsBounded
from engine.algorithms.newton import Newton
from engine.algorithms.squarem import Squarem
from engine.models.hidden_markov import HiddenMarkov
from engine.models.poisson_mixture import PoissonMixture
from engine.parameters import Array
from tests.reference.lanes import Bench, columns, dataset

START = {"initial": [0.5, 0.5], "transitions": [[0.9, 0.1], [0.1, 0.9]], "rates": [[10.0], [30.0]]}
MAXIMUM = -341.87870101

STATIONARY_START: dict[int, dict[str, list[list[float]]]] = {
    2: {"transitions": [[0.9, 0.1], [0.1, 0.9]], "rates": [[10.0], [30.0]]},
    3: {
        "transitions": [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]],
        "rates": [[10.0], [20.0], [30.0]],
    },
}
STATIONARY_MAXIMUM = {2: -342.3183, 3: -329.4603}
"""Zucchini & MacDonald (2009), chapter 3, to the four decimals that they print."""


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


def test_bounds_find_the_initial_probability_that_is_exactly_0(bench: Bench) -> None:
    trace = bench.trace(START, 100, LimitedMemoryBfgsBounded(), tolerance=1e-8)
    assert trace.status == "converged"
    assert float(trace.floats("log_likelihood")[-1]) == pytest.approx(-341.87870101, abs=1e-8)
    assert bench.model.describe(trace.last.parameters)["initial"].tolist() == [1.0, 0.0]


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


def stationary_bench(states: int) -> Bench:
    model = HiddenMarkov(emission="poisson", states=states, initial_law="stationary")
    return Bench(model, dataset(columns("earthquakes.csv")["count"]))


def plain_log_likelihood(transitions: Array, rates: Array) -> float:
    """A chain in its stationary law, by a forward recursion that is scaled at each row."""
    states = len(rates)
    law = np.linalg.solve((np.eye(states) - transitions + 1.0).T, np.ones(states))
    total = 0.0
    for count in columns("earthquakes.csv")["count"]:
        seen = law * np.exp(count * np.log(rates) - rates - gammaln(count + 1.0))
        total += float(np.log(np.sum(seen)))
        law = seen / np.sum(seen) @ transitions
    return total


@pytest.mark.parametrize("states", [2, 3])
def test_a_stationary_chain_has_the_maximum_of_the_book_and_of_a_plain_recursion(states: int) -> None:
    def read(x: Any) -> tuple[Array, Array]:
        grown = np.exp(np.column_stack((x[:-states].reshape(states, states - 1), np.zeros(states))))
        return grown / np.sum(grown, axis=1, keepdims=True), np.exp(x[-states:])

    first = np.log(STATIONARY_START[states]["transitions"])
    ratios = (first - first[:, -1:])[:, :-1].ravel()
    x = np.concatenate((ratios, np.log(np.ravel(STATIONARY_START[states]["rates"]))))

    def loss(x: Any) -> float:
        return -plain_log_likelihood(*read(x))

    wanted: Any = minimize(loss, list(x), method="BFGS")
    assert -wanted.fun == pytest.approx(STATIONARY_MAXIMUM[states], abs=6e-5)

    bench = stationary_bench(states)
    trace = bench.trace(STATIONARY_START[states], 200)
    assert np.all(np.diff(trace.floats("log_likelihood")) > -1e-11)
    value, found = trace.floats("log_likelihood")[-1], bench.model.describe(trace.parameters(trace.count - 1))
    assert plain_log_likelihood(found["transitions"], found["rates"][:, 0]) == pytest.approx(value, rel=1e-12)
    # With three states a transition goes to 0, and scipy stops a little before it is there.
    assert -wanted.fun - 1e-8 < value < -wanted.fun + 1e-5
    transitions, rates = read(wanted.x)
    order = np.argsort(rates)
    np.testing.assert_allclose(found["rates"][:, 0], rates[order], rtol=1e-4)
    np.testing.assert_allclose(found["transitions"], transitions[np.ix_(order, order)], atol=2e-4)
    np.testing.assert_allclose(found["initial"] @ found["transitions"], found["initial"], rtol=1e-12)
    if states == 2:
        assert found["rates"][:, 0] == pytest.approx([15.472, 26.125], abs=6e-4)
        assert found["transitions"].ravel() == pytest.approx([0.9340, 0.0660, 0.1285, 0.8715], abs=6e-5)
        assert found["initial"] == pytest.approx([0.6608, 0.3392], abs=6e-5)
    else:
        assert found["rates"][:, 0] == pytest.approx([13.146, 19.721, 29.714], abs=6e-4)


@pytest.mark.parametrize(
    "algorithm",
    [
        ExpectationMaximization(),
        GeneralizedEM(),
        GeneralizedEM(way=1.0, inner_steps=1),
        GradientAscent(),
        LimitedMemoryBfgs(),
        LimitedMemoryBfgs(weight_coordinates="drop-last"),
        Bfgs(),
        Newton(),
        Squarem(),
    ],
    ids=str,
)
def test_every_lane_reaches_the_maximum_of_a_stationary_chain(algorithm: Algorithm) -> None:
    trace = stationary_bench(2).trace(STATIONARY_START[2], 1000, algorithm, tolerance=1e-7)
    assert float(trace.floats("log_likelihood")[-1]) == pytest.approx(-342.31826679, abs=2e-8)
