"""Gaussians with missing cells: Little & Rubin's apples, and Old Faithful with 54 cells taken out.

The apples are table 6.1 of Little & Rubin (1987), Statistical Analysis with Missing Data; traces and maxima of both were
computed independently (R: norm, mvnmle, and 40-digit arithmetic). Starts have the variances of the cells that are there.
"""

import csv
from typing import Any

import numpy as np
import pytest

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array
from tests.reference.lanes import DATA, Bench, dataset


def incomplete(file: str) -> Array:
    with (DATA / file).open(newline="", encoding="utf-8") as lines:
        _, *rows = csv.reader(lines)
    return np.array([[np.nan if cell == "NA" else float(cell) for cell in row] for row in rows])


APPLES, FAITHFUL = incomplete("apple.csv"), incomplete("faithful_missing.csv")


def spreads(values: Array) -> Array:
    return np.diag(np.nanvar(values, axis=0))


CASES: dict[str, tuple[Array, dict[str, Any], dict[int, float], float, float]] = {
    "apples": (
        APPLES,
        {"weights": [1.0], "means": [np.nanmean(APPLES, axis=0)], "covariances": [spreads(APPLES)]},
        {
            1: -106.28225592562,
            2: -104.04574051226,
            3: -102.73011642377,
            5: -101.9084745829,
            10: -101.78646608275,
        },
        -101.785632127823,
        0.614025045154,
    ),
    "faithful": (
        FAITHFUL,
        {
            "weights": [0.5, 0.5],
            "means": [[2.0, 55.0], [4.3, 80.0]],
            "covariances": [spreads(FAITHFUL) / 4] * 2,
        },
        {
            0: -1108.6555160941,
            1: -1035.9282625102,
            2: -1027.8713391752,
            3: -1027.6639285520,
            5: -1027.6572909871,
        },
        -1027.6572718264,
        0.248814,
    ),
}
MAXIMA: dict[str, dict[str, Any]] = {
    "apples": {
        "weights": [1.0],
        "means": [[14.722222222222, 49.333333333333]],
        "covariances": [[[89.533950617284, -90.696729196729], [-90.696729196729, 114.694955117033]]],
    },
    "faithful": {
        "weights": [0.3562195639, 0.6437804361],
        "means": [[2.028277349381, 54.622213335838], [4.294358667986, 79.746942055706]],
        "covariances": [
            [[0.061080194231, 0.378169306050], [0.378169306050, 33.922058317881]],
            [[0.158482623099, 0.870901122809], [0.870901122809, 36.837283458262]],
        ],
    },
}


def bench(name: str) -> tuple[Bench, dict[str, Any], dict[int, float], float, float]:
    values, start, entries, limit, rate = CASES[name]
    return (
        Bench(GaussianMixture(components=len(start["weights"])), dataset(values)),
        start,
        entries,
        limit,
        rate,
    )


@pytest.mark.parametrize("name", list(CASES))
def test_the_trace_of_em(name: str) -> None:
    on, start, entries, limit, _ = bench(name)
    values = on.trace(start, 60).floats("log_likelihood")
    for place, wanted in entries.items():
        assert values[place] == pytest.approx(wanted, abs=2e-10)
    assert values[-1] == pytest.approx(limit, abs=1e-10)


@pytest.mark.parametrize("name", list(CASES))
def test_both_engines_reach_the_published_maximum(name: str) -> None:
    on, start, _, limit, _ = bench(name)
    for algorithm in (None, LimitedMemoryBfgs()):
        trace = on.trace(start, 200, algorithm, tolerance=1e-10)
        found = on.model.describe(trace.last.parameters)
        assert trace.last.log_likelihood == pytest.approx(limit, abs=1e-9)
        for block, wanted in MAXIMA[name].items():
            assert found[block] == pytest.approx(np.array(wanted), rel=1e-7)


@pytest.mark.parametrize("name", list(CASES))
def test_the_rate_of_em_is_the_largest_fraction_of_missing_information(name: str) -> None:
    on, _, _, _, rate = bench(name)
    assert on.em_rate(on.accept(MAXIMA[name])) == pytest.approx(rate, abs=2e-6)


def test_the_apples_answer_is_a_regression() -> None:
    """Only one column has gaps, so the maximum is that of the crops and of the regression on them (Anderson 1957)."""
    seen = ~np.isnan(APPLES[:, 1])
    slope, intercept = np.polyfit(APPLES[seen, 0], APPLES[seen, 1], 1)
    mean = np.mean(APPLES[:, 0])
    assert MAXIMA["apples"]["means"][0] == pytest.approx([mean, intercept + slope * mean], rel=1e-12)
    covariance = MAXIMA["apples"]["covariances"][0]
    assert covariance[0][1] == pytest.approx(slope * np.var(APPLES[:, 0]), rel=1e-12)
