"""Anderson acceleration: the mixture and its damping, restarts, monotonicity."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from engine.algorithms.anderson import Anderson, AndersonState, Difference
from engine.parameters import Array
from engine.trace import Step
from tests.engine.algorithms.crawling import EM_STEPS, e_steps_to_the_maximum
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment, separated_by

PLAIN = Anderson(damping=False, restart=False, allowed_decrease=1e6)


def state_of(step: Step) -> AndersonState:
    assert isinstance(step.state, AndersonState)
    return step.state


def columns_and_residual(seed: int, rows: int, columns: int) -> tuple[tuple[Difference, ...], Array]:
    generator = np.random.Generator(np.random.Philox(seed))
    differences = tuple(
        Difference(generator.standard_normal(rows), generator.standard_normal(rows)) for _ in range(columns)
    )
    return differences, generator.standard_normal(rows)


@pytest.mark.parametrize(("rows", "columns"), [(8, 3), (20, 10), (3, 2), (5, 1)])
def test_undamped_shares_leave_the_shortest_residual(rows: int, columns: int) -> None:
    differences, residual = columns_and_residual(rows, rows, columns)
    matrix = np.stack([each.residual for each in differences], axis=1)
    wanted, *_ = np.linalg.lstsq(matrix, residual, rcond=None)
    np.testing.assert_allclose(PLAIN._shares(differences, residual, 0), wanted, rtol=1e-10)


@pytest.mark.parametrize("taken", [-50, 0, 10, 25, 40, 400])
@pytest.mark.parametrize(("rows", "columns"), [(8, 3), (20, 10), (5, 1)])
def test_damped_shares_have_the_size_that_is_asked_for(rows: int, columns: int, taken: int) -> None:
    """|g|^2 is 1 / (1 + alpha^(kappa - s)) of what it is undamped, and g solves the damped least squares."""
    differences, residual = columns_and_residual(rows, rows, columns)
    matrix = np.stack([each.residual for each in differences], axis=1)
    whole = PLAIN._shares(differences, residual, taken)
    damped = Anderson()._shares(differences, residual, taken)
    kept = 1.0 / (1.0 + 1.2 ** (25.0 - taken))
    assert damped @ damped == pytest.approx(kept * (whole @ whole), rel=1e-9)
    # (D'D + lambda) g = D'f with one lambda for all entries.
    rest = matrix.T @ (residual - matrix @ damped)
    penalty = float(rest @ damped / (damped @ damped))
    assert penalty >= -1e-12
    np.testing.assert_allclose(rest, penalty * damped, atol=1e-9 * float(np.linalg.norm(matrix.T @ residual)))


def test_differences_that_repeat_each_other_are_no_singular_system() -> None:
    (one, *_), residual = columns_and_residual(1, 6, 1)
    zero = Difference(np.zeros(6), np.zeros(6))
    for algorithm in (PLAIN, Anderson()):
        twice = algorithm._shares((one, one), residual, 30)
        once = algorithm._shares((one,), residual, 30)
        assert float(np.sum(twice)) == pytest.approx(float(once[0]), rel=1e-9)
        assert np.array_equal(algorithm._shares((zero, zero), residual, 30), [0.0, 0.0])
        assert algorithm._shares((one, zero), residual, 30) == pytest.approx([float(once[0]), 0.0], rel=1e-9)


def test_extreme_damping_overflows_nothing() -> None:
    differences, residual = columns_and_residual(2, 6, 2)
    shares = Anderson(kappa=1000.0, alpha=10.0)._shares(differences, residual, -2000)
    assert np.all(np.isfinite(shares))
    assert float(np.linalg.norm(shares)) < 1e-20


@pytest.mark.parametrize("algorithm", [PLAIN, Anderson(), Anderson(allowed_decrease=0.0)])
def test_an_iteration_is_the_formula(algorithm: Anderson) -> None:
    start = deaths()
    steps = start.steps(algorithm, tolerance=0.0, max_iterations=12)
    model, problem = start.problem().model, start.problem()
    images = []
    for step in steps:
        statistics = problem.expect(step.parameters).statistics
        images.append(model.m_step(statistics, step.parameters).vector)
    points = [step.parameters.vector for step in steps]
    assert np.array_equal(points[1], images[0])
    mixed = 0
    for k in range(2, len(steps)):
        before = state_of(steps[k - 1])
        newest = 1 if algorithm.restart and before.age == 0 else 2
        memory = range(max(1, k - newest), k)
        residuals = np.array([(images[j] - points[j]) - (images[j - 1] - points[j - 1]) for j in memory]).T
        moves = np.array([images[j] - images[j - 1] for j in memory]).T
        if steps[k].events and "fallback" in [event.kind for event in steps[k].events]:
            assert np.array_equal(points[k], images[k - 1])
            continue
        residual = images[k - 1] - points[k - 1]
        shares, *_ = np.linalg.lstsq(residuals, residual, rcond=None)
        if algorithm.damping:
            kept = 1.0 / (1.0 + algorithm.alpha ** (algorithm.kappa - before.taken))
            low, high = 0.0, 1.0
            size = kept * (shares @ shares)

            def damped(penalty: float, by: Array = residuals, of: Array = residual) -> Array:
                return np.asarray(np.linalg.solve(by.T @ by + penalty * np.eye(by.shape[1]), by.T @ of))

            while damped(high) @ damped(high) > size:
                high *= 2
            for _ in range(100):
                middle = (low + high) / 2
                low, high = (middle, high) if damped(middle) @ damped(middle) > size else (low, middle)
            shares = damped(high)
        np.testing.assert_allclose(points[k], images[k - 1] - moves @ shares, rtol=1e-7)
        mixed += 1
    assert mixed >= 6


def test_it_forgets_after_as_many_steps_as_its_order() -> None:
    order = math.ceil(17 / 2)
    steps = faithful().steps(Anderson(), tolerance=0.0, max_iterations=3 * order + 1)
    ages = [state_of(step).age for step in steps]
    assert ages == [0, 0, *[*range(1, order), 0] * 3]
    assert all(len(state_of(step).differences) == state_of(step).age for step in steps)
    kept = faithful().steps(Anderson(restart=False, order=4), tolerance=0.0, max_iterations=20)
    assert [len(state_of(step).differences) for step in kept[1:8]] == [0, 1, 2, 3, 4, 4, 4]


def test_a_cycle_that_lost_brings_damping_back() -> None:
    start, algorithm = deaths(), Anderson()
    problem = start.problem()
    state = algorithm.init(problem, start.start, 0)
    for _ in range(20):
        state, _ = algorithm.step(problem, state)
    assert isinstance(state, AndersonState)
    while state.age != 1:
        new, _ = algorithm.step(problem, state)
        assert isinstance(new, AndersonState)
        state = new
    gained, _ = algorithm.step(problem, dataclasses.replace(state, cycle_began=-math.inf))
    lost, _ = algorithm.step(problem, dataclasses.replace(state, cycle_began=math.inf))
    assert isinstance(gained, AndersonState)
    assert isinstance(lost, AndersonState)
    assert gained.age == lost.age == 0
    assert (gained.taken - state.taken, lost.taken - state.taken) == (1, -1)
    least, _ = algorithm.step(problem, dataclasses.replace(state, taken=-50, cycle_began=math.inf))
    assert isinstance(least, AndersonState)
    assert least.taken == -50


@pytest.mark.parametrize("start", [deaths(), separated_by(2.0)], ids=["deaths", "overlapping"])
@pytest.mark.parametrize("allowed", [0.0, 0.01])
def test_the_log_likelihood_falls_by_no_more_than_is_allowed(start: Beginning, allowed: float) -> None:
    algorithm = Anderson(allowed_decrease=allowed)
    assert algorithm.promises == ("log-likelihood" if allowed == 0.0 else None)
    steps = start.steps(algorithm)
    assert steps[-1].status == "converged"
    values = np.array([step.log_likelihood for step in steps])
    assert float(-np.min(np.diff(values))) <= allowed + 1e-9
    assert any(step.decreased for step in steps) == (allowed > 0)


def test_a_refused_mixture_becomes_an_em_step() -> None:
    start = first_experiment()
    steps = start.steps(Anderson())
    refused = [pair for pair in itertools.pairwise(steps) if pair[1].events]
    assert refused
    problem = start.problem()
    for before, step in refused:
        image = problem.model.m_step(problem.expect(before.parameters).statistics, before.parameters)
        assert np.array_equal(step.parameters.vector, image.vector)
        assert step.events[0].kind == "fallback"
        assert step.events[0].detail.endswith(": an EM step instead")


def test_it_overtakes_em_where_it_crawls() -> None:
    assert e_steps_to_the_maximum(Anderson()) < EM_STEPS / 30
