"""Two coins (Do & Batzoglou 2008): five sets of ten tosses, weights fixed at one half."""

import math

import numpy as np
import pytest

from engine.models.coins import Coins
from engine.parameters import Array
from tests.reference.lanes import Bench, dataset

HEADS = np.array([5.0, 9.0, 8.0, 4.0, 7.0])
START = {"weights": [0.5, 0.5], "heads": [0.6, 0.5]}
LIMIT = (0.79678906692265, 0.51958312014514)
COEFFICIENTS = sum(math.log(math.comb(10, int(heads))) for heads in HEADS)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(Coins(hold=("weights",)), dataset(HEADS))


def heads_after(bench: Bench, steps: int) -> Array:
    return bench.trace(START, steps).last.parameters["heads"]


def test_the_posterior_of_coin_a_at_the_start(bench: Bench) -> None:
    shares = bench.model.responsibilities(bench.accept(START), bench.prepared.columns)
    assert shares[0] == pytest.approx([0.44914893, 0.80498552, 0.73346716, 0.35215613, 0.64721512], abs=5e-9)


def test_em(bench: Bench) -> None:
    for steps, wanted in (
        (1, (0.71301223540052, 0.58133930831366)),
        (2, (0.74529203608199, 0.56925575017187)),
        (10, (0.79674414947521, 0.51965866220411)),
    ):
        assert heads_after(bench, steps) == pytest.approx(wanted, abs=1e-13)


def test_limit(bench: Bench) -> None:
    last = bench.trace(START, 100).last
    assert last.parameters["heads"] == pytest.approx(LIMIT, abs=1e-13)
    assert last.log_likelihood == pytest.approx(-9.7969242922216, abs=1e-12)
    assert last.log_likelihood - COEFFICIENTS == pytest.approx(-31.570200235997, abs=1e-11)


def test_from_equal_coins_em_stops_on_a_saddle(bench: Bench) -> None:
    trace = bench.trace({"weights": [0.5, 0.5], "heads": [0.4, 0.4]}, 100, tolerance=1e-10)
    assert trace.last.parameters["heads"] == pytest.approx([0.66, 0.66], abs=1e-14)
    assert trace.last.log_likelihood - COEFFICIENTS == pytest.approx(-32.0517738940578, abs=1e-11)
    assert trace.status == "stuck"
    assert "saddle" in trace.reason
