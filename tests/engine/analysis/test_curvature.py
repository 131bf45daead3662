"""Curvature by differences of gradients: against the whole Hessian, and against what gradient ascent does."""

from typing import Any

import numpy as np
import pytest

from engine.algorithms.gradient import GradientState
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.analysis.curvature import hessian_product, largest_eigenvalue, largest_stable_rate
from engine.datasets.three_clusters import ThreeClusters
from engine.experiment import named
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.stopping import Stop


@pytest.fixture(scope="module")
def problem() -> Problem:
    story = ThreeClusters()
    model = named("models", story.setup()["model"], "[model]")
    return Problem(model, model.prepare(story.generate()))


@pytest.fixture(scope="module")
def maximum(problem: Problem) -> Parameters:
    start = named("starts", {"name": "k-means++"}, "[start]").choose(problem.model, problem.prepared)
    *_, last = run(problem.uncharged(), Route(LimitedMemoryBfgs()), start, Stop(tolerance=1e-9))
    assert last.status == "converged"
    return last.parameters


def at(problem: Problem, parameters: Parameters, **settings: Any) -> GradientState:
    state = GradientAscent(**settings).init(problem, parameters, 0)
    assert isinstance(state, GradientState)
    return state


def whole_hessian(problem: Problem, state: GradientState) -> Array:
    columns = [hessian_product(problem, state.chart, state.x, axis) for axis in np.eye(state.x.size)]
    return np.array(columns)


@pytest.mark.parametrize("settings", [{}, {"weight_coordinates": "drop-last"}, {"standardize": False}])
def test_extremes_are_those_of_the_whole_hessian(
    problem: Problem, maximum: Parameters, settings: dict[str, Any]
) -> None:
    state = at(problem, maximum, **settings)
    hessian = whole_hessian(problem, state)
    size = float(np.max(np.abs(hessian)))
    assert hessian == pytest.approx(hessian.T, abs=1e-6 * size)
    eigenvalues = np.linalg.eigvalsh(0.5 * (hessian + hessian.T))
    steepest = largest_eigenvalue(problem, state.chart, state.x, -1.0)
    assert steepest is not None
    assert steepest.value == pytest.approx(-eigenvalues[0], rel=1e-3)
    product = hessian_product(problem, state.chart, state.x, steepest.direction)
    assert product == pytest.approx(-steepest.value * steepest.direction, abs=0.05 * steepest.value)


@pytest.mark.parametrize(("share", "falls"), [(0.97, False), (1.03, True)])
def test_gradient_ascent_is_stable_just_below_2_over_the_largest_eigenvalue_and_not_above(
    problem: Problem, maximum: Parameters, share: float, falls: bool
) -> None:
    state = at(problem, maximum)
    rate = largest_stable_rate(problem, state.chart, state.x)
    assert rate is not None
    steepest = largest_eigenvalue(problem.uncharged(), state.chart, state.x, -1.0)
    assert steepest is not None
    beside = state.chart.read(state.x + 1e-3 * steepest.direction)
    stop = Stop(tolerance=0.0, max_iterations=60)
    *steps, last = run(problem.uncharged(), Route(GradientAscent(learning_rate=share * rate)), beside, stop)
    assert any(each.decreased for each in (*steps, last)) is falls
    top = state.position.log_likelihood
    assert (top - last.log_likelihood > top - steps[0].log_likelihood) is falls


def test_looking_is_free(problem: Problem, maximum: Parameters) -> None:
    state = at(problem, maximum)
    before = problem.meter.passes
    largest_stable_rate(problem, state.chart, state.x)
    assert problem.meter.passes == before
