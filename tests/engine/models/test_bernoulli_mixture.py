"""Latent classes: what is no answer, certain answers, and patterns with their counts."""

import dataclasses

import numpy as np
import pytest

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.lbfgs_b import LimitedMemoryBfgsBounded
from engine.analysis.bound import lower_bound
from engine.dataset import Dataset
from engine.datasets.latent_classes import LatentClasses
from engine.datasets.role_conflict import RoleConflict
from engine.errors import InputError
from engine.models import mixture, workspace
from engine.models.base import Expectation
from engine.models.bernoulli_mixture import BernoulliMixture
from engine.models.binomial_mixture import BinomialMixture
from engine.models.coins import Coins
from engine.models.multinomial_mixture import MultinomialMixture
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from engine.stopping import Stop
from engine.trace import Step


def table(values: Array) -> Dataset:
    return Dataset(
        "table", tuple(f"item{j + 1}" for j in range(values.shape[1])), np.array(values, dtype=float)
    )


def steps(
    model: BernoulliMixture,
    data: Dataset,
    algorithm: Algorithm,
    start: Parameters | None = None,
    tolerance: float = 1e-10,
    most: int = 400,
) -> list[Step]:
    model.check(data)
    prepared = model.prepare(data)
    begin = start if start is not None else KMeansPlusPlus(seed=1).choose(model, prepared)
    return list(
        run(
            Problem(model, prepared, 1),
            Route(algorithm),
            begin,
            Stop(tolerance=tolerance, max_iterations=most),
        )
    )


