"""L-BFGS-B against scipy's, evaluation for evaluation, and what it makes of the constraint on the sum."""

import csv
import itertools
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.algorithms.gradient import GradientState
from engine.algorithms.lbfgs_b import (
    Box,
    Correction,
    Curvature,
    LbfgsbState,
    LimitedMemoryBfgsBounded,
    cauchy_point,
    subspace_minimum,
)
from engine.models.base import Expectation
from engine.objective import Problem
from engine.parameters import Array, Parameters, frozen
from tests.engine.algorithms.starts import (
    Beginning,
    collapsing,
    deaths,
    faithful,
    known_components,
    separated_by,
    three_likelihoods,
    zero_weight,
)
from tests.reference.lanes import DATA


@cache
def likelihoods() -> Array:
    with (DATA / "likelihood_1000x20.csv").open(newline="", encoding="utf-8") as lines:
        return np.array([[float(cell) for cell in row] for row in csv.reader(lines)])


def lightly_weighted(columns: list[int], first: float) -> Beginning:
    """Some components of the reference; each row counts 1e-4, so that the first steps are short.

    Then no trial makes the weights' sum pass 1, which no bound could tell scipy.
    """
    weights = np.full(len(columns), (1.0 - first) / (len(columns) - 1))
    weights[0] = first
    return known_components(likelihoods()[:, columns], weights, frozen(np.full(1000, 1e-4)))


class Recorded(Problem):
    """A problem that notes the log-likelihood of every gradient."""

    values: list[float]

    def gradient(self, parameters: Parameters, units: object = None) -> tuple[Expectation, Array]:
        found = super().gradient(parameters)
        self.values.append(found[0].log_likelihood)
        return found


def by_scipy(beginning: Beginning, algorithm: LimitedMemoryBfgsBounded) -> tuple[list[Array], list[float]]:
    """Iterates, and log-likelihoods of all evaluations, from the same start in the same coordinates and bounds."""
    problem = beginning.problem()
    first = algorithm.init(problem, beginning.start, 0)
    assert isinstance(first, LbfgsbState)
    chart, box = first.chart, algorithm.box(first)
    iterates: list[Array] = []
    values: list[float] = []

    def negative(x: Array) -> tuple[float, Array]:
        expectation, natural = problem.gradient(chart.read(np.array(x)))
        values.append(expectation.log_likelihood)
        return -expectation.log_likelihood, -chart.pull_back(np.array(x), natural)

    minimize(
        negative,
        first.x,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(box.lower, box.upper, strict=True)),
        callback=lambda x: iterates.append(np.array(x)),
        options={"gtol": 1e-9, "ftol": 1e-16, "maxcor": algorithm.memory},
    )
    return iterates, values


def by_ours(beginning: Beginning, algorithm: LimitedMemoryBfgsBounded) -> tuple[list[Array], list[float]]:
    plain = beginning.problem()
    problem = Recorded(plain.model, plain.prepared, 1)
    problem.values = []
    state = algorithm.init(problem, beginning.start, 0)
    iterates: list[Array] = []
    for _ in range(60):
        state, info = algorithm.step(problem, state)
        if info.ended is not None:
            break
        assert isinstance(state, LbfgsbState)
        iterates.append(state.x)
    return iterates, problem.values


def first_within(values: list[float], best: float, gap: float) -> int:
    return next(count for count, value in enumerate(values, start=1) if best - value < gap)


SOME, FEW = [0, 3, 6, 9, 11, 12, 14, 16], [0, 5, 11, 12, 14]
PROBLEMS = {
    "eight-weights": (lightly_weighted(SOME, 0.5), 1e-12),
    "eight-weights-elsewhere": (lightly_weighted(SOME, 0.6), 1e-12),
    "five-weights": (lightly_weighted(FEW, 0.5), 1e-12),
    "deaths": (deaths(), 1e-8),
    "quantiles": (separated_by(3.0), 1e-8),
}


@pytest.mark.parametrize(("beginning", "gap"), PROBLEMS.values(), ids=PROBLEMS)
def test_the_same_path_as_scipys_until_rounding_parts_them(beginning: Beginning, gap: float) -> None:
    algorithm = LimitedMemoryBfgsBounded()
    their_iterates, their_values = by_scipy(beginning, algorithm)
    our_iterates, our_values = by_ours(beginning, algorithm)
    count = len(their_iterates) - 3
    assert count >= 10
    np.testing.assert_allclose(our_iterates[:count], their_iterates[:count], rtol=0, atol=1e-5)
    best = max(their_values)
    assert max(our_values) == pytest.approx(best, abs=gap)
    assert abs(first_within(our_values, best, 10 * gap) - first_within(their_values, best, 10 * gap)) <= 1


