"""Factor analysis of published correlation matrices: optima, EM's steps to them, its rate, the profile likelihood."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.algorithms.base import Algorithm
from engine.algorithms.profile_bfgs import ProfileBfgs
from engine.algorithms.profile_fixed_point import ProfileFixedPoint
from engine.covariance_matrix import covariance_dataset
from engine.csv_reader import read_csv
from engine.dataset import Dataset
from engine.models.factor_analysis import FactorAnalysis
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.starts.squared_multiple_correlations import SquaredMultipleCorrelations
from engine.stopping import Stop
from engine.trace import Step
from tests.reference.lanes import DATA, Bench

ABILITY_ONE = ("ability_cov.csv", 112, 1)
ABILITY_TWO = ("ability_cov.csv", 112, 2)
LAWLEY_MAXWELL = ("lawley_maxwell6_cor.csv", 220, 2)
OPTIMA = {
    ABILITY_ONE: (
        0.699345035354,
        -853.75802070,
        (0.53459892, 0.852579, 0.74818565, 0.91012781, 0.23171611, 0.27974112),
    ),
    ABILITY_TWO: (
        0.057160216837,
        -817.79567086,
        (0.45522417, 0.58933217, 0.21817956, 0.76942145, 0.05245176, 0.33358833),
    ),
    LAWLEY_MAXWELL: (
        0.010867202236,
        -1716.01770596,
        (0.51017144, 0.59407238, 0.64372797, 0.37735562, 0.43135986, 0.62820547),
    ),
}
every_matrix = pytest.mark.parametrize("case", OPTIMA, ids=lambda case: f"{case[0][:7]}-{case[2]}")
Case = tuple[str, int, int]


def correlations(case: Case) -> Dataset:
    """The matrix of a file as correlations."""
    file, observations, _ = case
    table = read_csv(DATA / file, name=file)
    deviations = np.sqrt(np.diagonal(table.values))
    scaled = table.values / np.outer(deviations, deviations)
    return covariance_dataset(replace(table, values=scaled, _cache={}), observations)


def bench(case: Case) -> tuple[Bench, Parameters]:
    """A bench with the start of the reference."""
    made = Bench(FactorAnalysis(factors=case[2]), correlations(case))
    return made, SquaredMultipleCorrelations().begin(made.model, made.prepared)


def steps(case: Case, algorithm: Algorithm, most: int = 1000) -> list[Step]:
    made, start = bench(case)
    problem = Problem(made.model, made.prepared, 1)
    return list(run(problem, Route(algorithm), start, Stop(tolerance=1e-8, max_iterations=most)))


def optimum(case: Case) -> tuple[Bench, Parameters]:
    return bench(case)[0], steps(case, ProfileBfgs())[-1].parameters


@every_matrix
def test_the_start_is_the_references(case: Case) -> None:
    made, start = bench(case)
    matrix = made.prepared.dataset.covariance
    p, q = len(matrix), case[2]
    uniquenesses = (1 - q / (2 * p)) / np.diagonal(np.linalg.inv(matrix))
    assert start["uniquenesses"] == pytest.approx(uniquenesses, rel=1e-12)
    whitened = matrix / np.sqrt(np.outer(uniquenesses, uniquenesses))
    values, vectors = np.linalg.eigh(whitened)
    best = np.sqrt(uniquenesses)[:, None] * vectors[:, -q:] * np.sqrt(values[-q:] - 1)
    assert start["loadings"] @ start["loadings"].T == pytest.approx(best @ best.T, abs=1e-12)
    rest = values[:-q]
    assert made.model.discrepancy(made.prepared, start) == pytest.approx(np.sum(rest - np.log(rest) - 1))


@every_matrix
def test_the_optimum(case: Case) -> None:
    discrepancy, log_likelihood, uniquenesses = OPTIMA[case]
    made, there = optimum(case)
    assert made.model.discrepancy(made.prepared, there) == pytest.approx(discrepancy, abs=1e-11)
    assert made.problem.log_likelihood(there) == pytest.approx(log_likelihood, abs=1e-8)
    assert there["uniquenesses"] == pytest.approx(uniquenesses, abs=1e-7)
    sigma = there["loadings"] @ there["loadings"].T + np.diag(there["uniquenesses"])
    matrix, (file, n, _) = made.prepared.dataset.covariance, case
    _, determinant = np.linalg.slogdet(sigma)
    constant = len(matrix) * math.log(2 * math.pi)
    plain = -n / 2 * (constant + determinant + np.trace(np.linalg.solve(sigma, matrix)))
    assert plain == pytest.approx(log_likelihood, abs=1e-8), file


@pytest.mark.parametrize(
    ("case", "wanted", "digits"),
    [
        (ABILITY_ONE, {1e-3: 16, 1e-5: 29, 1e-7: 42}, 0.83735),
        (ABILITY_TWO, {1e-3: 77, 1e-5: 565, 1e-7: 1344}, 0.99725),
        (LAWLEY_MAXWELL, {1e-3: 5, 1e-5: 22, 1e-7: 43}, 0.89632),
    ],
)
def test_steps_and_rate_of_em(case: Case, wanted: dict[float, int], digits: float) -> None:
    made, parameters = bench(case)
    best = OPTIMA[case][0]
    found: dict[float, int] = {}
    for step in range(max(wanted.values()) + 1):
        gap = made.model.discrepancy(made.prepared, parameters) - best
        for limit in wanted:
            if gap < limit:
                found.setdefault(limit, step)
        parameters = made.em_map(parameters)
    assert found == wanted
    assert rate_but_for_rotations(*optimum(case)) == pytest.approx(digits, abs=2e-5)


def rate_but_for_rotations(made: Bench, there: Parameters) -> float:
    """The largest eigenvalue of the EM map's Jacobian at a maximum, less the 1 of each rotation of the factors."""
    places = np.r_[there.layout.places["loadings"], there.layout.places["uniquenesses"]]
    jacobian = np.empty((len(places), len(places)))
    for column, place in enumerate(places):
        ends = []
        for sign in (1, -1):
            vector = np.array(there.vector)
            vector[place] += sign * 1e-6
            ends.append(made.em_map(Parameters(there.layout, vector)).vector[places])
        jacobian[:, column] = (ends[0] - ends[1]) / 2e-6
    q = made.model.factors
    rates = np.sort(np.linalg.eigvals(jacobian).real)[::-1]
    turns = q * (q - 1) // 2
    assert rates[:turns] == pytest.approx(1.0, abs=1e-6)
    return float(rates[turns])


