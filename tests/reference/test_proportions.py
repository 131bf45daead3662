"""Mixture proportions with known components: how each algorithm deals with weights that should be exactly 0."""

import csv
from functools import cache

import numpy as np
import pytest

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.exponentiated_gradient import ExponentiatedGradient
from engine.algorithms.frank_wolfe import FrankWolfe
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.lbfgs_b import LimitedMemoryBfgsBounded
from engine.algorithms.projected_gradient import ProjectedGradient
from engine.algorithms.sqp import SequentialQuadraticProgramming
from engine.models.mixture_proportions import MixtureProportions
from engine.parameters import Array
from engine.trace import Trace
from tests.reference.lanes import DATA, Bench, dataset

BEST = 0.62819784559955
SUPPORT = (0, 11, 12, 14)
WEIGHTS = (0.488467588427, 0.100905038032, 0.247633342178, 0.162994031364)
EQUAL = np.full(20, 1 / 20)


@cache
def bench() -> Bench:
    with (DATA / "likelihood_1000x20.csv").open(newline="", encoding="utf-8") as lines:
        likelihoods = [[float(cell) for cell in row] for row in csv.reader(lines)]
    return Bench(MixtureProportions(), dataset(likelihoods))


def gaps(trace: Trace) -> Array:
    """f - f* with f = -(1/n) log-likelihood, at every iteration."""
    return np.asarray(-trace.floats("log_likelihood") / 1000 - BEST)


def small(c: float) -> Bench:
    return Bench(MixtureProportions(), dataset([[1, 0.54, 0.2], [0.2, 0.54, 1], [0.5, c, 0.5]]))


def small_trace(
    c: float, steps: int, algorithm: Algorithm | None = None, start: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)
) -> Trace:
    return small(c).trace({"weights": start}, steps, algorithm, tolerance=0.0 if algorithm is None else 1e-8)


def test_ems_gaps_are_the_published_ones() -> None:
    found = gaps(bench().trace({"weights": EQUAL}, 1000))
    assert found[10] == pytest.approx(6.161e-3, abs=5e-7)
    assert found[100] == pytest.approx(1.383e-3, abs=5e-7)
    assert found[1000] == pytest.approx(1.420e-4, abs=5e-8)


@pytest.mark.soak
def test_ems_gap_after_ten_thousand_steps() -> None:
    assert gaps(bench().trace({"weights": EQUAL}, 10_000))[10_000] == pytest.approx(2.106e-5, abs=5e-9)


def at_the_maximum(trace: Trace) -> None:
    assert trace.status == "converged"
    weights = trace.last.parameters["weights"]
    assert gaps(trace)[-1] == pytest.approx(0.0, abs=1e-10)
    assert np.flatnonzero(weights).tolist() == list(SUPPORT)
    np.testing.assert_allclose(weights[list(SUPPORT)], WEIGHTS, atol=3e-6)


def test_sqp_is_there_in_eight_steps_with_exact_zeros_and_tells_the_multipliers() -> None:
    trace = bench().trace({"weights": EQUAL}, 25, SequentialQuadraticProgramming(), tolerance=1e-8)
    at_the_maximum(trace)
    weights = trace.last.parameters["weights"]
    np.testing.assert_allclose(weights[list(SUPPORT)], WEIGHTS, atol=1e-11)
    found = gaps(trace)
    assert int(np.argmax(found < 1e-10)) == 7
    assert trace.count - 1 == 8
    assert trace.last.passes == 1 + 2 * 8
    told = [event.detail for _, event in trace.events if event.kind == "multipliers"]
    assert told[-1].startswith(
        "16 of 20 weights are exactly 0; the mean of f_k/f there is at most 0.9999321 (weight 2)"
    )


def test_sqp_needs_three_steps_more_after_ten_of_em() -> None:
    start = bench().trace({"weights": EQUAL}, 10).last.parameters["weights"]
    trace = bench().trace({"weights": start}, 25, SequentialQuadraticProgramming(), tolerance=1e-8)
    at_the_maximum(trace)
    assert int(np.argmax(gaps(trace) < 1e-10)) <= 4


def test_the_multipliers_are_one_on_the_support_and_below_one_elsewhere() -> None:
    trace = bench().trace({"weights": EQUAL}, 25, SequentialQuadraticProgramming(), tolerance=1e-8)
    state = trace.last.state
    assert state is not None
    assert state.position.expectation.ratios is not None
    multipliers = state.position.expectation.ratios / 1000
    np.testing.assert_allclose(multipliers[list(SUPPORT)], 1.0, rtol=0, atol=1e-10)
    assert np.max(np.delete(multipliers, SUPPORT)) == pytest.approx(0.9999321, abs=1e-7)