def test_bounds_are_active_on_that_path() -> None:
    iterates, _ = by_ours(PROBLEMS["eight-weights"][0], LimitedMemoryBfgsBounded())
    active = [np.flatnonzero(x == 0.0).tolist() for x in iterates]
    assert active[-1] == [0, 1, 2, 6]
    assert len({tuple(each) for each in active}) > 2


def test_rates_may_be_raw_with_the_bound_zero() -> None:
    algorithm = LimitedMemoryBfgsBounded(rate_coordinates="raw")
    theirs, ours = by_scipy(deaths(), algorithm), by_ours(deaths(), algorithm)
    np.testing.assert_allclose(ours[0][:10], theirs[0][:10], rtol=0, atol=1e-8)
    state = algorithm.init(deaths().problem(), deaths().start, 0)
    assert isinstance(state, LbfgsbState)
    assert np.array_equal(algorithm.box(state).lower, np.zeros(3))
    assert ours[1][-1] == pytest.approx(-1989.945859882964, abs=1e-9)


# The constraint on the sum --------------------------------------------------------------------------------

FAR_FROM_IT = 0.9 * np.eye(20)[10] + 0.1 / 20
"""Most of the weight on a component that has none at the maximum."""


def test_the_weight_left_out_is_a_large_one_and_changes_as_it_should() -> None:
    steps = known_components(likelihoods(), FAR_FROM_IT).steps(LimitedMemoryBfgsBounded())
    states = [step.state for step in steps]
    dropped = []
    for state in states:
        assert isinstance(state, LbfgsbState)
        assert state.dropped is not None
        weights = state.position.parameters["weights"]
        assert weights[state.dropped] >= 0.5 * np.max(weights)
        assert state.x.size == 19
        dropped.append(state.dropped)
    assert list(dict.fromkeys(dropped)) == [10, 13, 12]
    assert steps[-1].status == "converged"
    assert np.flatnonzero(steps[-1].parameters["weights"]).tolist() == [0, 11, 12, 14]
    assert steps[-1].passes < 200


def test_a_step_leaves_it_a_tenth_at_least() -> None:
    steps = known_components(likelihoods(), np.eye(20)[19] * 0.99 + 0.01 / 20).steps(
        LimitedMemoryBfgsBounded()
    )
    for before, after in itertools.pairwise(steps):
        assert isinstance(before.state, LbfgsbState)
        place = before.state.dropped
        assert after.parameters["weights"][place] >= 0.0999 * before.parameters["weights"][place]
        assert after.parameters.layout.violation(after.parameters.vector) is None
    assert not any(step.decreased for step in steps)


def test_what_was_learnt_is_rewritten_when_another_weight_is_left_out() -> None:
    """A step and the fall of the gradient along it have the same product in any coordinates."""
    steps = known_components(likelihoods(), FAR_FROM_IT).steps(LimitedMemoryBfgsBounded(), max_iterations=40)
    states = [step.state for step in steps if isinstance(step.state, LbfgsbState)]
    changes = 0
    for before, after in itertools.pairwise(states):
        if before.dropped == after.dropped or not before.memory:
            continue
        changes += 1
        shared = after.memory[:-1]
        kept = before.memory[-len(shared) :]
        assert [each.product for each in shared] == pytest.approx([each.product for each in kept], rel=1e-9)
        again = after.chart.write(after.position.parameters)
        np.testing.assert_array_equal(after.x, again)
        ratios = after.position.expectation.ratios
        assert ratios is not None
        np.testing.assert_allclose(
            after.gradient, after.chart.pull_back(after.x, ratios), rtol=1e-9, atol=1e-6
        )
    assert changes == 2


def test_what_is_held_at_zero_is_let_go_when_the_gradient_wants_it() -> None:
    steps = three_likelihoods(0.61, (0.5, 0.0, 0.5)).steps(LimitedMemoryBfgsBounded())
    assert steps[-1].status == "converged"
    assert steps[-1].parameters["weights"][1] == pytest.approx(0.303030303, abs=1e-7)
    zero = zero_weight().steps(LimitedMemoryBfgsBounded())
    assert zero[-1].status == "converged"
    assert zero[-1].parameters["weights"][2] == 0.0


