"""Factor analysis and probabilistic PCA: the textbook row by row, matrices and rows alike, the boundary, sentences."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.lbfgs_b import LimitedMemoryBfgsBounded
from engine.algorithms.px_em import ParameterExpandedEM
from engine.covariance_matrix import covariance_dataset
from engine.dataset import Dataset
from engine.datasets.common_factors import CommonFactors
from engine.datasets.heywood_case import HeywoodCase
from engine.errors import InputError, MissingCells
from engine.models.base import UndefinedLikelihood
from engine.models.factor_analysis import FactorAnalysis, chi_square_tail
from engine.models.factor_model import FactorModel
from engine.models.posterior import Hard, Posterior, Sampled, Tempered
from engine.models.probabilistic_pca import ProbabilisticPCA
from engine.models.varimax import varimax
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.starts.random_loadings import RandomLoadings
from engine.starts.squared_multiple_correlations import SquaredMultipleCorrelations
from engine.stopping import Stop
from engine.trace import Step
from tests.engine.models.cases import CASES, Case, correlated_data, random_parameters
from tests.textbook import Extended, extended, gaussian_log_density

FACTORS = tuple(case for case in CASES if isinstance(case.model, FactorModel))
every_case = pytest.mark.parametrize("case", FACTORS, ids=lambda case: case.label)
every_model = pytest.mark.parametrize("model", [FactorAnalysis(factors=2), ProbabilisticPCA(factors=2)])


def row_weights(case: Case) -> Extended:
    given = case.dataset.row_weights
    return extended(np.ones(case.dataset.rows) if given is None else given)


def textbook_posterior(case: Case) -> tuple[Array, Array]:
    """Means (n, q) and covariance (q, q) of the factors, from the joint Gaussian of x and z; data's units."""
    described = case.model.describe(case.parameters)
    loadings = described["loadings"]
    noise = np.broadcast_to(described[case.model.noise_block], len(loadings))
    sigma = loadings @ loadings.T + np.diag(noise)
    weights = np.linalg.solve(sigma, loadings).T
    return (case.dataset.values - described["mean"]) @ weights.T, np.eye(
        loadings.shape[1]
    ) - weights @ loadings


def textbook_m_step(case: Case, means: Array, covariance: Array) -> dict[str, Array]:
    """Least squares of each column on the factors, with the posterior's covariance added to their sums of squares."""
    before, hold = case.model.describe(case.parameters), case.model.hold
    counted = row_weights(case).astype(float)
    rows, after = case.dataset.values, {name: np.array(each) for name, each in before.items()}
    design = np.column_stack((np.ones(len(rows)), means))
    spread = np.zeros((design.shape[1],) * 2)
    spread[1:, 1:] = np.sum(counted) * covariance
    free = [0] * ("mean" not in hold) + list(range(1, design.shape[1])) * ("loadings" not in hold)
    lines = np.column_stack((before["mean"], before["loadings"]))
    residuals = np.empty(rows.shape[1])
    square = design.T @ (design * counted[:, None]) + spread
    for j, column in enumerate(rows.T):
        cross = design.T @ (counted * column)
        rest = [place for place in range(len(square)) if place not in free]
        if free:
            target = cross[free] - square[np.ix_(free, rest)] @ lines[j, rest]
            lines[j, free] = np.linalg.lstsq(square[np.ix_(free, free)], target, rcond=None)[0]
        left = column - design @ lines[j]
        residuals[j] = np.sum(counted * left**2) + lines[j] @ spread @ lines[j]
    after["mean"], after["loadings"] = lines[:, 0], lines[:, 1:]
    if case.model.noise_block not in hold:
        variances = residuals / np.sum(counted)
        after[case.model.noise_block] = np.mean(variances) if "variance" in before else variances
    return after


@every_case
def test_e_step_and_m_step_are_the_textbooks(case: Case) -> None:
    described, expectation = case.model.describe(case.parameters), case.problem().expect(case.parameters)
    loadings = extended(described["loadings"])
    noise = np.broadcast_to(described[case.model.noise_block], len(loadings))
    sigma = extended([[np.sum(one * other) for other in loadings] for one in loadings]) + np.diag(noise)
    logs = gaussian_log_density(extended(case.dataset.values), extended(described["mean"]), sigma)
    assert expectation.log_likelihood == pytest.approx(float(np.sum(row_weights(case) * logs)), rel=1e-12)
    after = case.model.describe(case.model.m_step(expectation.statistics, case.parameters))
    for name, wanted in textbook_m_step(case, *textbook_posterior(case)).items():
        assert after[name] == pytest.approx(wanted, rel=1e-8, abs=1e-10 * float(np.max(np.abs(wanted))))


