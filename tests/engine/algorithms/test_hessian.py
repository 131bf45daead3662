"""Second derivatives: Louis' formula against differences, complete information against its closed form."""

from typing import Any

import numpy as np
import pytest

from engine.algorithms.gradient import GradientState
from engine.algorithms.hessian import (
    complete_information,
    directions_of,
    hessian_by_differences,
    hessian_by_louis,
)
from engine.algorithms.newton import Newton
from engine.analysis.curvature import largest_stable_rate
from engine.models.exponential_family import CompleteExponentialFamily
from engine.objective import Problem
from engine.parameters import Array
from tests.engine.algorithms.starts import collapsing, faithful, three_likelihoods
from tests.engine.models.cases import CASES, Case


def is_offered(case: Case) -> bool:
    """Whether the model tells the posterior's covariance of the score: not along sequences, nor with more latent."""
    if not isinstance(case.model, CompleteExponentialFamily):
        return False
    return case.problem(1).missing_information(case.parameters) is not None


SMALL = [case for case in CASES if "-d5" not in case.label and "floor" not in case.label and is_offered(case)]
COORDINATES: tuple[dict[str, Any], ...] = (
    {},
    {"weight_coordinates": "drop-last", "covariance_coordinates": "raw", "standardize": False},
    {"weight_coordinates": "sphere", "covariance_coordinates": "matrix-logarithm"},
)


def at(case: Case, settings: dict[str, Any]) -> tuple[Problem, GradientState]:
    problem = case.problem(1)
    state = Newton(**settings).init(problem, case.parameters, 0)
    assert isinstance(state, GradientState)
    return problem, state


@pytest.mark.parametrize("settings", COORDINATES, ids=lambda each: each.get("weight_coordinates", "softmax"))
@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.label)
def test_louis_formula_agrees_with_differences_and_costs_one_pass(
    case: Case, settings: dict[str, Any]
) -> None:
    problem, state = at(case, settings)
    directions = directions_of(state.chart, state.x)
    passes = problem.meter.passes
    found = hessian_by_louis(problem, state, directions)
    assert problem.meter.passes == passes + 1
    expected = hessian_by_differences(problem, state.chart, state.x, directions)
    assert problem.meter.passes == passes + 1 + 2 * directions.shape[1]
    assert found is not None
    size = float(np.max(np.abs(expected)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * size)


def test_louis_formula_on_known_components() -> None:
    beginning = three_likelihoods(0.61, (0.2, 0.5, 0.3))
    problem = beginning.problem()
    state = Newton().init(problem, beginning.start, 0)
    assert isinstance(state, GradientState)
    directions = directions_of(state.chart, state.x)
    assert directions.shape == (3, 2)
    found = hessian_by_louis(problem, state, directions)
    assert found is not None
    np.testing.assert_allclose(
        found, hessian_by_differences(problem, state.chart, state.x, directions), rtol=0, atol=1e-9
    )


def test_louis_formula_needs_no_features_where_a_component_is_narrow() -> None:
    """A component with a spread of 1e-3 of the data's, as on the way to a collapse."""
    beginning = collapsing(variance=1e-5)
    problem = beginning.problem()
    state = Newton().init(problem, beginning.start, 0)
    assert isinstance(state, GradientState)
    directions = directions_of(state.chart, state.x)
    found = hessian_by_louis(problem, state, directions)
    assert found is not None
    expected = hessian_by_differences(problem, state.chart, state.x, directions)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.max(np.abs(expected)))


def test_outside_the_simplex_louis_formula_is_not_offered_and_not_charged() -> None:
    beginning = three_likelihoods(0.5)
    problem = faithful().problem()
    outside = faithful().start.replaced({"weights": np.array([-0.01, 0.5, 0.51])})
    assert problem.missing_information(outside) is None
    assert problem.meter.passes == 0
    assert beginning.problem().missing_information(beginning.start) is not None


def jacobian(state: GradientState) -> Array:
    """d blocks / d coordinates (layout.size, size), by differences of the chart's own reading."""
    columns = []
    for axis in np.eye(state.x.size):
        ahead, behind = (state.chart.read(state.x + sign * 1e-6 * axis).vector for sign in (1, -1))
        columns.append((ahead - behind) / 2e-6)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("settings", COORDINATES, ids=lambda each: each.get("weight_coordinates", "softmax"))
def test_complete_information_is_that_of_the_textbook_pulled_back(settings: dict[str, Any]) -> None:
    """diag(1/pi), pi_k Sigma_k^-1 and (pi_k / 2) Sigma_k^-1 (x) Sigma_k^-1, between the chart's Jacobians."""
    beginning = faithful()
    problem = beginning.problem()
    state = Newton(**settings).init(problem, beginning.start, 0)
    assert isinstance(state, GradientState)
    parameters = state.position.parameters
    weights = parameters["weights"]
    natural = np.zeros((parameters.layout.size, parameters.layout.size))
    places = parameters.layout.places
    natural[places["weights"], places["weights"]] = np.diag(1 / weights)
    for k, covariance in enumerate(parameters["covariances"]):
        precision = np.linalg.inv(covariance)
        mean = slice(places["means"].start + 2 * k, places["means"].start + 2 * k + 2)
        square = slice(places["covariances"].start + 4 * k, places["covariances"].start + 4 * k + 4)
        natural[mean, mean] = weights[k] * precision
        natural[square, square] = 0.5 * weights[k] * np.kron(precision, precision)
    directions = directions_of(state.chart, state.x)
    moved = jacobian(state) @ directions
    model = problem.model
    assert isinstance(model, CompleteExponentialFamily)
    statistics = model.mean_statistics(problem.prepared, parameters)
    found = complete_information(problem, model, state.chart, state.x, statistics, directions)
    np.testing.assert_allclose(found, moved.T @ natural @ moved, rtol=1e-6, atol=1e-8)
    assert problem.meter.passes == 1


def test_the_largest_stable_rate_of_raw_covariances_looks_at_symmetric_steps_only() -> None:
    problem, start = faithful().problem(), faithful().start
    state = Newton(covariance_coordinates="raw").init(problem, start, 0)
    assert isinstance(state, GradientState)
    directions = directions_of(state.chart, state.x)
    hessian = hessian_by_differences(problem, state.chart, state.x, directions)
    rate = largest_stable_rate(problem, state.chart, state.x)
    assert rate == pytest.approx(-2 / np.linalg.eigvalsh(hessian)[0], rel=1e-6)


def test_directions_are_those_along_which_parameters_change() -> None:
    beginning = faithful()
    sizes = {"softmax": (2, 3), "sphere": (2, 3), "log-ratio": (2, 2), "drop-last": (2, 2)}
    for name, (free, written) in sizes.items():
        algorithm = Newton(weight_coordinates=name)
        chart = algorithm.chart(beginning.start)
        directions = directions_of(chart, chart.write(beginning.start))
        assert directions.shape == (chart.size - written + free, chart.size)[::-1]
        np.testing.assert_allclose(directions.T @ directions, np.eye(directions.shape[1]), atol=1e-12)
    chart = Newton(covariance_coordinates="raw").chart(beginning.start)
    directions = directions_of(chart, chart.write(beginning.start))
    assert chart.size - directions.shape[1] == 1 + 3
    generator = np.random.Generator(np.random.Philox(1))
    step = directions @ generator.standard_normal(directions.shape[1])
    square = step[chart.place("covariances")].reshape(3, 2, 2)
    np.testing.assert_allclose(square, np.swapaxes(square, 1, 2), atol=1e-15)