@pytest.mark.parametrize(
    ("model", "values", "sentence"),
    [
        (
            BernoulliMixture(components=1),
            [[0, 1], [2, 0]],
            r"2 in row 2 of column 'item1' is no answer.* needs 0 \(no\)",
        ),
        (
            BernoulliMixture(components=1),
            [[0, -1]],
            r"-1 in row 1 of column 'item2' is no count; bernoulli-mixture needs",
        ),
        (BernoulliMixture(components=1), [[0, 0.5]], r"0\.5 in row 1 of column 'item2' is no count"),
        (
            BinomialMixture(components=1, trials=5),
            [[6, 1]],
            r"6 in row 1 of column 'item1' is more than the 5 trials",
        ),
        (
            Coins(components=1, tosses=5),
            [[6]],
            r"6 in row 1 of column 'item1' is more than the 5 tosses of a set",
        ),
        (Coins(components=1), [[1, 2]], r"has 2 columns of numbers; coins needs one, the heads of each set"),
        (
            Coins(components=1, trials_column="tosses"),
            [[1, 2]],
            r"trials_column = 'tosses' is no column of .*; its columns are item1, item2",
        ),
        (
            Coins(components=1, trials_column="item2"),
            [[1, 2], [5, 4]],
            r"5 in row 2 of column 'item1' is more than the 4 of column 'item2'; correct it",
        ),
        (Coins(components=1, trials_column="item1"), [[1]], r"has one column of numbers; with trials_column"),
        (
            Coins(components=1, trials_column="item1"),
            [[3, 2], [0, 0]],
            r"0 in row 2 of column 'item1' leaves no trial to count; leave the row out",
        ),
        (
            Coins(components=1, trials_column="item2"),
            [[1, 2.5]],
            r"2\.5 in row 1 of column 'item2' is no count",
        ),
        (Coins(components=1, trials_column="item2"), [[-1, 2]], r"-1 in row 1 of column 'item1' is no count"),
        (
            Coins(components=1, trials_column="item3"),
            [[1, 1, 2]],
            r"has 3 columns of numbers; coins needs one",
        ),
        (
            BinomialMixture(components=1, trials_column="item2"),
            [[1, 2, 3]],
            r"3 in row 1 of column 'item3' is more than the 2 of column 'item2'",
        ),
        (
            MultinomialMixture(components=1),
            [[3]],
            r"has one column of numbers; multinomial-mixture needs at least two",
        ),
        (
            MultinomialMixture(components=1),
            [[1, 2], [0, 0]],
            r"row 2 is 0 in every column and shares out nothing",
        ),
        (MultinomialMixture(components=1), [[1, 2.5]], r"2\.5 in row 1 of column 'item2' is no count"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(
    model: BernoulliMixture, values: list[list[float]], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        model.check(table(np.array(values)))
    assert str(refused.value).endswith(".")


def test_impossible_starts_are_refused() -> None:
    data = LatentClasses(size=20).generate()
    model = BernoulliMixture(components=2)
    prepared = model.prepare(data)
    chances = np.full((2, 6), 0.5)
    chances[1, 2] = 1.2
    with pytest.raises(InputError, match="probabilities must lie between 0 and 1"):
        model.accept(prepared, {"weights": [0.5, 0.5], "probabilities": chances})
    shares = MultinomialMixture(components=1)
    words = shares.prepare(table(np.array([[1, 2], [3, 4]])))
    with pytest.raises(InputError, match="each row of probabilities must be at least 0 and sum to 1"):
        shares.accept(words, {"weights": [1.0], "probabilities": [[0.5, 0.6]]})


def test_an_item_that_everybody_affirms_has_exactly_1_after_one_step_and_it_is_told() -> None:
    values = np.array(LatentClasses(size=200).generate().values)
    values[:, 2] = 1.0
    values[:, 4] = 0.0
    found = steps(BernoulliMixture(components=2), table(values), ExpectationMaximization())
    assert np.array_equal(found[1].parameters["probabilities"][:, 2], [1.0, 1.0])
    assert np.array_equal(found[1].parameters["probabilities"][:, 4], [0.0, 0.0])
    told = [event.detail for event in found[1].events if event.kind == "certain-probability"]
    assert told == [
        "probability 5 of component 1 became exactly 0",
        "probability 5 of component 2 became exactly 0",
        "probability 3 of component 1 became exactly 1",
        "probability 3 of component 2 became exactly 1",
    ]
    assert not any(event.kind == "certain-probability" for step in found[2:] for event in step.events)
    assert found[-1].status == "converged"


def test_certain_classes_are_found_and_the_likelihood_stays_finite() -> None:
    """With answers that never fail, the maximum is at exact zeros and ones, and EM gets there."""
    data = LatentClasses(size=100, certainty=1.0).generate()
    model = BernoulliMixture(components=2)
    found = steps(model, data, ExpectationMaximization(), tolerance=0.0, most=12)
    last = found[-1].parameters
    assert found[-1].stationarity < 1e-14
    assert set(last["probabilities"].ravel().tolist()) == {0.0, 1.0}
    assert data.labels is not None
    share = float(np.mean(data.labels == 0))
    wanted = 100 * (share * np.log(share) + (1 - share) * np.log(1 - share))
    assert found[-1].log_likelihood == pytest.approx(wanted, rel=1e-12)
    problem = Problem(model, model.prepare(data), 1)
    expectation, gradient = problem.gradient(last)
    assert np.all(np.isfinite(gradient))
    assert lower_bound(problem, last, expectation, last) == pytest.approx(wanted, rel=1e-12)


def test_lbfgs_b_holds_raw_probabilities_at_their_bounds() -> None:
    values = np.array(LatentClasses(size=200).generate().values)
    values[:, 2] = 1.0
    found = steps(
        BernoulliMixture(components=2), table(values), LimitedMemoryBfgsBounded(probability_coordinates="raw")
    )
    assert found[-1].status == "converged"
    assert np.array_equal(found[-1].parameters["probabilities"][:, 2], [1.0, 1.0])
    assert all(step.is_likelihood for step in found)


def test_patterns_with_counts_are_the_people_themselves() -> None:
    data = RoleConflict().generate()
    assert data.row_weights is not None
    people = table(np.repeat(data.values, data.row_weights.astype(int), axis=0))
    model = BernoulliMixture(components=2)
    start = {"weights": [0.6, 0.4], "probabilities": [[0.6, 0.3, 0.4, 0.2], [0.9, 0.8, 0.7, 0.6]]}
    ends = [
        steps(model, rows, ExpectationMaximization(), model.accept(model.prepare(rows), start))[-1]
        for rows in (data, people)
    ]
    assert ends[0].log_likelihood == pytest.approx(ends[1].log_likelihood, rel=1e-13)
    assert ends[0].parameters.vector == pytest.approx(ends[1].parameters.vector, abs=1e-7)
    assert model.prepare(data).units == 16


@pytest.mark.parametrize("certain", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_answers_kept_as_bytes_change_no_bit(
    weighted: bool, certain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it matter how many threads widen them, or whether some probabilities are 0 and 1."""
    monkeypatch.setattr(workspace, "ROWS_WORTH_A_THREAD", 1)
    monkeypatch.setattr(mixture, "MOST_ROWS", 1024)
    values = LatentClasses(size=5000, items=20).generate().values
    counts = np.random.Generator(np.random.Philox(3)).integers(0, 3, 5000).astype(float) if weighted else None
    data = dataclasses.replace(table(values), row_weights=counts)
    model = BernoulliMixture(components=3)

    def found(threads: int) -> tuple[Expectation, bool]:
        prepared = model.prepare(data)
        start = KMeansPlusPlus(seed=1).choose(model, prepared)
        if certain:
            chances = np.array(start["probabilities"])
            chances[0, :3], chances[1, 2:4] = 0.0, 1.0
            start = start.replaced({"probabilities": chances})
        assert len(prepared.blocks) >= 4
        assert prepared.stored is not None
        return Problem(model, prepared, threads).expect(start), prepared.stored[0].dtype == np.uint8

    doubles, in_bytes = found(1)
    assert not in_bytes
    monkeypatch.setattr(mixture, "CACHED_FEATURE_BYTES", 0)
    for threads in (1, 2, 2, 2):
        compact, in_bytes = found(threads)
        assert in_bytes
        assert compact.log_likelihood == doubles.log_likelihood
        assert compact.statistics.tobytes() == doubles.statistics.tobytes()
        assert compact.ratios is not None
        assert doubles.ratios is not None
        assert compact.ratios.tobytes() == doubles.ratios.tobytes()
