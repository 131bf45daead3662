"""The state-space model beyond the laws of all models: one Gaussian vector, missing rows, what is refused."""

import dataclasses
import math

import numpy as np
import pytest

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.models.kalman import Series, system
from engine.models.posterior import Hard, Sampled, Tempered
from engine.models.sequences import Places
from engine.models.state_space import StateSpace
from engine.objective import Problem
from engine.parameters import Array
from tests.engine.models.cases import CASES, Case, level_data
from tests.textbook_levels import Whole, whole

LEVELS = [case for case in CASES if isinstance(case.model, StateSpace)]
every_case = pytest.mark.parametrize("case", LEVELS, ids=lambda case: case.label)


def textbooks(case: Case) -> list[tuple[Places, Whole]]:
    """Rows and what one Gaussian vector says of each sequence, in the data's units."""
    noise, *disturbances = (float(each) for each in case.model.describe(case.parameters).values())
    codes = case.dataset.sequences
    assert codes is not None
    parts = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    return [(rows, whole(case.dataset.values[rows, 0], noise, tuple(disturbances))) for rows in parts]


@every_case
def test_e_step_and_m_step_are_those_of_one_gaussian_vector(case: Case) -> None:
    plain = textbooks(case)
    expectation = case.problem().expect(case.parameters)
    total = sum(each.log_likelihood for _, each in plain)
    assert expectation.log_likelihood == pytest.approx(total, rel=1e-10)
    squares = np.sum([each.squares for _, each in plain], axis=0)
    steps = sum(len(rows) - 1 for rows, _ in plain)
    counts = np.array([np.count_nonzero(~np.isnan(case.dataset.values)), *[steps] * case.model.order])
    after = case.model.describe(case.model.m_step(expectation.statistics, case.parameters))
    before = case.model.describe(case.parameters)
    for name, mean in zip(after, squares / counts, strict=True):
        wanted = before[name] if name in case.model.hold else mean
        assert float(after[name]) == pytest.approx(float(wanted), rel=1e-8)


@every_case
def test_levels_are_those_of_one_gaussian_vector(case: Case) -> None:
    levels, deviations = case.model.smoothed(case.prepared, case.parameters)
    filtered, spreads = case.model.filtered(case.prepared, case.parameters)
    for rows, each in textbooks(case):
        np.testing.assert_allclose(levels[rows], each.levels, rtol=1e-9)
        np.testing.assert_allclose(deviations[rows], np.sqrt(each.variances), rtol=1e-7)
        values = case.dataset.values[rows, 0]
        described = [float(number) for number in case.model.describe(case.parameters).values()]
        for place in range(len(rows)):
            seen = np.count_nonzero(~np.isnan(values[: place + 1]))
            if seen < case.model.order:
                assert math.isnan(filtered[rows[place]])
                continue
            so_far = whole(values[: place + 1], described[0], tuple(described[1:]))
            assert filtered[rows[place]] == pytest.approx(so_far.levels[-1], rel=1e-9)
            assert spreads[rows[place]] == pytest.approx(math.sqrt(so_far.variances[-1]), rel=1e-6)


@pytest.mark.parametrize("disturbances", [(0.7,), (0.7, 0.05)], ids=["level", "trend"])
def test_gains_that_have_settled_are_those_of_the_whole_recursion(disturbances: tuple[float, ...]) -> None:
    """Long series, rows missing after the gains have settled: every predicted variance is the one of before."""
    rows, noise = 900, 0.5
    seen = np.ones(rows, dtype=bool)
    seen[[0, 300, 301, 899]] = False
    series = Series(np.zeros(rows), seen, np.array([0]))
    found = system(series, noise, disturbances).covariances
    order = len(disturbances)
    lead, here = np.triu(np.ones((order, order))), np.zeros((order, order))
    for row in range(rows):
        np.testing.assert_allclose(found[row], here, rtol=1e-12, atol=1e-15)
        if seen[row]:
            here = here - np.outer(here[:, 0], here[0]) / (here[0, 0] + noise)
        here = lead @ here @ lead.T + np.diag(disturbances)


@every_case
def test_an_em_step_is_the_gradient_times_the_square_of_the_variance(case: Case) -> None:
    expectation, gradient = case.problem().gradient(case.parameters)
    moved = case.model.m_step(expectation.statistics, case.parameters).vector - case.parameters.vector
    steps = case.model.solve_information(expectation.statistics, case.parameters, gradient)
    np.testing.assert_allclose(moved, steps, rtol=1e-9, atol=1e-12)


def test_the_gradient_keeps_its_digits_where_a_variance_is_tiny() -> None:
    """At a variance of 1e-11 the sum of squares differs from its count times it by less than a double holds."""
    case = next(each for each in LEVELS if each.label == "state-space-d1")
    problem = case.problem()
    slopes = []
    for level in (1e-11, 1e-7):
        here = case.parameters.replaced({"level_variance": np.array(level)})
        slopes.append(float(problem.gradient(here)[1][1]))
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-4)


