"""The laws that every model keeps, with every choice of its settings."""

import numpy as np
import pytest

from engine.analysis.bound import lower_bound
from engine.dataset import Dataset
from engine.models import mixture, workspace
from engine.models.base import Expectation, UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters, PositiveDefinite
from engine.roundoff import roundoff_bound
from tests import textbook
from tests.engine.models.cases import (
    CASES,
    DISCRETE,
    WEIGHTED,
    Case,
    data_for,
    random_parameters,
    takes_row_weights,
    variants,
)

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
every_discrete_case = pytest.mark.parametrize("case", DISCRETE, ids=lambda case: case.label)


def directions(parameters: Parameters, seed: int) -> Array:
    """Random directions (m, size), one within each free block and one across all; symmetric for matrices."""
    generator = np.random.Generator(np.random.Philox(seed))
    layout = parameters.layout
    found = []
    for name in layout.free:
        block = layout.by_name[name]
        direction = np.zeros(layout.size)
        values = generator.standard_normal(block.shape)
        if name != "weights":
            values = block.support.tangent(values)
        direction[layout.places[name]] = values.ravel()
        found.append(direction)
    return np.array([*found, np.sum(found, axis=0)])


def slope(problem: Problem, parameters: Parameters, direction: Array, step: float) -> float:
    """The directional derivative by central differences, extrapolated once (Richardson)."""

    def value(length: float) -> float:
        moved = parameters.vector + length * direction
        return problem.log_likelihood(Parameters(parameters.layout, moved))

    def difference(length: float) -> float:
        return (value(length) - value(-length)) / (2 * length)

    return (4 * difference(step) - difference(2 * step)) / 3


def slope_ahead(problem: Problem, parameters: Parameters, direction: Array, step: float) -> float:
    """The directional derivative from values ahead alone (fourth order): behind a weight of 0 is no density."""
    values = [
        problem.log_likelihood(Parameters(parameters.layout, parameters.vector + each * step * direction))
        for each in range(5)
    ]
    return float(np.dot([-25, 48, -36, 16, -3], values)) / (12 * step)


@every_case
def test_gradient_is_that_of_finite_differences(case: Case) -> None:
    problem = case.problem()
    _, gradient = problem.gradient(case.parameters)
    for direction in directions(case.parameters, seed=1):
        wanted = slope(problem, case.parameters, direction, 3e-4)
        size = float(np.sum(np.abs(gradient * direction)))
        assert float(gradient @ direction) == pytest.approx(wanted, rel=1e-6, abs=1e-7 * size)


@pytest.mark.parametrize("case", WEIGHTED, ids=lambda case: case.label)
@pytest.mark.parametrize("weight", [0.0, 1e-300])
def test_gradient_at_a_weight_of_nothing(case: Case, weight: float) -> None:
    first, *rest = case.parameters["weights"]
    weights = np.array([weight, *(np.array(rest) / (1 - first))])
    parameters, problem = case.parameters.replaced({"weights": weights}), case.problem()
    expectation, gradient = problem.gradient(parameters)
    assert expectation.ratios is not None
    for direction in directions(parameters, seed=1):
        direction = direction if direction[0] >= 0 else -direction
        # Far from all others the component's density is many times theirs, and so is the curvature.
        step = 1e-4 / (max(1.0, float(expectation.ratios[0])) if direction[0] else 1.0)
        wanted = slope_ahead(problem, parameters, direction, step)
        size = float(np.sum(np.abs(gradient * direction)))
        rounding = 1e-15 * abs(expectation.log_likelihood) / step
        assert float(gradient @ direction) == pytest.approx(wanted, rel=1e-6, abs=1e-6 * size + rounding)


@every_case
def test_held_blocks_have_no_gradient_and_do_not_move(case: Case) -> None:
    problem, layout = case.problem(), case.parameters.layout
    expectation, gradient = problem.gradient(case.parameters)
    moved = case.model.m_step(expectation.statistics, case.parameters)
    for name in case.held:
        assert not np.any(gradient[layout.places[name]])
        assert np.array_equal(moved[name], case.parameters[name])
    for name in layout.free:
        assert np.any(gradient[layout.places[name]])
        assert not np.array_equal(moved[name], case.parameters[name])


@every_case
def test_matrix_gradients_are_symmetric(case: Case) -> None:
    _, gradient = case.problem().gradient(case.parameters)
    for block in case.parameters.layout.blocks:
        values = gradient[case.parameters.layout.places[block.name]].reshape(block.shape)
        if isinstance(block.support, PositiveDefinite):
            assert np.array_equal(block.support.tangent(values), values)


@every_discrete_case
def test_posterior_is_normalised(case: Case) -> None:
    shares = case.model.responsibilities(case.parameters, case.prepared.columns)
    assert np.all(shares >= 0)
    assert np.sum(shares, axis=0) == pytest.approx(1.0, abs=1e-14)


@every_case
def test_em_never_goes_down(case: Case) -> None:
    problem, parameters = case.problem(), case.parameters
    expectation, ended = problem.expect(parameters), ""
    for _ in range(60):
        before = expectation.log_likelihood
        parameters = case.model.m_step(expectation.statistics, parameters)
        try:
            expectation = problem.expect(parameters)
        except UndefinedLikelihood as undefined:
            ended = undefined.kind
            break
        assert parameters.layout.violation(parameters.vector) is None
        fall = before - expectation.log_likelihood
        assert fall <= roundoff_bound(before, problem.total_weight)
    assert ended in ("", "collapsed")
    assert not (ended and "floor" in case.label)


