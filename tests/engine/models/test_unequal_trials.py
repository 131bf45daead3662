"""Binomial components where a column says how many trials each row has: coins tossed in sets of unequal length."""

import math

import numpy as np
import pytest

from engine.analysis.landscape import landscape
from engine.dataset import Dataset
from engine.datasets.coin_tosses import CoinTosses
from engine.models.base import Model
from engine.models.binomial_components import GivenTrials
from engine.models.binomial_mixture import BinomialMixture
from engine.models.coins import Coins
from engine.objective import Problem
from engine.parameters import Array
from tests.reference.lanes import Bench

HEADS, TOSSES = [5.0, 9.0, 8.0, 0.0, 7.0, 1.0], [10.0, 12.0, 8.0, 4.0, 30.0, 1.0]
START = {"weights": [0.3, 0.7], "heads": [0.6, 0.4]}


def table(*columns: list[float], names: tuple[str, ...]) -> Dataset:
    return Dataset("sets", names, np.column_stack(columns))


def likelihood(heads: list[float], tosses: list[float], weights: list[float], chances: Array) -> float:
    """The log-likelihood by products of whole numbers and powers, set by set."""
    total = 0.0
    for x, m in zip(heads, tosses, strict=True):
        density = sum(
            weight * math.comb(int(m), int(x)) * float(chance) ** x * (1 - float(chance)) ** (m - x)
            for weight, chance in zip(weights, chances, strict=True)
        )
        total += math.log(density)
    return total


@pytest.mark.parametrize("reversed_columns", [False, True])
def test_value_and_gradient_are_those_of_the_sets_one_by_one(reversed_columns: bool) -> None:
    data = table(HEADS, TOSSES, names=("heads", "tosses"))
    if reversed_columns:
        data = table(TOSSES, HEADS, names=("tosses", "heads"))
    model = Coins(trials_column="tosses", hold=("weights",))
    model.check(data)
    prepared = model.prepare(data)
    problem, parameters = Problem(model, prepared), model.accept(prepared, START)
    weights, chances = START["weights"], np.array(START["heads"])
    value, gradient = problem.gradient(parameters)
    assert value.log_likelihood == pytest.approx(likelihood(HEADS, TOSSES, weights, chances), abs=1e-12)
    for k in range(2):
        step = np.where(np.arange(2) == k, 1e-5, 0.0)
        ends = [likelihood(HEADS, TOSSES, weights, chances + sign * step) for sign in (-1, 1)]
        place = parameters.layout.places["heads"].start + k
        assert gradient[place] == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-7)


def test_one_coin_is_all_heads_over_all_tosses() -> None:
    bench = Bench(
        Coins(components=1, trials_column="tosses"), table(HEADS, TOSSES, names=("heads", "tosses"))
    )
    last = bench.trace({"weights": [1.0], "heads": [0.2]}, 1).last
    assert last.parameters["heads"] == pytest.approx([sum(HEADS) / sum(TOSSES)], abs=1e-15)


@pytest.mark.parametrize(
    ("plain", "named", "block"),
    [
        (Coins(tosses=12), Coins(trials_column="m"), "heads"),
        (
            BinomialMixture(components=2, trials=12),
            BinomialMixture(components=2, trials_column="m"),
            "probabilities",
        ),
    ],
)
def test_sets_of_equal_length_are_what_they_are_without_the_column(
    plain: GivenTrials, named: GivenTrials, block: str
) -> None:
    heads, tosses = [5.0, 9.0, 8.0, 0.0, 7.0, 1.0, 12.0], [12.0] * 7
    without = Bench(plain, table(heads, names=("x",)))
    with_column = Bench(named, table(heads, tosses, names=("x", "m")))
    chances = [0.6, 0.5] if block == "heads" else [[0.6], [0.5]]
    start = {"weights": [0.5, 0.5], block: chances}
    one, other = without.trace(start, 30), with_column.trace(start, 30)
    for place in range(one.count):
        assert np.array_equal(one.parameters(place).vector, other.parameters(place).vector)
    assert np.array_equal(one.floats("log_likelihood"), other.floats("log_likelihood"))
    at = one.last.parameters
    information = plain.expected_information(without.prepared, at)
    assert information == pytest.approx(named.expected_information(with_column.prepared, at), rel=1e-12)
    centres = np.array([[3.0], [9.0]])
    begun = plain.from_centres(without.prepared, centres, np.ones(1))
    both = np.column_stack((centres, [12.0, 12.0]))
    assert np.array_equal(begun.vector, named.from_centres(with_column.prepared, both, np.ones(2)).vector)