@pytest.mark.parametrize("case", LEVELS[:6:2], ids=lambda case: case.label)
def test_draws_have_the_posteriors_squares(case: Case) -> None:
    problem, draws = case.problem(), 300
    count = 1 + case.model.order
    exact = problem.expect(case.parameters).statistics[:count]
    found = np.array(
        [
            problem.expect(case.parameters, posterior=Sampled(2, number)).statistics[:count]
            for number in range(draws)
        ]
    )
    errors = np.std(found, axis=0) / math.sqrt(draws)
    assert np.all(np.abs(np.mean(found, axis=0) - exact) <= 5 * errors)
    drawn = problem.expect(case.parameters, posterior=Sampled(2, 0))
    q = case.model.expected_log_likelihood(case.prepared, drawn.statistics, case.parameters)
    assert drawn.log_likelihood == pytest.approx(q, rel=1e-12)


@pytest.mark.parametrize("beta", [0.3, 4.0])
def test_a_tempered_objective_is_its_density_and_entropy(beta: float) -> None:
    """E_q log p(x, z) is Q of its statistics; the entropy is the exact one's, less half a logarithm for each state."""
    case = next(each for each in LEVELS if each.label == "state-space-trend-d2")
    problem = case.problem()

    def q(statistics: Array) -> float:
        return float(case.model.expected_log_likelihood(case.prepared, statistics, case.parameters))

    exact = problem.expect(case.parameters)
    found = problem.expect(case.parameters, posterior=Tempered(beta))
    entropy = exact.log_likelihood - q(exact.statistics) - 0.5 * 2 * case.dataset.rows * math.log(beta)
    assert found.log_likelihood == pytest.approx(q(found.statistics) + entropy / beta, rel=1e-10)
    hard = problem.expect(case.parameters, posterior=Hard())
    assert hard.log_likelihood == pytest.approx(q(hard.statistics), rel=1e-12)


def test_variances_that_leave_nothing_of_the_beginning_have_no_likelihood() -> None:
    """Hard EM gets there with a slope that is held and everything else on its way to 0."""
    model = StateSpace("local-linear-trend")
    case = Case("vanishing", model, level_data())
    vanishing = model.layout(case.prepared).pack(
        {"observation_variance": 1e-30, "level_variance": 1e-60, "slope_variance": 0.3}
    )
    with pytest.raises(UndefinedLikelihood, match="so extreme that a matrix could not be solved"):
        case.problem().expect(vanishing)


def test_what_is_no_series_is_refused_with_what_to_do() -> None:
    data = LEVELS[0].dataset
    model, trend = StateSpace(), StateSpace("local-linear-trend")
    with pytest.raises(
        InputError, match="2 columns of numbers; state-space fits one series: choose its column"
    ):
        model.check(Dataset("two", ("a", "b"), np.ones((9, 2))))
    series, even = np.arange(9.0)[:, None], np.arange(9.0)
    with pytest.raises(InputError, match="row 9 has t = -1 after 7; sort the rows by time"):
        model.check(Dataset("back", ("y",), series, times=np.where(even == 8, -1.0, even), time_name="t"))
    with pytest.raises(
        InputError, match="row 2 has t = 0 after 0; where there are several sequences at a time"
    ):
        model.check(Dataset("twice", ("y",), series, times=np.zeros(9), time_name="t"))
    with pytest.raises(InputError, match="the series never changes"):
        model.check(Dataset("flat", ("y",), np.ones((9, 1))))
    with pytest.raises(InputError, match="3 observed rows, too few for the 3 variances"):
        trend.check(Dataset("short", ("y",), np.array([[1.0], [2.0], [4.0]])))
    with pytest.raises(InputError, match="none can count several times"):
        model.check(dataclasses.replace(data, row_weights=np.ones(data.rows)))
    with pytest.raises(InputError, match="'slope_variance' cannot be held fixed"):
        StateSpace(hold=("slope_variance",)).check(data)
    alone = np.array(data.values)
    assert data.sequences is not None
    alone[np.flatnonzero(data.sequences == 1)[1:]] = np.nan
    holes = Dataset("holes", ("y",), alone, sequences=data.sequences, sequence_names=data.sequence_names)
    with pytest.raises(InputError, match="sequence 's2' has fewer than 2 observed rows"):
        trend.check(holes)
    prepared = model.prepare(data)
    with pytest.raises(InputError, match="the level variance must be above 0"):
        model.accept(prepared, {"observation_variance": 1.0, "level_variance": 0.0})


@pytest.mark.parametrize(
    ("value", "kind"), [(-0.1, "left-constraints"), (0.0, "collapsed"), (math.nan, "not-finite")]
)
def test_without_a_positive_variance_there_is_no_likelihood(value: float, kind: str) -> None:
    case = LEVELS[0]
    with pytest.raises(UndefinedLikelihood) as caught:
        case.problem().expect(case.parameters.replaced({"level_variance": np.array(value)}))
    assert caught.value.kind == kind


def test_a_series_and_its_sequences_side_by_side_say_the_same() -> None:
    case = next(each for each in LEVELS if each.label == "state-space-trend-d1")
    codes = case.dataset.sequences
    assert codes is not None
    total = 0.0
    for code in np.unique(codes):
        part = Dataset("part", ("y",), np.array(case.dataset.values[codes == code]))
        prepared = case.model.prepare(part)
        start = case.model.accept(prepared, case.model.describe(case.parameters))
        total += Problem(case.model, prepared).log_likelihood(start)
    assert case.problem().log_likelihood(case.parameters) == pytest.approx(total, rel=1e-11)