@every_matrix
def test_the_profiles_slope_is_that_of_barber(case: Case) -> None:
    """dF/dpsi = diag(Lambda Lambda' + Psi - R) / psi^2 with the loadings at their best, and F the rest's sum."""
    made, start = bench(case)
    model, matrix, n = made.model, made.prepared.dataset.covariance, case[1]
    generator = np.random.Generator(np.random.Philox(1))
    uniquenesses = start["uniquenesses"] * generator.uniform(0.8, 1.2, len(matrix))

    def profiled(psi: Array) -> Parameters:
        found: Parameters = model.profiled(made.prepared, start.replaced({"uniquenesses": psi}))
        return found

    here = profiled(uniquenesses)
    explained = here["loadings"] @ here["loadings"].T
    slope = np.diagonal(explained + np.diag(uniquenesses) - matrix) / uniquenesses**2
    gradient = made.problem.gradient(here)[1]
    assert gradient[here.layout.places["loadings"]] == pytest.approx(0.0, abs=1e-9 * n)
    assert -2 / n * gradient[here.layout.places["uniquenesses"]] == pytest.approx(slope, rel=1e-9)
    for place in range(len(matrix)):
        ends = []
        for sign in (1, -1):
            moved = np.array(uniquenesses)
            moved[place] += sign * 1e-5
            ends.append(model.discrepancy(made.prepared, profiled(moved)))
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope[place], rel=1e-6, abs=1e-8)


@every_matrix
def test_the_profile_needs_few_steps_and_its_fixed_point_is_the_optimum(case: Case) -> None:
    climbed = steps(case, ProfileBfgs())
    assert climbed[-1].status == "converged"
    assert climbed[-1].iteration <= 25
    made, there = optimum(case)
    again = made.model.profiled(made.prepared, made.model.profile_fixed_point(made.prepared, there))
    assert again["uniquenesses"] == pytest.approx(there["uniquenesses"], abs=2e-7)
    iterated = steps(case, ProfileFixedPoint(), 1400)
    best = OPTIMA[case][0]
    assert made.model.discrepancy(made.prepared, iterated[-1].parameters) - best < 1e-7


def test_chi_square_and_varimax_are_those_of_r() -> None:
    """factanal(factors = 2, covmat = ability.cov) prints 6.11 on 4 degrees of freedom, p = .191, and these loadings."""
    made = Bench(FactorAnalysis(factors=2, rotation="varimax"), correlations(ABILITY_TWO))
    report: dict[str, Any] = made.model.report(made.prepared, optimum(ABILITY_TWO)[1])
    assert round(report["chi_square"], 2) == 6.11
    assert report["degrees_of_freedom"] == 4
    assert round(report["p_value"], 3) == 0.191
    printed = [[0.499, 0.543], [0.156, 0.622], [0.206, 0.860], [0.109, 0.468], [0.956, 0.182], [0.785, 0.225]]
    # R stops turning at a gain of 1e-5.
    assert report["rotated_loadings"] == pytest.approx(np.array(printed), abs=4e-3)
    one = Bench(FactorAnalysis(factors=1), correlations(ABILITY_ONE))
    report = one.model.report(one.prepared, optimum(ABILITY_ONE)[1])
    assert (round(report["chi_square"], 2), report["degrees_of_freedom"]) == (75.18, 9)