def test_centres_of_one_rate_but_unequal_length_do_not_start_as_one() -> None:
    model = Coins(trials_column="tosses")
    prepared = model.prepare(table(HEADS, TOSSES, names=("heads", "tosses")))
    begun = model.from_centres(prepared, np.array([[2.0, 10.0], [4.0, 20.0]]), np.ones(2))["heads"]
    usual = sum(HEADS) / sum(TOSSES)
    assert 0.2 < begun[1] < begun[0] < usual


def test_components_are_lines_of_heads_against_tosses() -> None:
    model = Coins(trials_column="tosses")
    described = {"weights": np.array([0.5, 0.5]), "heads": np.array([0.75, 0.25])}
    found = model.lines_of(("heads", "tosses"), described)
    assert found is not None
    assert found[0].tolist() == [[0.0, 0.75], [0.0, 0.25]]
    assert found[1] == 1
    assert Coins().lines_of(("heads", "tosses"), described) is None
    assert BinomialMixture(trials_column="m").axis_names(("a", "m", "b")) == ("a", "b")


def test_the_story_of_unequal_sets_is_told_and_found_again() -> None:
    story = CoinTosses(size=4000, lengths="unequal", tosses=8)
    data = story.generate()
    tosses, heads = data.values.T
    assert data.columns == ("tosses", "heads")
    assert set(tosses.tolist()) == set(range(1, 16))
    assert np.all((heads >= 0) & (heads <= tosses))
    settings = {name: value for name, value in story.setup()["model"].items() if name != "name"}
    bench = Bench(Coins(**settings), data)
    last = bench.trace({"weights": [0.5, 0.5], "heads": [0.6, 0.5]}, 300).last
    assert last.parameters["heads"] == pytest.approx([0.75, 0.25], abs=0.02)


def test_the_whole_likelihood_is_that_of_the_sets() -> None:
    model = Coins(trials_column="tosses", hold=("weights",))
    data = table(HEADS, TOSSES, names=("heads", "tosses"))
    found = landscape(model, data, model.accept(model.prepare(data), START))
    assert found is not None
    for place in ((30, 12), (3, 45)):
        wanted = likelihood(HEADS, TOSSES, START["weights"], found.grid[list(place)])
        assert found.values[place] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "columns", "wanted"),
    [
        ([[3.0, 5.0], [6.0, 6.0]], ("heads", "tosses"), Coins(trials_column="tosses")),
        ([[5.0, 3.0], [6.0, 6.0]], ("tosses", "heads"), Coins(trials_column="tosses")),
        ([[5.0, 3.0], [2.0, 6.0]], ("a", "b"), Coins()),
        ([[5.0], [23.0]], ("heads",), Coins(tosses=23)),
        ([[5.0], [2.0]], ("heads",), Coins()),
        ([[5.0], [2e7]], ("heads",), Coins()),
    ],
)
def test_the_data_tell_which_column_counts_the_tosses(
    values: list[list[float]], columns: tuple[str, ...], wanted: Coins
) -> None:
    assert Coins().suited_to(Dataset("sets", columns, np.array(values))) == wanted
    named = Coins(trials_column="mine")
    assert named.suited_to(Dataset("sets", columns, np.array(values))) == named


def test_several_columns_share_the_trials_of_their_row() -> None:
    names = ("a", "m", "b")
    data = table([1.0, 2.0, 3.0, 0.0], [3.0, 9.0, 4.0, 1.0], [0.0, 9.0, 1.0, 1.0], names=names)
    model: Model = BinomialMixture(components=2, trials_column="m")
    model.check(data)
    prepared = model.prepare(data)
    assert model.layout(prepared).by_name["probabilities"].shape == (2, 2)
    assert model.free_dimension(prepared) == 5
