"""Components are matched by the assignment with the smallest sum of squared distances."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from engine.analysis.matching import cheapest_assignment, matched_components
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Parameters
from tests.engine.models.cases import data_for, random_parameters


def with_means(parameters: Parameters, order: tuple[int, ...], shift: float) -> Parameters:
    moved = parameters["means"][list(order)] + shift
    return parameters.replaced({"means": moved})


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_permuted_components_are_found_again(order: tuple[int, ...]) -> None:
    model = GaussianMixture(components=3)
    prepared = model.prepare(data_for(model, 2, False, 60))
    reference = random_parameters(model, prepared, seed=3)
    assert matched_components(reference, [reference]) == ((0, 1, 2),)
    assert matched_components(reference, [with_means(reference, order, 1e-3)]) == (order,)


def test_the_assignment_is_the_best_of_all() -> None:
    model = GaussianMixture(components=5)
    prepared = model.prepare(data_for(model, 2, False, 60))
    one, other = (random_parameters(model, prepared, seed=seed) for seed in (1, 2))
    (found,) = matched_components(one, [other])
    distances = np.sum(np.square(other["means"][:, None] - one["means"][None]), axis=2)
    costs = {
        order: sum(distances[k, j] for k, j in enumerate(order)) for order in itertools.permutations(range(5))
    }
    assert costs[found] == pytest.approx(min(costs.values()))


def test_parameters_that_are_not_finite_keep_their_order() -> None:
    model = GaussianMixture(components=3)
    prepared = model.prepare(data_for(model, 2, False, 60))
    reference = random_parameters(model, prepared, seed=3)
    lost = reference.replaced({"means": np.full((3, 2), np.nan)})
    assert matched_components(reference, [lost]) == ((0, 1, 2),)


@pytest.mark.parametrize("count", range(1, 13))
def test_the_cheapest_assignment_is_that_of_scipy(count: int) -> None:
    generator = np.random.Generator(np.random.Philox(count))
    for number in range(20):
        costs = generator.random((count, count)) * 10.0 ** generator.integers(-3, 13)
        if number % 2:
            # Equal costs have many cheapest assignments.
            costs = generator.integers(4, size=(count, count)).astype(float)
        chosen = cheapest_assignment(costs)
        assert sorted(chosen) == list(range(count))
        rows, columns = linear_sum_assignment(costs)
        assert costs[rows, list(chosen)].sum() == pytest.approx(costs[rows, columns].sum(), rel=1e-12)
