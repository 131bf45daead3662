"""Data and parameters on which formulas that are right on paper lose their digits, against the textbook."""

from typing import Any

import numpy as np
import pytest

from engine.analysis.bound import lower_bound
from engine.dataset import Dataset
from engine.models.base import UndefinedLikelihood
from engine.models.gaussian_mixture import LARGEST_FAST_DIMENSION, GaussianMixture
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.roundoff import roundoff_bound
from tests import textbook
from tests.engine.models.cases import Case, random_parameters

COVARIANCES = ("full", "diagonal", "spherical", "tied")
every_covariance = pytest.mark.parametrize("covariance", COVARIANCES)


def normal(rows: int, dimension: int, seed: int = 0) -> Array:
    return np.random.Generator(np.random.Philox(seed)).standard_normal((rows, dimension))


def bench(values: Array, model: Any) -> Case:
    columns = tuple(f"x{j + 1}" for j in range(values.shape[1]))
    return Case("hard", model, Dataset("hard", columns, np.array(values)))


def check(case: Case, described: dict[str, Any], step: float = 1e-10) -> tuple[Parameters, Parameters]:
    """Log-likelihood to 1e-12 and the EM step to `step`, relative to the textbook's; before and after."""
    parameters = case.model.accept(case.prepared, described)
    expectation = case.problem().expect(parameters)
    plain = textbook.e_step(case.dataset.values, described)
    assert expectation.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    moved = case.model.m_step(expectation.statistics, parameters)
    wanted = textbook.m_step(case.dataset.values, plain.responsibilities, described, **case.textbook_settings)
    for name, values in case.model.describe(moved).items():
        for ours, theirs in zip(values, wanted[name], strict=True):
            # A matrix or a vector is measured by its size; a mean has no more digits than the data's range.
            size = float(np.max(np.abs(theirs)))
            farthest = float(np.max(np.abs(case.dataset.values))) if name == "means" else 0.0
            digits = step * size + 1e-15 * farthest
            assert ours == pytest.approx(np.asarray(theirs, dtype=float), rel=step, abs=digits)
    return parameters, moved


def spread_out(values: Array, model: Any, seed: int = 3) -> dict[str, Any]:
    case = bench(values, model)
    described = model.describe(random_parameters(model, case.prepared, seed))
    assert isinstance(described, dict)
    return described


@every_covariance
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_a_million_standard_deviations_from_the_origin(covariance: str, dimension: int) -> None:
    values = 1e6 + normal(80, dimension)
    model = GaussianMixture(covariance=covariance)
    case = bench(values, model)
    _, moved = check(case, spread_out(values, model))
    # Its digits are those of the data about their centre, not of their distance from the origin.
    near = bench(values - 1e6, model)
    start = spread_out(values, model)
    shifted = {**start, "means": start["means"] - 1e6}
    _, there = check(near, shifted)
    assert moved["covariances"] == pytest.approx(there["covariances"], rel=1e-9)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "tied"])
def test_columns_on_scales_that_differ_by_a_hundred_million(covariance: str) -> None:
    values = normal(80, 3) * np.array([1e-4, 1.0, 1e4])
    model = GaussianMixture(covariance=covariance)
    check(bench(values, model), spread_out(values, model))


def narrow(variance: float, dimension: int, away: float = 1.0) -> tuple[Array, dict[str, Any]]:
    """A cloud, and a second one of this variance somewhere else in it."""
    values = normal(120, dimension)
    cloud = values[60:] * variance**0.5 + away * np.arange(1, dimension + 1)
    eye = np.eye(dimension)
    described = {
        "weights": [0.5, 0.5],
        "means": [np.zeros(dimension), np.mean(cloud, axis=0)],
        "covariances": [eye, 1.2 * variance * eye],
    }
    return np.concatenate((values[:60], cloud)), described


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
@pytest.mark.parametrize("dimension", [1, 2, 5])
@pytest.mark.parametrize("variance", [1e-3, 1e-5, 1e-8, 1e-10, 1e-12])
def test_a_component_far_narrower_than_the_data(covariance: str, dimension: int, variance: float) -> None:
    values, described = narrow(variance, dimension)
    case = bench(values, GaussianMixture(components=2, covariance=covariance))
    start, _ = check(case, described)
    # So it climbs without trembling, its bound touches, and it comes to rest.
    problem, parameters = case.problem(), start
    expectation = problem.expect(parameters)
    assert lower_bound(problem, start, expectation, start) == pytest.approx(
        expectation.log_likelihood, rel=1e-12
    )
    for _ in range(60):
        before = expectation.log_likelihood
        parameters = case.model.m_step(expectation.statistics, parameters)
        expectation = problem.expect(parameters)
        assert before - expectation.log_likelihood <= roundoff_bound(before, problem.total_weight)
    assert problem.stationarity(parameters, expectation) < 1e-15 / variance + 1e-8


