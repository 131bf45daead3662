"""Known components: what the table of likelihoods may hold, and what its E steps make of zeros."""

import numpy as np
import pytest

from engine.analysis.bound import lower_bound
from engine.dataset import Dataset
from engine.errors import InputError, MissingCells
from engine.models.base import UndefinedLikelihood
from engine.models.mixture_proportions import MixtureProportions
from engine.models.posterior import Hard, Sampled, Tempered
from engine.objective import Problem
from engine.parameters import Array, Parameters, frozen
from tests.engine.models.cases import likelihood_data

MODEL = MixtureProportions()
TABLE = np.array([[1.0, 0.5, 0.0], [0.0, 2.0, 1.0], [3.0, 0.0, 4.0], [0.25, 0.25, 0.5]])


def table(values: Array, row_weights: Array | None = None) -> Dataset:
    names = tuple(f"component {k + 1}" for k in range(values.shape[1]))
    return Dataset("table", names, np.array(values, dtype=float), row_weights)


def problem(values: Array, row_weights: Array | None = None) -> Problem:
    dataset = table(values, row_weights)
    MODEL.check(dataset)
    return Problem(MODEL, MODEL.prepare(dataset), 1)


def at(on: Problem, *weights: float) -> Parameters:
    return MODEL.accept(on.prepared, {"weights": weights})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[1, -0.5], [1, 1]], r"-0\.5 in row 1 of column 'component 2' is no likelihood"),
        ([[1, 1], [np.inf, 1]], r"inf in row 2 of column 'component 1' is no likelihood"),
        ([[1, 1], [0, 0], [2, 0]], r"row 2 is 0 in every column, so no component can have produced it"),
        ([[1], [2]], r"needs one column of likelihoods for each of at least two components"),
    ],
)
def test_what_is_no_likelihood_is_refused(values: list[list[float]], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        MODEL.check(table(np.array(values)))
    assert str(refused.value).endswith(".")


def test_missing_cells_are_refused_as_such() -> None:
    with pytest.raises(MissingCells, match="1 missing cell in 1 of 2 rows"):
        MODEL.check(table(np.array([[1.0, np.nan], [1.0, 1.0]])))


def test_an_e_step_by_hand() -> None:
    on = problem(TABLE)
    weights = np.array([0.5, 0.25, 0.25])
    found = on.expect(at(on, *weights))
    density = TABLE @ weights
    shares = weights * TABLE / density[:, None]
    assert found.log_likelihood == pytest.approx(float(np.sum(np.log(density))), rel=1e-15)
    assert found.ratios == pytest.approx(np.sum(TABLE / density[:, None], axis=0), rel=1e-14)
    assert found.statistics[:3] == pytest.approx(np.sum(shares, axis=0), rel=1e-14)
    logs = np.log(np.where(TABLE > 0, TABLE, 1.0))
    assert found.statistics[3] == pytest.approx(float(np.sum(shares * logs)), rel=1e-14)
    assert MODEL.m_step(found.statistics, at(on, *weights))["weights"] == pytest.approx(
        np.mean(shares, axis=0), rel=1e-14
    )
    assert MODEL.free_dimension(on.prepared) == 2


def test_a_rows_scale_shifts_the_value_and_changes_nothing_else() -> None:
    scales = np.array([1e-250, 1e200, 7.0, 1e-3])
    plain, scaled = problem(TABLE), problem(TABLE * scales[:, None])
    here, there = plain.expect(at(plain, 0.2, 0.3, 0.5)), scaled.expect(at(scaled, 0.2, 0.3, 0.5))
    shift = float(np.sum(np.log(scales)))
    assert there.log_likelihood == pytest.approx(here.log_likelihood + shift, rel=1e-14)
    assert there.ratios == pytest.approx(here.ratios, rel=1e-13)
    assert there.statistics[:3] == pytest.approx(here.statistics[:3], rel=1e-13)


def test_where_no_component_with_a_weight_can_have_produced_a_row_there_is_no_likelihood() -> None:
    on = problem(TABLE)
    with pytest.raises(UndefinedLikelihood, match="row 1 has a density of 0 under every component") as lost:
        on.expect(at(on, 0.0, 0.0, 1.0))
    assert lost.value.kind == "not-finite"
    outside = at(on, 0.5, 0.25, 0.25).replaced({"weights": np.array([-0.5, 0.5, 1.0])})
    with pytest.raises(
        UndefinedLikelihood, match=r"weight 1 is -0\.5 and the mixture's density is negative"
    ) as left:
        on.expect(outside)
    assert left.value.kind == "left-constraints"


def test_a_row_that_counts_for_nothing_may_be_impossible() -> None:
    on = problem(TABLE, frozen([0.0, 1.0, 2.0, 1.0]))
    found = on.expect(at(on, 0.0, 0.0, 1.0))
    assert found.log_likelihood == pytest.approx(np.log(1.0) + 2 * np.log(4.0) + np.log(0.5))
    assert found.ratios is not None
    assert np.all(np.isfinite(found.ratios))
    assert np.all(np.isfinite(on.weight_curvature(at(on, 0.0, 0.0, 1.0))))


def test_the_bound_touches_for_some_rows_too() -> None:
    on = problem(likelihood_data(2, weighted=True).values)
    here = at(on, 0.1, 0.2, 0.3, 0.4)
    some = on.expect(here, np.arange(7, 31))
    assert lower_bound(on, here, some, here) == pytest.approx(some.log_likelihood, rel=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
def test_other_posteriors_are_those_of_the_joint_densities(weighted: bool) -> None:
    dataset = likelihood_data(2, weighted)
    on = problem(dataset.values, dataset.row_weights)
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    counted = np.ones(dataset.rows) if dataset.row_weights is None else dataset.row_weights
    joint = weights * dataset.values
    tempered = on.expect(at(on, *weights), posterior=Tempered(0.5))
    powers = joint**0.5
    assert tempered.log_likelihood == pytest.approx(
        float(np.sum(counted * np.log(np.sum(powers, axis=1))) / 0.5), rel=1e-12
    )
    shares = counted[:, None] * powers / np.sum(powers, axis=1, keepdims=True)
    assert tempered.statistics[:4] == pytest.approx(np.sum(shares, axis=0), rel=1e-12)
    assert tempered.ratios is None
    hard = on.expect(at(on, *weights), posterior=Hard())
    assert hard.log_likelihood == pytest.approx(
        float(np.sum(counted * np.log(np.max(joint, axis=1)))), rel=1e-13
    )
    chosen = np.argmax(joint, axis=1)
    assert hard.statistics[:4] == pytest.approx(np.bincount(chosen, counted, minlength=4), rel=1e-14)
    assert hard.statistics[4] == pytest.approx(
        float(np.sum(counted * np.log(dataset.values[np.arange(dataset.rows), chosen]))), rel=1e-12
    )
    sampled = on.expect(at(on, *weights), posterior=Sampled(3, 0))
    assert np.sum(sampled.statistics[:4]) == pytest.approx(float(np.sum(counted)))


def test_the_curvature_is_minus_the_hessian() -> None:
    dataset = likelihood_data(2, weighted=True)
    on = problem(dataset.values, dataset.row_weights)
    here = at(on, 0.1, 0.2, 0.3, 0.4)
    found = on.weight_curvature(here)
    assert (on.meter.gradients, on.meter.passes) == (1, 1.0)
    for k in range(4):
        step = 1e-6 * np.eye(4)[k]
        ahead, behind = (
            on.gradient(here.replaced({"weights": here["weights"] + sign * step}))[1] for sign in (1, -1)
        )
        assert found[k] == pytest.approx(-(ahead - behind) / 2e-6, rel=1e-6, abs=1e-5)
    assert np.array_equal(found, found.T)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"means": [[1.0]]}, "mixture-proportions has no parameter 'means'; give weights"),
        ({}, "'weights' is missing; mixture-proportions needs weights"),
        ({"weights": [0.5, 0.5]}, "has the shape 2, but this model and data need 3"),
        ({"weights": [0.9, 0.2, -0.1]}, "must be at least 0 and sum to 1"),
    ],
)
def test_impossible_starts_are_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        MODEL.accept(problem(TABLE).prepared, values)