@every_case
def test_bound_touches_and_lies_below(case: Case) -> None:
    problem, here = case.problem(), case.parameters
    expectation = problem.expect(here)
    value = expectation.log_likelihood
    assert lower_bound(problem, here, expectation, here) == pytest.approx(value, rel=1e-13)
    for seed in range(6):
        there = random_parameters(case.model, case.prepared, seed=100 + seed)
        away = lower_bound(problem, here, expectation, there)
        assert away <= problem.log_likelihood(there) + 1e-9 * abs(value)
    # Nothing raises the bound above where the M step puts it.
    best = case.model.m_step(expectation.statistics, here)
    top = lower_bound(problem, here, expectation, best)
    assert value <= top <= problem.log_likelihood(best) + 1e-9 * abs(value)
    for direction in directions(here, seed=2):
        layout = here.layout
        for length in (-1e-3, 1e-3):
            near = Parameters(layout, layout.project(best.vector + length * direction))
            near = near.replaced({name: here[name] for name in case.held})
            if "weights" not in near or np.min(near["weights"]) > 0:
                assert lower_bound(problem, here, expectation, near) <= top + 1e-9 * abs(value)


@every_case
def test_statistics_add_over_any_split_and_scale(case: Case) -> None:
    problem = case.problem()
    whole = problem.expect(case.parameters)
    generator = np.random.Generator(np.random.Philox(3))
    order = generator.permutation(case.prepared.units)
    cuts = np.sort(generator.integers(1, case.prepared.units, 3))
    parts = [problem.expect(case.parameters, np.sort(units)) for units in np.split(order, cuts) if units.size]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    agree(total, whole)
    agree(whole.scaled(3.0).scaled(1 / 3), whole)


def agree(one: Expectation, other: Expectation, rel: float = 1e-12) -> None:
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=rel)
    scale = float(np.max(np.abs(other.statistics)))
    assert one.statistics == pytest.approx(other.statistics, rel=rel, abs=rel * scale)
    assert (one.ratios is None) is (other.ratios is None)
    if one.ratios is not None:
        assert one.ratios == pytest.approx(other.ratios, rel=rel)


@pytest.mark.parametrize(
    ("label", "model"),
    [each for each in variants() if takes_row_weights(each[1])],
    ids=lambda value: str(value)[:30],
)
def test_row_weights_count_rows_several_times(label: str, model: mixture.Mixture) -> None:
    weighted = data_for(model, 2, True)
    assert weighted.row_weights is not None
    repeated = Dataset(
        "repeated", weighted.columns, np.repeat(weighted.values, weighted.row_weights.astype(int), axis=0)
    )
    one, other = Case(label, model, weighted), Case(label, model, repeated)
    start = one.model.describe(one.parameters)
    found = []
    for case in (one, other):
        parameters, problem = model.accept(case.prepared, start), case.problem()
        assert problem.total_weight == pytest.approx(len(repeated.values))
        expectation = problem.expect(parameters)
        after = model.describe(model.m_step(expectation.statistics, parameters))
        found.append((expectation.log_likelihood, after))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    for name, values in found[0][1].items():
        assert values == pytest.approx(found[1][1][name], rel=1e-10)


@every_discrete_case
def test_e_step_and_m_step_are_the_textbooks(case: Case) -> None:
    problem, described, plain = case.problem(), case.model.describe(case.parameters), case.posterior
    expectation = problem.expect(case.parameters)
    rows, row_weights = case.dataset.values, case.dataset.row_weights
    assert expectation.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    after = case.model.describe(case.model.m_step(expectation.statistics, case.parameters))
    wanted = textbook.m_step(rows, plain.responsibilities, described, row_weights, **case.textbook_settings)
    for name, values in after.items():
        largest = float(np.max(np.abs(wanted[name])))
        assert values == pytest.approx(wanted[name].astype(float), rel=1e-10, abs=1e-12 * largest)


@pytest.mark.parametrize(
    ("label", "model"),
    [(label, model) for label, model in variants() if "weights" in model.blocks],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_threads_change_no_bit(
    label: str, model: mixture.Mixture, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "ROWS_WORTH_A_THREAD", 1)
    monkeypatch.setattr(mixture, "MOST_ROWS", 1024)
    case = Case(label, model, data_for(model, 2, weighted, rows=5000))
    assert len(case.prepared.blocks) >= 4
    alone = case.problem(threads=1).expect(case.parameters)
    for _ in range(5):
        together = case.problem(threads=2).expect(case.parameters)
        assert together.log_likelihood == alone.log_likelihood
        assert np.array_equal(together.statistics, alone.statistics)
        assert together.ratios is not None
        assert alone.ratios is not None
        assert np.array_equal(together.ratios, alone.ratios)


@every_case
def test_described_parameters_are_accepted_back(case: Case) -> None:
    described = case.model.describe(case.parameters)
    again = case.model.accept(case.prepared, described)
    assert again.vector == pytest.approx(case.parameters.vector, rel=1e-12, abs=1e-13)


@every_case
def test_free_dimension_is_the_rank_of_what_moves(case: Case) -> None:
    """The free dimension is that of the tangent space of the free blocks."""
    layout = case.parameters.layout
    generator = np.random.Generator(np.random.Philox(4))
    count = 0
    for name in layout.free:
        block = layout.by_name[name]
        tangents = [
            block.support.tangent(generator.standard_normal(block.shape)).ravel()
            for _ in range(block.size + 2)
        ]
        count += int(np.linalg.matrix_rank(np.array(tangents)))
    q = getattr(case.model, "factors", 0) if "loadings" in layout.free else 0
    turns = q * (q - 1) // 2 * getattr(case.model, "components", 1)
    assert case.model.free_dimension(case.prepared) == count - turns
