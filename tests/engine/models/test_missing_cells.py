"""Rows with missing cells: patterns, what is refused, what is expected of a cell, and hard cases."""

from typing import Any

import numpy as np
import pytest

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models import mixture, workspace
from engine.models.base import Expectation
from engine.models.gaussian_mixture import LARGEST_FAST_DIMENSION, GaussianMixture
from engine.models.missing_cells import IncompletePrepared, patterns_of
from engine.objective import Problem
from engine.parameters import Array, Parameters
from tests import textbook
from tests.engine.models.cases import Case, real_data

COVARIANCES = ("full", "diagonal", "spherical", "tied")
every_covariance = pytest.mark.parametrize("covariance", COVARIANCES)
NAN = np.nan


def drawn(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def case_of(values: Any, components: int = 2, covariance: str = "full", row_weights: Any = None) -> Case:
    table = np.array(values, dtype=float)
    names = tuple(f"x{j + 1}" for j in range(table.shape[1]))
    counted = None if row_weights is None else np.array(row_weights, dtype=float)
    return Case(
        "gaps",
        GaussianMixture(components=components, covariance=covariance),
        Dataset("gaps", names, table, counted),
    )


def is_the_textbooks(case: Case, parameters: Parameters, rel: float = 1e-10, value: float = 1e-12) -> None:
    """The log-likelihood and an EM step, against the same in extended precision row by row."""
    described = case.model.describe(parameters)
    rows, counted = case.dataset.values, case.dataset.row_weights
    plain = textbook.e_step(rows, described, counted)
    expectation = case.problem().expect(parameters)
    assert expectation.log_likelihood == pytest.approx(plain.log_likelihood, rel=value)
    found = case.model.describe(case.model.m_step(expectation.statistics, parameters))
    wanted = textbook.m_step(rows, plain.responsibilities, described, counted, **case.textbook_settings)
    for name, values in found.items():
        whole = np.asarray(wanted[name], dtype=float)
        assert values == pytest.approx(whole, rel=rel, abs=1e-12 * float(np.max(np.abs(whole))))


def test_rows_are_grouped_by_what_they_have() -> None:
    columns = np.array([[1.0, NAN, 2.0, NAN, 3.0], [NAN, 1.0, NAN, NAN, 4.0]])
    found = {tuple(each.observed.tolist()): each.rows.tolist() for each in patterns_of(columns)}
    assert found == {(0,): [0, 2], (1,): [1], (): [3], (0, 1): [4]}
    assert patterns_of(columns[:, :0]) == []


def test_so_many_columns_that_a_pattern_is_no_single_byte() -> None:
    columns = drawn().standard_normal((20, 50))
    columns[drawn(1).random(columns.shape) < 0.4] = NAN
    found = patterns_of(columns)
    assert sorted(np.concatenate([each.rows for each in found]).tolist()) == list(range(50))
    for each in found:
        there = ~np.isnan(columns[:, each.rows])
        assert np.array_equal(there, np.repeat(there[:, :1], each.rows.size, axis=1))
        assert np.array_equal(np.flatnonzero(there[:, 0]), each.observed)


@every_covariance
def test_one_pattern_a_row(covariance: str) -> None:
    values = real_data(6, False, rows=63).values.copy()
    # Every pattern of six columns but the empty one, each in one row only.
    bits = (np.arange(1, 64)[:, None] >> np.arange(6)) & 1
    case = case_of(np.where(bits == 1, values, NAN), covariance=covariance)
    assert isinstance(case.prepared, IncompletePrepared)
    assert [each.rows.size for each in case.prepared.patterns] == [1] * 63
    is_the_textbooks(case, case.parameters)


@every_covariance
@pytest.mark.parametrize("components", [1, 2])
def test_two_cells_in_five_and_rows_without_any(covariance: str, components: int) -> None:
    values = real_data(4, False, rows=80).values.copy()
    values[drawn(2).random(values.shape) < 0.4] = NAN
    values[[0, 17, 79]] = NAN
    row_weights = drawn(3).integers(0, 4, 80)
    for counted in (None, row_weights):
        case = case_of(values, components, covariance, counted)
        is_the_textbooks(case, case.parameters)


@every_covariance
def test_a_row_without_any_value_changes_nothing_but_the_count(covariance: str) -> None:
    values = real_data(3, False, rows=40).values.copy()
    values[drawn(4).random(values.shape) < 0.3] = NAN
    values = values[~np.isnan(values).all(axis=1)]
    without = case_of(values, covariance=covariance)
    with_it = case_of(np.vstack((values, np.full((5, 3), NAN))), covariance=covariance)
    described = without.model.describe(without.parameters)
    there = with_it.model.accept(with_it.prepared, described)
    one, other = without.problem(), with_it.problem()
    assert other.log_likelihood(there) == pytest.approx(one.log_likelihood(without.parameters), rel=1e-13)
    assert other.gradient(there)[1][2:] == pytest.approx(
        one.gradient(without.parameters)[1][2:], rel=1e-9, abs=1e-9
    )


def test_rows_of_which_none_counts_add_nothing() -> None:
    values = real_data(2, False, rows=40).values.copy()
    values[:10, 1] = NAN
    case = case_of(values, row_weights=[0] * 10 + [1] * 30)
    problem = case.problem()
    whole, nothing = problem.expect(case.parameters), problem.expect(case.parameters, np.arange(10))
    assert nothing.log_likelihood == 0.0
    assert not nothing.statistics.any()
    assert (whole + nothing).log_likelihood == whole.log_likelihood
    assert problem.gradient(case.parameters, np.arange(10))[1].tolist() == [0.0] * case.parameters.layout.size


@every_covariance
def test_more_columns_than_products_are_made_for(covariance: str) -> None:
    values = real_data(LARGEST_FAST_DIMENSION + 3, False, rows=60).values.copy()
    values[drawn(5).random(values.shape) < 0.2] = NAN
    case = case_of(values, covariance=covariance)
    is_the_textbooks(case, case.parameters, rel=1e-8)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
@pytest.mark.parametrize("width", [1e-3, 1e-6])
def test_a_narrow_component_keeps_its_digits(covariance: str, width: float) -> None:
    wide, narrow = drawn(6).standard_normal((60, 2)), 3.0 + width * drawn(7).standard_normal((40, 2))
    values = np.concatenate((wide, narrow))
    values[drawn(8).random(values.shape) < 0.25] = NAN
    case = case_of(values, covariance=covariance)
    described = {
        "weights": [0.6, 0.4],
        # What rounding does to the mean of so narrow a cloud then cancels over its rows.
        "means": [[0.0, 0.0], np.nanmean(values[60:], axis=0)],
        "covariances": [
            np.eye(2),
            width**2 * np.array([[1.0, 0.5], [0.5, 1.0]] if covariance == "full" else np.eye(2)),
        ],
    }
    is_the_textbooks(case, case.model.accept(case.prepared, described), rel=1e-9, value=1e-11)


@every_covariance
def test_a_missing_cell_is_told_as_it_is_expected_with_its_spread(covariance: str) -> None:
    values = real_data(3, False, rows=50).values.copy()
    values[drawn(9).random(values.shape) < 0.4] = NAN
    values[0] = NAN
    case = case_of(values, covariance=covariance)
    columns = case.prepared.columns
    expected, deviations = case.model.imputed(case.parameters, columns)
    there = ~np.isnan(columns)
    assert np.array_equal(expected[there], columns[there])
    assert not np.any(deviations[there])
    described = case.model.describe(case.parameters)
    shares = case.posterior.responsibilities.astype(float)
    means, squares = np.zeros(values.shape), np.zeros(values.shape)
    for k, (mean, matrix) in enumerate(zip(described["means"], described["covariances"], strict=True)):
        rows, spreads = textbook.completed_rows(
            textbook.extended(values), textbook.extended(mean), textbook.extended(matrix)
        )
        whole, spread = rows.astype(float), np.diagonal(spreads, axis1=1, axis2=2).astype(float)
        means += shares[:, [k]] * whole
        squares += shares[:, [k]] * (whole**2 + spread)
    frame = case.prepared.frame
    assert expected.T * frame.scale + frame.centre == pytest.approx(means, rel=1e-9)
    variances = np.where(there.T, 0.0, squares - means**2)
    assert np.square(deviations.T * frame.scale) == pytest.approx(variances, rel=1e-6, abs=1e-9)


def test_a_column_without_any_value_is_refused_by_its_name() -> None:
    case = case_of([[1.0, NAN], [2.0, NAN], [4.0, NAN]])
    with pytest.raises(InputError, match="column 'x2' has no value in any row; leave it out"):
        case.model.check(case.dataset)
    counted = case_of([[1.0, NAN], [2.0, 3.0], [4.0, NAN]], row_weights=[1, 0, 1])
    with pytest.raises(InputError, match="column 'x2' has no value"):
        counted.model.check(counted.dataset)


def test_a_column_of_one_value_and_gaps_is_refused_as_constant() -> None:
    case = case_of([[1.0, 2.0], [2.0, NAN], [4.0, 2.0]])
    with pytest.raises(InputError, match="column 'x2' is constant"):
        case.model.check(case.dataset)


@every_covariance
def test_threads_and_pieces_change_no_bit(covariance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "ROWS_WORTH_A_THREAD", 1)
    monkeypatch.setattr(mixture, "MOST_ROWS", 512)
    values = real_data(2, False, rows=5000).values.copy()
    values[drawn(10).random(values.shape) < 0.4] = NAN
    case = case_of(values, covariance=covariance)
    assert len(case.prepared.pieces) > len(case.prepared.patterns)
    alone = Problem(case.model, case.prepared, 1).expect(case.parameters)
    for _ in range(3):
        together = Problem(case.model, case.prepared, 2).expect(case.parameters)
        assert bits_of(together) == bits_of(alone)


def bits_of(found: Expectation) -> tuple[float, bytes, bytes]:
    assert found.ratios is not None
    return found.log_likelihood, found.statistics.tobytes(), found.ratios.tobytes()


@every_covariance
def test_pieces_add_to_what_one_piece_finds(covariance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = real_data(3, False, rows=4000).values.copy()
    values[drawn(11).random(values.shape) < 0.3] = NAN
    whole = case_of(values, covariance=covariance)
    found = whole.problem().expect(whole.parameters)
    monkeypatch.setattr(mixture, "FEWEST_ROWS", 64)
    monkeypatch.setattr(mixture, "MOST_ROWS", 64)
    apart = case_of(values, covariance=covariance)
    assert len(apart.prepared.pieces) > len(whole.prepared.pieces)
    again = apart.problem().expect(whole.parameters)
    assert again.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-13)
    scale = float(np.max(np.abs(found.statistics)))
    assert again.statistics == pytest.approx(found.statistics, rel=1e-11, abs=1e-12 * scale)


def test_complete_rows_are_treated_as_they_are_without_gaps() -> None:
    """Rows without gaps, beside one that has some: their sums are the very same."""
    values = real_data(2, False, rows=60).values
    plain, beside = case_of(values), case_of(np.vstack((values, [[NAN, float(values[0, 1])]])))
    described = plain.model.describe(plain.parameters)
    here, there = (each.model.accept(each.prepared, described) for each in (plain, beside))
    units = np.arange(60)
    one = described_sums(plain, here, plain.problem().expect(here, units).statistics)
    other = described_sums(beside, there, beside.problem().expect(there, units).statistics)
    for name, found in one.items():
        assert found == pytest.approx(other[name], rel=1e-11)


def described_sums(case: Case, parameters: Parameters, statistics: Array) -> dict[str, Array]:
    moved: dict[str, Array] = case.model.describe(case.model.m_step(statistics, parameters))
    return moved