def test_with_everything_free_it_climbs_as_l_bfgs_does() -> None:
    steps = faithful().steps(LimitedMemoryBfgsBounded())
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-1119.2139705938, abs=1e-8)
    assert not any(step.decreased for step in steps)


def test_an_unbounded_likelihood_collapses() -> None:
    steps = collapsing().steps(LimitedMemoryBfgsBounded())
    assert steps[-1].status == "collapsed"


def test_the_memory_holds_the_newest_steps() -> None:
    steps = faithful().steps(LimitedMemoryBfgsBounded(memory=4), max_iterations=9)
    lengths = [len(step.state.memory) for step in steps if isinstance(step.state, LbfgsbState)]
    assert lengths == [0, 1, 2, 3, 4, 4, 4, 4, 4, 4]


# The stepper's parts alone --------------------------------------------------------------------------------


def learnt(size: int, count: int, seed: int) -> tuple[tuple[Correction, ...], Array]:
    """Corrections of a quadratic, and the dense matrix of the BFGS recursion over them."""
    generator = np.random.Generator(np.random.Philox(seed))
    root = generator.standard_normal((size, size))
    hessian = root @ root.T + 0.5 * np.eye(size)
    memory = []
    for _ in range(count):
        step = generator.standard_normal(size)
        fall = hessian @ step
        memory.append(Correction(step, fall, float(step @ fall)))
    newest = memory[-1]
    dense = float(newest.fall @ newest.fall) / newest.product * np.eye(size)
    for each in memory:
        turned = dense @ each.step
        dense = dense - np.outer(turned, turned) / float(each.step @ turned)
        dense = dense + np.outer(each.fall, each.fall) / each.product
    return tuple(memory), dense


@pytest.mark.parametrize(("size", "count"), [(4, 1), (6, 3), (12, 10)])
def test_the_compact_matrix_is_that_of_the_recursion(size: int, count: int) -> None:
    memory, dense = learnt(size, count, size)
    curvature = Curvature.of(memory, size)
    compact = curvature.theta * np.eye(size) - curvature.wide @ curvature.times_middle(curvature.wide.T)
    np.testing.assert_allclose(compact, dense, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_the_cauchy_point_is_the_first_minimum_along_the_projected_path(seed: int) -> None:
    size = 7
    memory, dense = learnt(size, 4, seed)
    generator = np.random.Generator(np.random.Philox(100 + seed))
    x, gradient = generator.random(size), 5.0 * generator.standard_normal(size)
    box = Box(np.zeros(size), np.where(generator.random(size) < 0.5, 1.5, np.inf))
    curvature = Curvature.of(memory, size)
    cauchy, along = cauchy_point(curvature, box, x, gradient)

    def parabola(point: Array) -> float:
        way = point - x
        return float(gradient @ way + 0.5 * way @ dense @ way)

    lengths = np.linspace(0.0, 3.0, 15_001)
    values = [parabola(box.clipped(x - t * gradient)) for t in lengths]
    falling = np.diff(values) < -1e-14
    first = len(values) - 1 if falling.all() else int(np.argmin(falling))
    assert parabola(cauchy) <= values[first] + 1e-9
    np.testing.assert_allclose(cauchy, box.clipped(x - lengths[first] * gradient), rtol=0, atol=1.5e-3)
    np.testing.assert_allclose(along, curvature.wide.T @ (cauchy - x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_the_subspace_minimum_is_that_of_the_dense_matrix(seed: int) -> None:
    size = 7
    memory, dense = learnt(size, 4, seed)
    generator = np.random.Generator(np.random.Philox(200 + seed))
    x, gradient = 3.0 + generator.random(size), 0.3 * generator.standard_normal(size)
    box = Box(np.where(np.arange(size) < 2, x, -np.inf), np.full(size, np.inf))
    gradient[:2] = 1.0
    curvature = Curvature.of(memory, size)
    cauchy, along = cauchy_point(curvature, box, x, gradient)
    target = subspace_minimum(curvature, box, x, gradient, cauchy, along)
    way = np.linalg.solve(dense[2:, 2:], -gradient[2:])
    np.testing.assert_allclose(target, np.concatenate((x[:2], x[2:] + way)), rtol=1e-8, atol=1e-8)


def test_one_iteration_is_one_accepted_step_and_every_trial_is_charged() -> None:
    steps = faithful().steps(LimitedMemoryBfgsBounded())
    paid = np.diff([step.gradients for step in steps])
    assert np.min(paid) == 1
    assert all(step.e_steps == step.log_likelihoods == 0 for step in steps)
    assert isinstance(steps[-1].state, GradientState)