@pytest.mark.parametrize("covariance", ["full", "tied"])
def test_many_columns_are_evaluated_component_by_component(covariance: str) -> None:
    """Above 15 columns no product with features is made, and a narrow component still keeps its digits."""
    dimension = LARGEST_FAST_DIMENSION + 1
    values = normal(200, dimension)
    values[100:] = 3.0 + 1.5 * values[100:]
    model = GaussianMixture(components=2, covariance=covariance)
    prepared = bench(values, model).prepared
    assert not prepared.by_product
    assert prepared.stored is None
    check(bench(values, model), spread_out(values, model))
    if covariance == "full":
        narrowed, described = narrow(1e-8, dimension)
        case = bench(narrowed, model)
        check(case, described)
        coefficients = model.coefficients(model.accept(case.prepared, described))
        assert coefficients.exact == (0, 1)
        assert coefficients.narrow == (1,)


@pytest.mark.parametrize("covariance", ["full", "tied"])
@pytest.mark.parametrize("dimension", [2, 3, 5])
def test_covariances_of_an_m_step_are_symmetric_to_the_last_digit(covariance: str, dimension: int) -> None:
    """One unit of asymmetry in a narrow covariance costs its precision, and so the log-likelihood, 5 digits."""
    values, described = narrow(1e-3, dimension)
    if covariance == "tied":
        described["covariances"] = [0.5 * np.eye(dimension)] * 2
    case = bench(values, GaussianMixture(components=2, covariance=covariance))
    parameters, problem = case.model.accept(case.prepared, described), case.problem()
    for _ in range(20):
        parameters = case.model.m_step(problem.expect(parameters).statistics, parameters)
        assert np.array_equal(parameters["covariances"], np.swapaxes(parameters["covariances"], -1, -2))


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_statistics_of_a_narrow_component_add_without_loss(covariance: str) -> None:
    values, described = narrow(1e-10, 2)
    case = bench(values, GaussianMixture(components=2, covariance=covariance))
    parameters, moved = check(case, described)
    problem, order = case.problem(), np.random.Generator(np.random.Philox(1)).permutation(len(values))
    parts = [problem.expect(parameters, np.sort(units)) for units in np.array_split(order, 7)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    together = case.model.m_step(total.statistics, parameters)
    assert together.vector == pytest.approx(moved.vector, rel=1e-10)
    tripled = case.model.m_step(total.scaled(3.7).statistics, parameters)
    assert tripled.vector == pytest.approx(moved.vector, rel=1e-10)


@every_covariance
def test_clusters_far_apart_compared_with_their_width(covariance: str) -> None:
    """Two clusters a million of their standard deviations apart: each is narrow in the data's units."""
    values = np.concatenate((normal(40, 2), 1e6 + normal(40, 2, seed=1)))
    described = {
        "weights": [0.5, 0.5],
        "means": [[0.1, 0.0], [1e6, 1e6]],
        "covariances": [1.5 * np.eye(2)] * 2,
    }
    check(bench(values, GaussianMixture(components=2, covariance=covariance)), described)


@every_covariance
def test_a_point_sixty_standard_deviations_from_every_component(covariance: str) -> None:
    values = np.concatenate((normal(99, 2), [[60.0, 0.0]]))
    described = {
        "weights": [0.4, 0.6],
        "means": [[0.0, 0.5], [0.0, -0.5]],
        "covariances": [np.eye(2), np.eye(2) if covariance == "tied" else 0.8 * np.eye(2)],
    }
    case = bench(values, GaussianMixture(components=2, covariance=covariance))
    parameters, _ = check(case, described)
    shares = case.model.responsibilities(parameters, case.prepared.columns)
    assert np.sum(shares, axis=0) == pytest.approx(1.0, abs=1e-14)


def test_a_count_that_no_component_expects() -> None:
    values = np.concatenate((np.arange(40.0) % 7, [400.0]))[:, None]
    described = {"weights": [0.4, 0.6], "rates": [[1.0], [5.0]]}
    check(bench(values, PoissonMixture(components=2)), described)


@pytest.mark.parametrize("size", [1e5, 1e9])
def test_large_counts_tremble_no_more_than_rounding_may(size: float) -> None:
    """x log(rate) - log x! is little, but both of its terms are huge."""
    spread = size**0.5
    generator = np.random.Generator(np.random.Philox(2))
    counts = generator.poisson(size + spread * np.array([-0.5, 0.5]), (150, 2)).reshape(-1, 1)
    case = bench(counts.astype(float), PoissonMixture(components=2))
    start = {"weights": [0.4, 0.6], "rates": [[size - 0.3 * spread], [size + 0.2 * spread]]}
    problem, parameters = case.problem(), case.model.accept(case.prepared, start)
    falls: list[float] = []
    before = problem.log_likelihood(parameters)
    for _ in range(600):
        parameters = case.model.m_step(problem.expect(parameters).statistics, parameters)
        after = problem.log_likelihood(parameters)
        falls.append((before - after) / problem.roundoff_bound(before))
        before = after
    assert max(falls) < 0.5
    assert max(falls) * problem.roundoff_bound(before) > roundoff_bound(before, problem.total_weight)


@pytest.mark.parametrize("size", [1e3, 1e20, 1e80])
def test_what_grows_for_ever_is_not_stationary(size: float) -> None:
    """The slope in a variance vanishes as it grows, but there is no maximum out there."""
    case = bench(normal(50, 2), GaussianMixture(components=1))
    parameters = case.model.from_centres(case.prepared, np.zeros((1, 2)), np.full(2, size))
    problem = case.problem()
    assert problem.stationarity(parameters, problem.expect(parameters)) > 1e-3


@every_covariance
@pytest.mark.parametrize("weight", [1e-300, 1e-250, 1e-100, 1e-16])
def test_weights_of_next_to_nothing(covariance: str, weight: float) -> None:
    values = normal(80, 2)
    model = GaussianMixture(covariance=covariance)
    described = spread_out(values, model)
    others = described["weights"][1:] / np.sum(described["weights"][1:])
    check(bench(values, model), {**described, "weights": np.array([weight, *others])})


@every_covariance
def test_a_weight_of_nothing_stays_nothing_and_moves_nothing(covariance: str) -> None:
    values = normal(80, 2)
    model = GaussianMixture(covariance=covariance)
    described = {**spread_out(values, model), "weights": [0.0, 0.5, 0.5]}
    case = bench(values, model)
    parameters = model.accept(case.prepared, described)
    expectation = case.problem().expect(parameters)
    two = {name: block[1:] for name, block in described.items()}
    assert expectation.log_likelihood == pytest.approx(textbook.e_step(values, two).log_likelihood, rel=1e-12)
    moved = model.m_step(expectation.statistics, parameters)
    assert moved["weights"][0] == 0.0
    assert np.array_equal(moved["means"][0], parameters["means"][0])
    if covariance != "tied":
        assert np.array_equal(moved["covariances"][0], parameters["covariances"][0])
    densities = np.exp(textbook.log_densities(values, described))
    ratio = np.sum(densities[:, 0] / (densities @ np.array(described["weights"])))
    assert expectation.ratios is not None
    assert expectation.ratios[0] == pytest.approx(float(ratio), rel=1e-12)


@every_covariance
def test_twelve_components_ten_of_them_far_from_every_point(covariance: str) -> None:
    values = normal(60, 2)
    model = GaussianMixture(components=12, covariance=covariance)
    means = np.array([[0.5, 0.0], [-0.5, 0.0], *([1e3 * k, 1e3] for k in range(1, 11))])
    described = {"weights": np.full(12, 1 / 12), "means": means, "covariances": [np.eye(2)] * 12}
    case = bench(values, model)
    parameters = model.accept(case.prepared, described)
    expectation = case.problem().expect(parameters)
    plain = textbook.e_step(values, described)
    assert expectation.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    moved = model.m_step(expectation.statistics, parameters)
    assert np.all(np.isfinite(moved.vector))
    assert moved.layout.violation(moved.vector) is None
    assert np.all(moved["weights"][2:] < 1e-100)
    assert np.isfinite(case.problem().log_likelihood(moved))
    assert np.array_equal(moved["means"][2:][moved["weights"][2:] == 0], means_in_frame(parameters, moved))


def means_in_frame(before: Parameters, after: Parameters) -> Array:
    """The old means of the components that emptied: they stay where they were."""
    means: Array = before["means"][2:][after["weights"][2:] == 0]
    return means


@every_covariance
def test_duplicated_points_are_points_that_count_twice(covariance: str) -> None:
    values = np.repeat(np.round(normal(30, 2), 1), 4, axis=0)
    model = GaussianMixture(covariance=covariance)
    check(bench(values, model), spread_out(values, model))


def test_fewer_points_than_columns_in_a_component_is_a_collapse() -> None:
    values = np.concatenate((normal(40, 5), 30.0 + 0.1 * normal(3, 5, seed=1)))
    described = {
        "weights": [40 / 43, 3 / 43],
        "means": [np.zeros(5), np.full(5, 30.0)],
        "covariances": [np.eye(5)] * 2,
    }
    case = bench(values, GaussianMixture(components=2))
    parameters = case.model.accept(case.prepared, described)
    moved = case.model.m_step(case.problem().expect(parameters).statistics, parameters)
    with pytest.raises(UndefinedLikelihood, match="component 2 shrank onto a point or a line") as caught:
        case.problem().expect(moved)
    assert caught.value.kind == "collapsed"
    for covariance in ("spherical", "tied"):
        case = bench(values, GaussianMixture(components=2, covariance=covariance))
        check(case, described)
    floored = bench(values, GaussianMixture(components=2, covariance_floor=1e-3))
    problem, parameters = floored.problem(), floored.model.accept(floored.prepared, described)
    for _ in range(50):
        parameters = floored.model.m_step(problem.expect(parameters).statistics, parameters)
        assert parameters.layout.violation(parameters.vector) is None


def test_elongated_components_whose_axes_are_nearly_parallel() -> None:
    """Correlation .99999999: the covariance has an eigenvalue 1e-8 of the other."""
    z = normal(100, 2)
    values = np.stack((z[:, 0], z[:, 0] + 1e-4 * z[:, 1]), axis=1)
    matrix = np.cov(values.T, bias=True)
    described = {
        "weights": [0.5, 0.5],
        "means": [[-0.5, -0.5], [0.5, 0.5]],
        "covariances": [matrix, matrix],
    }
    case = bench(values, GaussianMixture(components=2))
    parameters = case.model.accept(case.prepared, described)
    problem = case.problem()
    expectation = problem.expect(parameters)
    plain = textbook.e_step(values, case.model.describe(parameters))
    assert expectation.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-8)
    for _ in range(40):
        before = expectation.log_likelihood
        parameters = case.model.m_step(expectation.statistics, parameters)
        expectation = problem.expect(parameters)
        assert before - expectation.log_likelihood <= roundoff_bound(before, problem.total_weight)


def test_probes_do_not_charge_the_lane() -> None:
    values = normal(30, 2)
    case = bench(values, GaussianMixture(components=2))
    problem = Problem(case.model, case.prepared)
    problem.uncharged().expect(random_parameters(case.model, case.prepared, 1))
    assert problem.meter.passes == 0