@every_case
@pytest.mark.parametrize("beta", [0.3, 4.0, math.inf])
def test_a_tempered_posterior_has_its_covariance_divided(case: Case, beta: float) -> None:
    posterior: Posterior = Hard() if math.isinf(beta) else Tempered(beta)
    found = case.problem().expect(case.parameters, posterior=posterior)
    means, covariance = textbook_posterior(case)
    after = case.model.describe(case.model.m_step(found.statistics, case.parameters))
    for name, wanted in textbook_m_step(case, means, covariance / beta).items():
        assert after[name] == pytest.approx(wanted, rel=1e-7, abs=1e-9 * float(np.max(np.abs(wanted))))
    # log of the integral of p(x, z)^beta over z, divided by beta, row by row; its largest value where beta is infinite.
    exact, n, q = (
        case.problem().expect(case.parameters).log_likelihood,
        case.prepared.total_weight,
        case.model.factors,
    )
    determinant, two_pi = np.linalg.slogdet(covariance)[1], math.log(2 * math.pi)
    if math.isinf(beta):
        excess = -0.5 * (q * two_pi + determinant)
    else:
        excess = 0.5 * ((1 - beta) * (q * two_pi + determinant) - q * math.log(beta)) / beta
    assert found.log_likelihood == pytest.approx(exact + n * excess, rel=1e-10)


