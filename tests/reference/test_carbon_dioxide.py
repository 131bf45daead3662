"""Carbon dioxide and income of 28 countries (Hurn, Justel & Robert 2003) as two lines.

Benaglia, Chauveau, Hunter & Young (2009), J. Stat. Software 32(6), section 5.2, print what EM gives from the start below
after 10 iterations.
"""

import numpy as np
import pytest

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.mixture_of_regressions import MixtureOfRegressions
from engine.starts.random_responsibilities import RandomResponsibilities
from tests.reference.lanes import Bench, columns, dataset

START = {"weights": [0.25, 0.75], "coefficients": [[8.0, -1.0], [1.0, 1.0]], "variances": [4.0, 1.0]}
PUBLISHED, APART = -66.93977, -70.17293


@pytest.fixture(scope="module")
def bench() -> Bench:
    table = columns("co2_gnp.csv")
    return Bench(MixtureOfRegressions(components=2), dataset(np.column_stack((table["gnp"], table["co2"]))))


def test_em_prints_what_the_article_prints(bench: Bench) -> None:
    trace = bench.trace(START, 10)
    assert trace.last.log_likelihood == pytest.approx(PUBLISHED, abs=5e-6)
    found = bench.model.describe(trace.parameters(10))
    assert found["weights"] == pytest.approx([0.754921, 0.245079], abs=5.1e-7)
    assert np.sqrt(found["variances"]) == pytest.approx([2.049315, 0.809389], abs=5.1e-7)
    assert found["coefficients"][0] == pytest.approx([8.678987, -0.023344], abs=5.1e-7)
    assert found["coefficients"][1] == pytest.approx([1.415150, 0.676596], abs=5.1e-7)


def test_the_log_likelihood_of_the_printed_lines_from_nothing_but_the_density() -> None:
    table = columns("co2_gnp.csv")
    density = np.zeros(len(table["gnp"]))
    for weight, deviation, intercept, slope in (
        (0.754921, 2.049315, 8.678987, -0.023344),
        (0.245079, 0.809389, 1.415150, 0.676596),
    ):
        residuals = (table["co2"] - intercept - slope * table["gnp"]) / deviation
        density += weight * np.exp(-0.5 * np.square(residuals)) / (deviation * np.sqrt(2 * np.pi))
    assert float(np.sum(np.log(density))) == pytest.approx(PUBLISHED, abs=5e-6)


def test_one_line_is_least_squares() -> None:
    table = columns("co2_gnp.csv")
    data = np.column_stack((table["gnp"], table["co2"]))
    alone = Bench(MixtureOfRegressions(components=1), dataset(data))
    last = alone.trace({"weights": [1.0], "coefficients": [[0.0, 0.0]], "variances": [1.0]}, 2).last
    slope, intercept = np.polyfit(table["gnp"], table["co2"], 1)
    assert alone.model.describe(last.parameters)["coefficients"][0] == pytest.approx([intercept, slope])


def test_which_of_two_maxima_depends_on_the_algorithm_more_than_on_the_start(bench: Bench) -> None:
    ends: dict[str, list[float]] = {"em": [], "lbfgs": []}
    for seed in range(20):
        start = bench.model.describe(RandomResponsibilities(seed=seed).choose(bench.model, bench.prepared))
        for name, algorithm in (("em", None), ("lbfgs", LimitedMemoryBfgs())):
            ends[name].append(bench.trace(start, 500, algorithm, tolerance=1e-8).last.log_likelihood)
    assert np.sum(np.abs(np.array(ends["em"]) - PUBLISHED) < 1e-4) >= 17
    assert np.sum(np.abs(np.array(ends["lbfgs"]) - APART) < 1e-4) >= 16
    assert np.sum(np.abs(np.array(ends["lbfgs"]) - PUBLISHED) < 1e-4) <= 2
