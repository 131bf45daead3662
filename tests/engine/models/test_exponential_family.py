"""Mean statistics and the complete data's Fisher information, of every model that offers them."""

import numpy as np
import pytest

from engine.dataset import Dataset
from engine.models.exponential_family import CompleteExponentialFamily, solve_weights
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.mixture_proportions import MixtureProportions
from engine.parameters import Array, Parameters
from tests.engine.models.cases import CASES, Case, real_data

FAMILIES = [case for case in CASES if isinstance(case.model, CompleteExponentialFamily)]
every_family = pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case.label)


def free_directions(parameters: Parameters, seed: int) -> Array:
    """Random directions (m, size) along the free blocks: weights that sum to 0, symmetric matrices."""
    generator = np.random.Generator(np.random.Philox(seed))
    layout = parameters.layout
    found = np.zeros((len(layout.free), layout.size))
    for direction, name in zip(found, layout.free, strict=True):
        block = layout.by_name[name]
        direction[layout.places[name]] = block.support.tangent(generator.standard_normal(block.shape)).ravel()
    return np.array([*found, np.sum(found, axis=0)])


@every_family
def test_the_m_step_reads_what_mean_statistics_write(case: Case) -> None:
    mean = case.model.mean_statistics(case.prepared, case.parameters)
    assert mean.shape == case.problem().expect(case.parameters).statistics.shape
    back = case.model.m_step(mean, case.parameters)
    np.testing.assert_allclose(back.vector, case.parameters.vector, rtol=1e-12, atol=1e-14)


@every_family
def test_the_information_is_the_curvature_of_the_expected_log_likelihood(case: Case) -> None:
    """At the mean statistics Q is stationary, and minus its second derivatives are the information."""
    model, parameters = case.model, case.parameters
    mean = model.mean_statistics(case.prepared, parameters)
    directions = free_directions(parameters, seed=3)
    gradient = case.problem().gradient(parameters)[1]
    moved = model.solve_information(mean, parameters, gradient)
    step = 1e-4 / max(1.0, float(np.max(np.abs(moved))))

    def q(vector: Array) -> float:
        return float(
            model.expected_log_likelihood(case.prepared, mean, Parameters(parameters.layout, vector))
        )

    for direction in directions:
        ends = [
            one * other * q(parameters.vector + one * step * moved + other * 1e-4 * direction)
            for one in (1, -1)
            for other in (1, -1)
        ]
        curvature = -sum(ends) / (4 * step * 1e-4)
        size = float(np.sum(np.abs(gradient * direction)))
        rounding = 1e-16 * abs(q(parameters.vector)) / (step * 1e-4)
        wanted = float(gradient @ direction)
        assert curvature == pytest.approx(wanted, rel=1e-4, abs=1e-4 * size + rounding)


def test_mean_statistics_of_a_narrow_component_keep_their_digits() -> None:
    """A variance of 1e-10 far from the origin: the M step finds it again."""
    model = GaussianMixture(components=2)
    prepared = model.prepare(real_data(2, False))
    parameters = model.layout(prepared).pack(
        {
            "weights": [0.3, 0.7],
            "means": [[30.0, -40.0], [0.0, 0.0]],
            "covariances": [[[1e-10, 3e-11], [3e-11, 2e-10]], np.eye(2)],
        }
    )
    back = model.m_step(model.mean_statistics(prepared, parameters), parameters)
    np.testing.assert_allclose(back["covariances"][0], parameters["covariances"][0], rtol=1e-9)


def test_weights_move_within_the_simplex() -> None:
    weights, gradient = np.array([0.2, 0.0, 0.8]), np.array([3.0, 100.0, -1.0])
    moved = solve_weights(weights, gradient, 10.0)
    assert float(np.sum(moved)) == pytest.approx(0.0, abs=1e-16)
    assert moved[1] == 0.0
    matrix = (np.diag(weights) - np.outer(weights, weights)) / 10.0
    np.testing.assert_allclose(moved, matrix @ gradient, atol=1e-16)


def test_a_component_without_a_count_does_not_move() -> None:
    case = next(each for each in FAMILIES if each.label == "gaussian-mixture-d2")
    weights = np.array([0.0, 0.4, 0.6])
    parameters = case.parameters.replaced({"weights": weights})
    expectation, gradient = case.problem().gradient(parameters)
    moved = Parameters(
        parameters.layout, case.model.solve_information(expectation.statistics, parameters, gradient)
    )
    for name in ("weights", "means", "covariances"):
        assert not np.any(moved[name][0])
        assert np.any(moved[name][1])


def test_proportions_of_known_components_are_a_family_too() -> None:
    generator = np.random.Generator(np.random.Philox(1))
    table = generator.random((50, 4))
    model = MixtureProportions()
    prepared = model.prepare(Dataset("likelihoods", ("a", "b", "c", "d"), table))
    parameters = model.accept(prepared, {"weights": [0.1, 0.2, 0.3, 0.4]})
    mean = model.mean_statistics(prepared, parameters)
    np.testing.assert_allclose(model.m_step(mean, parameters).vector, parameters.vector, rtol=1e-14)
    gradient = generator.standard_normal(4)
    np.testing.assert_allclose(
        model.solve_information(mean, parameters, gradient),
        solve_weights(parameters["weights"], gradient, 50.0),
        rtol=1e-13,
    )