@pytest.mark.parametrize("case", FACTORS[:: len(FACTORS) // 6], ids=lambda case: case.label)
def test_draws_have_the_posteriors_moments_and_the_completed_datas_density(case: Case) -> None:
    problem = case.problem()
    exact, draws = problem.expect(case.parameters), []
    for count in range(400):
        found = problem.expect(case.parameters, posterior=Sampled(5, count))
        draws.append(np.array(found.statistics))
        if count < 5:
            q = case.model.expected_log_likelihood(case.prepared, found.statistics, case.parameters)
            assert found.log_likelihood == pytest.approx(q, rel=1e-10)
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / math.sqrt(len(draws))
    assert np.all(np.abs(mean - exact.statistics) <= 5 * error + 1e-9 * np.max(np.abs(mean)))
    again = problem.expect(case.parameters, posterior=Sampled(5, 0)).statistics
    assert np.array_equal(again, draws[0])


def test_the_spread_of_a_draw_is_that_of_drawing_each_row() -> None:
    """The sums of x z' and z z', against factors drawn row by row."""
    case = next(case for case in FACTORS if case.label == "factor-analysis-two-factors-d1")
    problem, p = case.problem(), case.prepared.dimension
    means, covariance = textbook_posterior(case)
    root = np.linalg.cholesky(covariance)
    generator = np.random.Generator(np.random.Philox(8))
    rows = case.prepared.columns.T
    drawn, ours = [], []
    for count in range(1500):
        z = means + generator.standard_normal(means.shape) @ root.T
        drawn.append(np.concatenate((np.ravel(rows.T @ z), np.ravel(z.T @ z))))
        found = problem.expect(case.parameters, posterior=Sampled(1, count)).statistics
        table = found[: len(found) // 2].reshape(1 + p + 2, -1)
        ours.append(np.concatenate((np.ravel(table[1 : 1 + p, 1 + p :]), np.ravel(table[1 + p :, 1 + p :]))))
    assert np.std(ours, axis=0) == pytest.approx(np.std(drawn, axis=0), rel=0.12)
    assert np.corrcoef(np.transpose(ours)) == pytest.approx(np.corrcoef(np.transpose(drawn)), abs=0.15)


@every_model
def test_a_covariance_matrix_does_as_well_as_the_rows(model: FactorModel) -> None:
    data = correlated_data(1, False)
    table = Dataset("S", data.columns, np.cov(data.values.T, bias=True))
    matrix = covariance_dataset(table, data.rows)
    found = []
    for each in (data, matrix):
        model.check(each)
        prepared = model.prepare(each)
        problem = Problem(model, prepared, 1)
        parameters = RandomLoadings(seed=3).begin(model, prepared)
        for _ in range(3):
            parameters = model.m_step(problem.expect(parameters).statistics, parameters)
        found.append((problem.log_likelihood(parameters), model.describe(parameters)))
        assert problem.meter.passes == 4
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    for name in model.blocks[1:]:
        assert found[0][1][name] == pytest.approx(found[1][1][name], rel=1e-9)
    assert found[0][1]["mean"] == pytest.approx(np.mean(data.values, axis=0), rel=1e-12)
    assert not np.any(found[1][1]["mean"])
    assert model.free_dimension(model.prepare(data)) == model.free_dimension(model.prepare(matrix)) + 6


def test_a_step_costs_no_pass_over_the_rows() -> None:
    """Of the rows nothing is touched, so there may be any number of them."""
    data = correlated_data(1, True)
    model = FactorAnalysis(factors=2)
    prepared = model.prepare(data)
    start = random_parameters(model, prepared, 2)
    before = Problem(model, prepared, 1).expect(start)
    object.__setattr__(prepared, "columns", np.full((6, 0), np.nan))
    object.__setattr__(prepared, "row_weights", None)
    after = Problem(model, prepared, 1).expect(start)
    assert after.log_likelihood == before.log_likelihood
    assert np.array_equal(after.statistics, before.statistics)


@every_case
def test_louis_information_is_complete_less_missing(case: Case) -> None:
    """Minus the Hessian of the log-likelihood, by differences of gradients; the missing part costs one pass."""
    problem, here = case.problem(), case.parameters
    missing = problem.missing_information(here)
    assert missing is not None
    assert problem.meter.passes == 1
    statistics = problem.expect(here).statistics

    def differences(slope: Callable[[Parameters], Array]) -> Array:
        columns = []
        for place in range(here.layout.size):
            ends = []
            for sign in (1, -1):
                vector = np.array(here.vector)
                vector[place] += sign * 1e-5
                ends.append(slope(Parameters(here.layout, vector)))
            columns.append((ends[0] - ends[1]) / 2e-5)
        return np.transpose(columns)

    complete = -differences(lambda there: case.model.complete_gradient(statistics, there))
    observed = -differences(lambda there: problem.gradient(there)[1])
    everything = np.arange(here.layout.size)
    free = np.concatenate([everything[here.layout.places[name]] for name in here.layout.free])
    scale, inside = float(np.max(np.abs(complete))), np.ix_(free, free)
    assert complete[inside] - missing[inside] == pytest.approx(observed[inside], rel=1e-5, abs=1e-7 * scale)
    assert np.linalg.eigvalsh(missing)[0] >= -1e-9 * scale


def steps(
    model: Any, dataset: Dataset, algorithm: Algorithm, start: Parameters, most: int = 400
) -> list[Step]:
    problem = Problem(model, model.prepare(dataset), 1)
    return list(run(problem, Route(algorithm), start, Stop(tolerance=1e-10, max_iterations=most)))


@pytest.mark.parametrize("seed", range(4))
def test_probabilistic_pca_finds_its_closed_form(seed: int) -> None:
    data, model = correlated_data(2, seed % 2 == 1, seed=seed), ProbabilisticPCA(factors=2)
    prepared = model.prepare(data)
    start = RandomLoadings(seed=seed).begin(model, prepared)
    best = model.maximum(prepared, start)
    centred = data.values - np.average(data.values, axis=0, weights=data.row_weights)
    covariance = np.cov(centred.T, aweights=data.row_weights, bias=True)
    values, vectors = np.linalg.eigh(covariance)
    described = model.describe(best)
    assert described["variance"] == pytest.approx(np.mean(values[:-2]), rel=1e-10)
    loadings = vectors[:, -2:] * np.sqrt(values[-2:] - np.mean(values[:-2]))
    assert described["loadings"] @ described["loadings"].T == pytest.approx(loadings @ loadings.T, rel=1e-8)
    last = steps(model, data, ExpectationMaximization(), start, 3000)[-1]
    assert last.status == "converged"
    assert model.report(prepared, last.parameters)["below_the_maximum"] == pytest.approx(0.0, abs=1e-7)
    assert Problem(model, prepared, 1).log_likelihood(best) >= last.log_likelihood - 1e-9


def test_a_heywood_case_is_an_outcome() -> None:
    """EM falls towards it like 1 / steps; with the bound it is reached, and the likelihood has a value there."""
    data, model = HeywoodCase().generate(), FactorAnalysis()
    prepared = model.prepare(data)
    start = SquaredMultipleCorrelations().begin(model, prepared)
    crept = steps(model, data, ExpectationMaximization(), start)
    told = [event.detail for step in crept for event in step.events if event.kind == "heywood"]
    assert told == ["uniqueness 1 fell below 0.005 of its column's variance: a Heywood case"]
    fifth, last = crept[len(crept) // 5], crept[-1]
    ratio = fifth.parameters["uniquenesses"][0] / last.parameters["uniquenesses"][0]
    assert ratio == pytest.approx(last.iteration / fifth.iteration, rel=0.1)
    bounded = steps(model, data, LimitedMemoryBfgsBounded(rate_coordinates="raw"), start)[-1]
    assert bounded.status == "converged"
    # Given that the first column is the factor: l = (1, .9, .8).
    assert bounded.parameters["uniquenesses"] == pytest.approx([0.0, 0.19, 0.36], abs=1e-6)
    assert bounded.parameters["uniquenesses"][0] == 0.0
    assert bounded.log_likelihood > last.log_likelihood
    # An E step there is defined as well, and EM stays.
    problem = Problem(model, prepared, 1)
    moved = model.m_step(problem.expect(bounded.parameters).statistics, bounded.parameters)
    assert moved.vector == pytest.approx(bounded.parameters.vector, abs=1e-6)


def test_no_noise_in_too_many_columns_is_no_density() -> None:
    data, model = correlated_data(1, False), FactorAnalysis()
    prepared = model.prepare(data)
    start = random_parameters(model, prepared, 1)
    problem = Problem(model, prepared, 1)
    silent = np.array(start["uniquenesses"])
    silent[0] = 0.0
    assert math.isfinite(problem.log_likelihood(start.replaced({"uniquenesses": silent})))
    for posterior in (Hard(), Sampled(0, 0), Tempered(2.0)):
        with pytest.raises(UndefinedLikelihood, match="factors are certain"):
            problem.expect(start.replaced({"uniquenesses": silent}), posterior=posterior)
    silent[1] = 0.0
    with pytest.raises(UndefinedLikelihood, match="singular") as undefined:
        problem.log_likelihood(start.replaced({"uniquenesses": silent}))
    assert undefined.value.kind == "collapsed"
    for value, kind in ((-5.0, "left-constraints"), (math.nan, "not-finite")):
        silent[1] = value
        with pytest.raises(UndefinedLikelihood) as undefined:
            problem.log_likelihood(start.replaced({"uniquenesses": silent}))
        assert undefined.value.kind == kind


@every_model
def test_the_expanded_m_step_gains_at_least_what_em_gains_at_first(model: FactorModel) -> None:
    """From loadings that are ten times too long the second moments say so at once."""
    data = correlated_data(1, False)
    prepared = model.prepare(data)
    problem = Problem(model, prepared, 1)
    start = RandomLoadings(seed=2).begin(model, prepared)
    far = start.replaced({"loadings": 10.0 * start["loadings"]})
    statistics = problem.expect(far).statistics
    plain, expanded = model.m_step(statistics, far), model.expanded_m_step(statistics, far)
    assert problem.log_likelihood(expanded) > problem.log_likelihood(plain) > problem.log_likelihood(far)
    ends = [
        steps(model, data, each(), start, 1500)[-1] for each in (ExpectationMaximization, ParameterExpandedEM)
    ]
    assert ends[1].log_likelihood == pytest.approx(ends[0].log_likelihood, abs=1e-3)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 200])
def test_tails_of_chi_square_are_scipys(freedom: int) -> None:
    for square in (0.0, 1e-3, 0.7, 4.0, 75.18, 300.0):
        assert chi_square_tail(square, freedom) == pytest.approx(
            chi2.sf(square, freedom), rel=1e-11, abs=1e-300
        )
    assert chi_square_tail(-1e-9, freedom) == 1.0


def test_varimax_finds_the_simple_structure_again() -> None:
    simple = np.array([[0.9, 0.0], [0.8, 0.0], [0.7, 0.0], [0.0, 0.6], [0.0, 0.5], [0.0, 0.4]])
    turn = np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    assert varimax(simple @ turn) == pytest.approx(simple, abs=1e-7)
    assert varimax(-simple[:, ::-1] @ turn) == pytest.approx(simple, abs=1e-7)
    assert varimax(-simple[:, :1]) == pytest.approx(simple[:, :1])


def test_factors_that_were_drawn_are_found() -> None:
    data = CommonFactors(size=20_000, seed=1).generate()
    assert data.truth is not None
    model = FactorAnalysis(factors=2)
    start = SquaredMultipleCorrelations().begin(model, model.prepare(data))
    found = model.describe(steps(model, data, ExpectationMaximization(), start)[-1].parameters)
    assert found["uniquenesses"] == pytest.approx(data.truth.parameters["uniquenesses"], abs=0.03)
    loadings = data.truth.parameters["loadings"]
    assert found["loadings"] @ found["loadings"].T == pytest.approx(loadings @ loadings.T, abs=0.03)


@pytest.mark.parametrize(
    ("model", "columns", "sentence"),
    [
        (FactorAnalysis(factors=2), 4, "4 columns, which can tell apart 1 factor at most: 2 would"),
        (FactorAnalysis(), 2, "2 columns, which cannot tell any factor"),
        (FactorAnalysis(), 1, "1 column; factor-analysis explains what several share"),
        (
            FactorAnalysis(hold=("weights",)),
            4,
            "cannot be held fixed; the blocks of factor-analysis are mean",
        ),
        (ProbabilisticPCA(factors=4), 4, "ask for 3 at most"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(model: FactorModel, columns: int, sentence: str) -> None:
    values = np.random.Generator(np.random.Philox(0)).standard_normal((30, columns))
    with pytest.raises(InputError, match=sentence) as refused:
        model.check(Dataset("table", tuple("abcdef"[:columns]), values))
    assert str(refused.value).endswith(".")


def test_rows_that_do_not_do_are_refused() -> None:
    values = np.random.Generator(np.random.Philox(0)).standard_normal((30, 4))
    names = tuple("abcd")
    few, alike = values[:4], np.column_stack((values[:, :3], values[:, 0] + values[:, 1]))
    for wrong in (few, alike):
        with pytest.raises(InputError, match="is not positive definite"):
            FactorAnalysis().check(Dataset("table", names, wrong))
    flat = np.column_stack((values[:, :3], np.ones(30)))
    with pytest.raises(InputError, match="column 'd' is constant, so it shares nothing"):
        FactorAnalysis().check(Dataset("table", names, flat))
    holed = np.array(values)
    holed[3, 1] = np.nan
    with pytest.raises(MissingCells, match="1 missing cell"):
        FactorAnalysis().check(Dataset("table", names, holed))
    infinite = np.array(values)
    infinite[3, 1] = np.inf
    with pytest.raises(InputError, match="row 4 of column 'b' is infinite"):
        FactorAnalysis().check(Dataset("table", names, infinite))
    with pytest.raises(InputError, match="has no noise beside 2 directions"):
        ProbabilisticPCA(factors=2).check(Dataset("table", names, values[:, :2] @ values[:2]))


def test_a_start_may_leave_the_mean_out_and_must_have_a_likelihood() -> None:
    data, model = correlated_data(1, False), FactorAnalysis()
    prepared = model.prepare(data)
    start = {"loadings": np.ones((6, 1)), "uniquenesses": np.ones(6)}
    accepted = model.describe(model.accept(prepared, start))
    assert accepted["mean"] == pytest.approx(np.mean(data.values, axis=0))
    assert accepted["loadings"] == pytest.approx(np.ones((6, 1)))
    with pytest.raises(InputError, match="uniquenesses must be at least 0"):
        model.accept(prepared, {**start, "uniquenesses": np.array([1.0, 1, 1, 1, 1, -1])})
    with pytest.raises(InputError, match="no likelihood at these parameters"):
        model.accept(prepared, {**start, "uniquenesses": np.zeros(6)})
    with pytest.raises(InputError, match="'loadings' has the shape 6, but this model and data need 6 x 1"):
        model.accept(prepared, {**start, "loadings": np.ones(6)})