@pytest.mark.parametrize(
    ("algorithm", "passes"),
    [
        (LimitedMemoryBfgsBounded(), 200),
        (FrankWolfe(), 1200),
        (ProjectedGradient(line_search="barzilai-borwein"), 2500),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_constraints_kept_as_constraints_reach_the_same_support(algorithm: Algorithm, passes: float) -> None:
    trace = bench().trace({"weights": EQUAL}, 3000, algorithm, tolerance=1e-8)
    at_the_maximum(trace)
    assert trace.last.passes < passes


def test_softmax_does_not_reach_zero_its_weights_fall_like_one_over_t() -> None:
    trace = bench().trace({"weights": EQUAL}, 2000, GradientAscent(learning_rate=10.0))
    iterations, path = trace.path("weights")
    assert np.min(path) > 1e-5
    run = {t: path[iterations == t][0] for t in (500, 1000, 2000)}
    # The last four have multipliers far below 1: twice the steps halve them, ever more exactly.
    last = [16, 17, 18, 19]
    earlier, later = (np.log2(run[2 * t] / run[t])[last] for t in (500, 1000))
    assert np.all((earlier > -1.2) & (later > -1.15) & (later < -1.0))
    assert np.all(later[1:] > earlier[1:])
    # After 2000 steps more than a quarter of the weight is still where none should be.
    assert float(np.sum(np.delete(run[2000], SUPPORT))) > 0.25
    assert gaps(trace)[2000] == pytest.approx(3.144e-4, abs=5e-8)
    # EM's fall geometrically.
    em = bench().trace({"weights": EQUAL}, 500).last.parameters["weights"]
    assert 0 < em[19] < 1e-150


def test_an_exact_zero_that_em_approaches_geometrically() -> None:
    trace = small_trace(0.5, 1000)
    _, path = trace.path("weights")
    second = path[:, 1]
    np.testing.assert_allclose(second[400:1000] / second[399:999], 0.933333333333, rtol=1e-10)
    assert second[10] == pytest.approx(0.199479278587, abs=1e-12)
    assert second[100] == pytest.approx(4.96807e-4, abs=5e-10)
    assert second[1000] == pytest.approx(5.364e-31, rel=1e-4)


def test_a_multiplier_of_exactly_one_makes_em_sublinear() -> None:
    trace = small_trace(0.6, 2000)
    second = {k: float(trace.parameters(k)["weights"][1]) for k in (1000, 2000)}
    assert second[1000] == pytest.approx(0.0486977239767, abs=1e-12)
    assert 2000 * second[2000] == pytest.approx(50, rel=0.02)


@pytest.mark.soak
def test_it_is_sublinear_still_after_ten_thousand_steps() -> None:
    second = small_trace(0.6, 10_000).last.parameters["weights"][1]
    assert second == pytest.approx(0.00504952924589, abs=1e-12)


EXACT = [
    SequentialQuadraticProgramming(),
    LimitedMemoryBfgsBounded(),
    ProjectedGradient(line_search="barzilai-borwein"),
]


@pytest.mark.parametrize("algorithm", EXACT, ids=str)
@pytest.mark.parametrize("c", [0.5, 0.6])
def test_constraints_reach_the_exact_zero_at_once(c: float, algorithm: Algorithm) -> None:
    trace = small_trace(c, 100, algorithm)
    assert trace.status == "converged"
    assert trace.count - 1 <= 8
    assert trace.last.parameters["weights"][1] == 0.0
    np.testing.assert_allclose(trace.last.parameters["weights"], [0.5, 0.0, 0.5], rtol=0, atol=1e-8)
    assert trace.last.log_likelihood / 3 == pytest.approx(-0.571599476030642, abs=1e-14)


def test_em_cannot_leave_a_zero_that_is_wrong() -> None:
    trace = small_trace(0.61, 100, ExpectationMaximization(), (0.5, 0.0, 0.5))
    assert trace.status == "stuck"
    assert "weight 2 is 0 and the mean of f2/f is 1.006667, above 1" in trace.reason
    assert trace.last.parameters["weights"][1] == 0.0
    assert trace.last.log_likelihood / 3 == pytest.approx(-0.571599476030642, abs=1e-14)


def test_nor_can_softmax_and_what_else_multiplies() -> None:
    start = (0.5, 0.0, 0.5)
    softmax = small_trace(0.61, 100, GradientAscent(), start)
    assert softmax.status == "refused"
    assert "weight 2, which is 0" in softmax.reason
    for algorithm in (GradientAscent(weight_coordinates="sphere"), ExponentiatedGradient()):
        trace = small_trace(0.61, 100, algorithm, start)
        assert trace.status == "stuck"
        assert trace.last.parameters["weights"][1] == 0.0


@pytest.mark.parametrize("algorithm", [*EXACT, FrankWolfe()], ids=str)
def test_constraints_escape_from_it(algorithm: Algorithm) -> None:
    trace = small_trace(0.61, 200, algorithm, (0.5, 0.0, 0.5))
    assert trace.status == "converged"
    np.testing.assert_allclose(
        trace.last.parameters["weights"], [0.348484848, 0.303030303, 0.348484848], rtol=0, atol=2e-6
    )
    assert trace.last.log_likelihood / 3 == pytest.approx(-0.570601074762621, abs=1e-13)


@pytest.mark.parametrize("line_search", ["none", "backtracking"])
def test_a_plain_projected_gradient_leaves_it_with_the_first_step(line_search: str) -> None:
    algorithm = ProjectedGradient(learning_rate=1.0, line_search=line_search)
    trace = small_trace(0.61, 1000, algorithm, (0.5, 0.0, 0.5))
    values = trace.floats("log_likelihood")
    # The multipliers are (1, 1 + 1/150, 1); the projection takes a third of the excess from each weight.
    assert trace.parameters(1)["weights"][1] == pytest.approx((1 - 1 / 3) / 150, rel=1e-9)
    assert np.all(np.diff(values) > -1e-13)
    assert trace.status == "converged"
    assert values[-1] / 3 == pytest.approx(-0.570601074762621, abs=1e-11)
