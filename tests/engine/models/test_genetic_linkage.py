"""Genetic linkage: the cells that are refused, other posteriors, and its information."""

import math

import numpy as np
import pytest

from engine.dataset import Dataset
from engine.errors import InputError, MissingCells
from engine.models.base import UndefinedLikelihood
from engine.models.genetic_linkage import GeneticLinkage
from engine.models.posterior import EXACT, Hard, Posterior, Sampled, Tempered
from engine.objective import Problem
from engine.parameters import Array, Parameters, frozen

MODEL = GeneticLinkage()
COUNTS = np.array([125.0, 18.0, 20.0, 34.0])


def problem(counts: Array = COUNTS) -> Problem:
    data = Dataset("linkage", ("cell",), np.array([[1.0], [2.0], [3.0], [4.0]]), frozen(counts))
    MODEL.check(data)
    return Problem(MODEL, MODEL.prepare(data), 1)


def at(on: Problem, theta: float) -> Parameters:
    return MODEL.accept(on.prepared, {"theta": theta})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[1.0], [5.0]], r"5 in row 2 of column 'cell' is no cell; genetic-linkage needs 1, 2, 3 or 4"),
        ([[1.5]], r"1\.5 in row 1 of column 'cell' is no cell"),
        ([[1.0, 125.0]], r"has 2 columns of numbers; genetic-linkage needs one"),
    ],
)
def test_what_is_no_cell_is_refused(values: list[list[float]], sentence: str) -> None:
    names = ("cell", "count")[: len(values[0])]
    with pytest.raises(InputError, match=sentence) as refused:
        MODEL.check(Dataset("table", names, np.array(values)))
    assert str(refused.value).endswith(".")


def test_a_missing_cell_is_refused_as_such() -> None:
    with pytest.raises(MissingCells, match="1 missing cell"):
        MODEL.check(Dataset("table", ("cell",), np.array([[1.0], [np.nan]])))


@pytest.mark.parametrize(
    ("theta", "sentence"), [(1.5, "theta must lie between 0 and 1"), ([0.5], "single number")]
)
def test_an_impossible_start_is_refused(theta: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        MODEL.accept(problem().prepared, {"theta": theta})


def test_outside_the_interval_there_is_no_likelihood() -> None:
    on = problem()
    for theta, kind in ((1.1, "left-constraints"), (-0.1, "left-constraints"), (math.nan, "not-finite")):
        with pytest.raises(UndefinedLikelihood) as undefined:
            on.expect(at(on, 0.5).replaced({"theta": np.array(theta)}))
        assert undefined.value.kind == kind
    for theta in (0.0, 1.0):
        with pytest.raises(UndefinedLikelihood, match="in a cell of probability 0"):
            on.expect(at(on, theta))


def test_an_empty_cell_may_be_impossible() -> None:
    """Without animals in the second and third cell the maximum is at exactly 1, and EM finds it at once."""
    on = problem(np.array([125.0, 0.0, 0.0, 34.0]))
    moved = MODEL.m_step(on.expect(at(on, 0.5)).statistics, at(on, 0.5))
    assert float(moved["theta"]) == 1.0
    assert on.log_likelihood(moved) == pytest.approx(
        math.lgamma(160) - math.lgamma(126) - math.lgamma(35) + 125 * math.log(0.75) + 34 * math.log(0.25),
        rel=1e-12,
    )
    assert on.gradient(moved)[1].tolist() == [34.0 + 125.0 / 3.0]


@pytest.mark.parametrize(
    ("posterior", "half_of_the_first"),
    [(EXACT, 0.8), (Tempered(0.5), math.sqrt(0.8) / (math.sqrt(0.8) + math.sqrt(0.2))), (Hard(), 1.0)],
)
def test_the_first_cell_is_shared_out_as_the_posterior_says(
    posterior: Posterior, half_of_the_first: float
) -> None:
    on = problem()
    half, linked, crossed = on.expect(at(on, 0.5), posterior=posterior).statistics[:3]
    assert half == pytest.approx(125 * half_of_the_first, rel=1e-14)
    assert linked == pytest.approx(125 * (1 - half_of_the_first) + 34, rel=1e-14)
    assert crossed == 38.0


def test_a_draw_is_of_whole_animals_and_its_objective_that_of_the_completed_data() -> None:
    on = problem()
    halves = []
    for count in range(300):
        found = on.expect(at(on, 0.5), posterior=Sampled(3, count))
        halves.append(found.statistics[0])
        assert found.statistics[0] == round(found.statistics[0])
        q = MODEL.expected_log_likelihood(on.prepared, found.statistics, at(on, 0.5))
        assert found.log_likelihood == pytest.approx(q, rel=1e-12)
    assert np.mean(halves) == pytest.approx(100.0, abs=4.5 * math.sqrt(125 * 0.16 / 300))


def test_louis_information_is_complete_less_missing() -> None:
    """Minus the second derivative of the log-likelihood, as a textbook has it."""
    on = problem()
    for theta in (0.2, 0.5, 0.9):
        here = at(on, theta)
        missing = on.missing_information(here)
        assert missing is not None
        _, linked, crossed = on.expect(here).statistics[:3]
        complete = linked / theta**2 + crossed / (1 - theta) ** 2
        observed = 125 / (2 + theta) ** 2 + 38 / (1 - theta) ** 2 + 34 / theta**2
        assert complete - missing[0, 0] == pytest.approx(observed, rel=1e-13)


def test_expected_information_is_the_mean_square_of_the_score() -> None:
    on = problem()
    for theta in (0.2, 0.5, 0.9):
        cells = np.array([0.5 + theta / 4, (1 - theta) / 4, (1 - theta) / 4, theta / 4])
        scores = np.array([1, -1, -1, 1]) / (4 * cells)
        expected = 197 * float(np.sum(cells * scores**2))
        assert MODEL.expected_information(on.prepared, at(on, theta))[0, 0] == pytest.approx(
            expected, rel=1e-13
        )
