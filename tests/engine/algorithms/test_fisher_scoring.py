"""Fisher scoring: the information it sums, where it refuses, and how it compares with its neighbours."""

import numpy as np
import pytest

from engine.algorithms.fisher_scoring import FisherScoring
from engine.datasets.binomial_counts import BinomialCounts
from engine.datasets.coin_tosses import CoinTosses
from engine.models.base import Model
from engine.models.binomial_mixture import BinomialMixture
from engine.models.coins import Coins
from engine.models.expected_information import ExpectedInformation
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.stopping import Stop
from engine.trace import Step
from tests.engine.algorithms.starts import faithful


def coins(size: int = 400, **settings: object) -> tuple[Problem, Parameters]:
    model = Coins(components=2, tosses=10, **settings)  # type: ignore[arg-type]
    prepared = model.prepare(CoinTosses(size=size, tosses=10).generate())
    return Problem(model, prepared, 1), model.accept(prepared, {"weights": [0.4, 0.6], "heads": [0.8, 0.4]})


def steps(problem: Problem, start: Parameters, algorithm: FisherScoring, count: int = 30) -> list[Step]:
    return list(run(problem, Route(algorithm), start, Stop(tolerance=1e-10, max_iterations=count)))


def observed_information(problem: Problem, at: Parameters) -> Array:
    """Minus the Hessian in the natural blocks, by central differences."""
    columns = []
    for axis in 1e-5 * np.eye(at.layout.size):
        ends = [problem.gradient(Parameters(at.layout, at.vector + sign * axis))[1] for sign in (1, -1)]
        columns.append((ends[1] - ends[0]) / 2e-5)
    return np.array(columns)


@pytest.mark.parametrize(
    ("model", "story", "values"),
    [
        (
            Coins(components=2),
            CoinTosses(size=200_000),
            {"weights": [0.5, 0.5], "heads": [0.75, 0.25]},
        ),
        (
            Coins(components=2, trials_column="tosses"),
            CoinTosses(size=200_000, lengths="unequal"),
            {"weights": [0.5, 0.5], "heads": [0.75, 0.25]},
        ),
        (
            BinomialMixture(components=2, trials=4),
            BinomialCounts(size=200_000, trials=4, dimension=2),
            {"weights": [0.6, 0.4], "probabilities": [[0.3, 0.5], [0.6, 0.2]]},
        ),
    ],
)
def test_at_the_truth_of_many_rows_it_is_about_the_observed_information(
    model: Model, story: CoinTosses | BinomialCounts, values: dict[str, object]
) -> None:
    prepared = model.prepare(story.generate())
    problem, truth = Problem(model, prepared, 1), model.accept(prepared, values)
    assert isinstance(model, ExpectedInformation)
    expected = model.expected_information(prepared, truth)
    assert expected is not None
    assert np.array_equal(expected, expected.T)
    assert np.linalg.eigvalsh(expected).min() >= 0
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.max(np.abs(observed_information(problem, truth) - expected) / scale) < 0.02


def test_it_needs_a_handful_of_steps_and_one_pass_for_each() -> None:
    problem, start = coins()
    found = steps(problem, start, FisherScoring())
    assert found[-1].status == "converged"
    assert found[-1].iteration <= 10
    assert all(not step.decreased for step in found)
    assert found[-1].passes == found[-1].iteration + 1


def test_its_steps_are_nearly_the_same_in_all_coordinates() -> None:
    problem, start = coins()
    ends = [
        steps(problem, start, FisherScoring(weight_coordinates=weights, probability_coordinates=chances), 1)[
            -1
        ]
        for weights, chances in (("softmax", "logit"), ("log-ratio", "logit"), ("drop-last", "raw"))
    ]
    assert ends[1].parameters.vector == pytest.approx(ends[0].parameters.vector, rel=1e-9)
    assert np.max(np.abs(ends[2].parameters.vector - ends[0].parameters.vector)) < 0.05


def test_held_weights_stay() -> None:
    problem, start = coins(hold=("weights",))
    last = steps(problem, start, FisherScoring())[-1]
    assert last.status == "converged"
    assert np.array_equal(last.parameters["weights"], start["weights"])


def test_it_refuses_where_data_may_be_anything() -> None:
    beginning = faithful()
    refused = beginning.steps(FisherScoring())[0]
    assert refused.status == "refused"
    assert refused.reason.startswith("fisher-scoring sums over all data that might have been seen")
    model = BinomialMixture(components=2, trials=10)
    prepared = model.prepare(BinomialCounts(size=50, dimension=8).generate())
    chances = np.linspace(0.2, 0.8, 16).reshape(2, 8)
    start = model.accept(prepared, {"weights": [0.5, 0.5], "probabilities": chances})
    assert steps(Problem(model, prepared, 1), start, FisherScoring())[0].status == "refused"
