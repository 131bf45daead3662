"""The whole likelihood of one or two probabilities."""

import numpy as np
import pytest

from engine.analysis.landscape import distinct, landscape
from engine.datasets.coin_tosses import CoinTosses
from engine.datasets.linkage import Linkage
from engine.datasets.two_coins import TwoCoins
from engine.models.base import Model
from engine.models.coins import Coins
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.genetic_linkage import GeneticLinkage
from engine.objective import Problem
from engine.parameters import Parameters


def test_linkage_is_highest_at_the_published_maximum() -> None:
    data, model = Linkage().generate(), GeneticLinkage()
    start = model.accept(model.prepare(data), {"theta": 0.5})
    found = landscape(model, data, start)
    assert found is not None
    assert found.names == ("theta",)
    assert abs(float(found.grid[np.nanargmax(found.values)]) - 0.6268215) < 1 / len(found.grid)
    assert np.nanmax(found.values) == pytest.approx(-7.5486575, abs=1e-3)


def test_two_coins_are_a_surface_that_does_not_change_where_they_are_exchanged() -> None:
    data, model = TwoCoins().generate(), Coins(hold=("weights",))
    prepared = model.prepare(data)
    start = model.accept(prepared, {"weights": [0.5, 0.5], "heads": [0.6, 0.5]})
    found = landscape(model, data, start)
    assert found is not None
    assert found.names == ("heads 1", "heads 2")
    assert found.values == pytest.approx(found.values.T, rel=1e-12)
    vector = np.array(start.vector)
    vector[list(found.places)] = found.grid[[30, 12]]
    wanted = Problem(model, prepared, 1).log_likelihood(Parameters(start.layout, vector))
    assert found.values[30, 12] == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Coins(), {"weights": [0.5, 0.5], "heads": [0.6, 0.5]}),
        (Coins(components=3, hold=("weights",)), {"weights": [0.4, 0.3, 0.3], "heads": [0.6, 0.5, 0.1]}),
        (Coins(hold=("weights", "heads")), {"weights": [0.5, 0.5], "heads": [0.6, 0.5]}),
        (GaussianMixture(components=1), {"weights": [1.0], "means": [[5.0]], "covariances": [[[2.0]]]}),
    ],
)
def test_more_or_other_numbers_have_no_such_picture(model: Model, values: dict[str, object]) -> None:
    data = CoinTosses().generate()
    assert landscape(model, data, model.accept(model.prepare(data), values)) is None


def test_rows_that_are_alike_count_together() -> None:
    data = CoinTosses(size=5000).generate()
    few = distinct(data)
    assert few.rows <= 11
    assert few.total_weight == 5000
    assert few.row_weights is not None
    assert float(few.row_weights @ few.values[:, 0]) == float(np.sum(data.values))
