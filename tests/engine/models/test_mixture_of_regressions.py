"""Mixtures of regressions: the response, one line by least squares, lines through few rows, predictors far away."""

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.em_as_gradient import EMAsGradient
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.dataset import Dataset
from engine.datasets.two_lines import TwoLines
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.models.mixture_of_regressions import MixtureOfRegressions
from engine.objective import Problem
from engine.parameters import Array
from engine.run import Route, run
from engine.starts.random_responsibilities import RandomResponsibilities
from engine.starts.truth import FromTruth
from engine.stopping import Stop


def table(values: Array, columns: tuple[str, ...]) -> Dataset:
    return Dataset("table", columns, np.array(values, dtype=float))


def planes(rows: int, far: float = 0.0) -> Array:
    """Two predictors, one of them far from 0, and a response."""
    generator = np.random.Generator(np.random.Philox(4))
    x = np.column_stack((generator.standard_normal(rows), far + 0.1 * generator.standard_normal(rows)))
    y = 3.0 - 2.0 * x[:, 0] + 5.0 * (x[:, 1] - far) + 0.5 * generator.standard_normal(rows)
    return np.column_stack((x, y))


@pytest.mark.parametrize("far", [0.0, 2000.0])
def test_a_single_line_is_least_squares_in_one_step(far: float) -> None:
    values = planes(80, far)
    model = MixtureOfRegressions(components=1)
    prepared = model.prepare(table(values, ("a", "b", "y")))
    start = RandomResponsibilities().choose(model, prepared)
    problem = Problem(model, prepared, 1)
    found = model.describe(model.m_step(problem.expect(start).statistics, start))
    centre = np.mean(values, axis=0)
    slopes = np.linalg.lstsq(values[:, :2] - centre[:2], values[:, 2] - centre[2])[0]
    intercept = centre[2] - slopes @ centre[:2]
    assert found["coefficients"][0] == pytest.approx([intercept, *slopes], rel=1e-9)
    residuals = values[:, 2] - intercept - values[:, :2] @ slopes
    assert found["variances"] == pytest.approx([np.mean(residuals**2)], rel=1e-9)
    assert model.axis_names(("a", "b", "y")) == ("intercept", "of a", "of b")


def test_any_column_may_be_the_response() -> None:
    values = planes(60)
    plain = MixtureOfRegressions(components=1)
    named = MixtureOfRegressions(components=1, response="y")
    turned = table(values[:, [2, 0, 1]], ("y", "a", "b"))
    one, other = plain.prepare(table(values, ("a", "b", "y"))), named.prepare(turned)
    assert np.array_equal(one.columns, other.columns)
    assert named.axis_names(turned.columns) == ("intercept", "of a", "of b")
    with pytest.raises(InputError, match=r"response = 'z' is no column of table; its columns are y, a, b\."):
        MixtureOfRegressions(components=1, response="z").check(turned)


@pytest.mark.parametrize(
    ("values", "columns", "sentence"),
    [
        ([[1.0], [2.0]], ("y",), "needs a response and at least one column that explains it"),
        ([[1.0, 2.0], [1.0, 3.0]], ("x", "y"), "column 'x' is constant, so it explains nothing"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(
    values: list[list[float]], columns: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        MixtureOfRegressions(components=1).check(table(np.array(values), columns))
    assert str(refused.value).endswith(".")


def test_em_finds_both_lines_and_the_gradient_agrees() -> None:
    data = TwoLines(size=500, noise=0.5).generate()
    model = MixtureOfRegressions(components=2)
    prepared = model.prepare(data)
    start, ends = RandomResponsibilities().choose(model, prepared), []
    for algorithm in (ExpectationMaximization(), LimitedMemoryBfgs()):
        lane = list(
            run(Problem(model, prepared, 1), Route(algorithm), start, Stop(rule="gradient", tolerance=1e-9))
        )
        assert lane[-1].status == "converged"
        ends.append(lane[-1])
    assert ends[0].log_likelihood == pytest.approx(ends[1].log_likelihood, abs=1e-7)
    lines = model.describe(ends[0].parameters)["coefficients"]
    lines = lines[np.argsort(lines[:, 1])]
    assert lines == pytest.approx(np.array([[12.0, -1.0], [2.0, 1.0]]), abs=0.35)
    assert data.truth is not None
    known = Problem(model, prepared, 1).log_likelihood(FromTruth().choose(model, prepared))
    assert ends[0].log_likelihood > known


def test_em_as_a_gradient_step_with_the_remainder_is_em() -> None:
    model = MixtureOfRegressions(components=2)
    prepared = model.prepare(TwoLines(size=200).generate())
    start = RandomResponsibilities(seed=3).choose(model, prepared)
    lanes = [
        list(run(Problem(model, prepared, 1), Route(each), start, Stop(tolerance=0.0, max_iterations=8)))
        for each in (ExpectationMaximization(), EMAsGradient(centre_at_new_means=True))
    ]
    for one, other in zip(*lanes, strict=True):
        assert one.parameters.vector == pytest.approx(other.parameters.vector, rel=1e-9, abs=1e-11)


def test_a_line_through_all_of_its_rows_collapses() -> None:
    x = np.arange(10.0)
    values = np.column_stack((x, np.where(x < 7, 0.3 * np.sin(7 * x), 5.0 + 2.0 * x)))
    model = MixtureOfRegressions(components=2)
    prepared = model.prepare(table(values, ("x", "y")))
    described = {"weights": [0.7, 0.3], "coefficients": [[0.0, 0.0], [5.0, 2.0]], "variances": [0.1, 1e-4]}
    start = model.accept(prepared, described)
    lane = list(
        run(Problem(model, prepared, 1), Route(ExpectationMaximization()), start, Stop(max_iterations=50))
    )
    assert lane[-1].status == "collapsed"
    assert "line 2 goes through all of its rows" in lane[-1].reason


def test_a_narrow_line_keeps_its_digits() -> None:
    """A residual variance of 1e-8 of the response's: the mean statistics give it back, and the exact path its density."""
    model = MixtureOfRegressions(components=2)
    prepared = model.prepare(table(planes(60), ("a", "b", "y")))
    layout = model.layout(prepared)
    lines = [[0.1, -0.5, 0.3], [0.0, 1.0, 0.2]]
    parameters = layout.pack({"weights": [0.5, 0.5], "coefficients": lines, "variances": [1e-8, 1.0]})
    back = model.m_step(model.mean_statistics(prepared, parameters), parameters)
    assert back["variances"] == pytest.approx([1e-8, 1.0], rel=1e-6)
    found = model.log_densities(parameters, prepared.columns, np.array([0]))
    residuals = prepared.columns[2] - np.array(lines[0]) @ np.vstack((np.ones(60), prepared.columns[:2]))
    wanted = -0.5 * (residuals**2 / 1e-8 + np.log(2 * np.pi * 1e-8))
    assert found[0] == pytest.approx(wanted, rel=1e-12)


def test_outside_the_positive_numbers_a_variance_is_none() -> None:
    model = MixtureOfRegressions(components=1)
    prepared = model.prepare(TwoLines(size=20).generate())
    parameters = RandomResponsibilities().choose(model, prepared)
    for variance, kind in ((-1.0, "left-constraints"), (0.0, "collapsed"), (np.inf, "not-finite")):
        with pytest.raises(UndefinedLikelihood) as undefined:
            Problem(model, prepared, 1).expect(parameters.replaced({"variances": np.array([variance])}))
        assert undefined.value.kind == kind
