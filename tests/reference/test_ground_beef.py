"""Servings of ground beef as gamma distributions (Delignette-Muller & Dutang 2015, J. Stat. Software 64(4)).

Published by the R package fitdistrplus for one distribution: shape 4.00955898, rate 0.05443907, log-likelihood -1253.625,
AIC 2511.250 and BIC 2518.325. Its optimiser ends a little early, so its shape is right to 2e-3 only; the maximum is
computed here once more by scipy, as are the two of two distributions.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.gamma_mixture import GammaMixture
from engine.parameters import Array
from tests.reference.lanes import Bench, columns, dataset

START: dict[str, Any] = {"weights": [1.0], "shapes": [[1.0]], "rates": [[0.01]]}
MAXIMUM = -1253.6251136893


def servings() -> Array:
    return columns("ground_beef.csv")["serving"]


def bench(components: int = 1) -> Bench:
    return Bench(GammaMixture(components=components), dataset(servings()))


def of_one(on: Bench, shape: float, rate: float) -> float:
    at = on.accept({"weights": [1.0], "shapes": [[shape]], "rates": [[rate]]})
    return float(on.problem.log_likelihood(at))


def test_the_published_fit() -> None:
    on = bench()
    published = of_one(on, 4.00955898, 0.05443907)
    assert published == pytest.approx(-1253.625, abs=5e-4)
    assert -2 * published + 2 * 2 == pytest.approx(2511.250, abs=1e-3)
    assert -2 * published + 2 * np.log(254) == pytest.approx(2518.325, abs=1e-3)
    assert published < MAXIMUM


def test_em_is_there_after_one_step_as_nothing_is_hidden() -> None:
    on = bench()
    trace = on.trace(START, 2)
    values = trace.floats("log_likelihood")
    assert values[1] == pytest.approx(MAXIMUM, abs=1e-9)
    found = on.model.describe(trace.parameters(1))
    shape, _, scale = stats.gamma.fit(servings(), floc=0)
    assert float(found["shapes"][0, 0]) == pytest.approx(shape, rel=1e-6)
    assert float(found["rates"][0, 0]) == pytest.approx(1 / scale, rel=1e-6)
    assert float(found["shapes"][0, 0]) == pytest.approx(4.00955898, abs=2e-3)
    assert float(found["rates"][0, 0]) == pytest.approx(0.05443907, abs=2e-5)


def test_lbfgs_comes_to_the_same() -> None:
    last = bench().trace(START, 50, LimitedMemoryBfgs(), tolerance=1e-8).last
    assert last.status == "converged"
    assert last.log_likelihood == pytest.approx(MAXIMUM, abs=1e-9)


def log_likelihood_of_two(free: npt.NDArray[np.float64]) -> float:
    """Of the logit of the first weight and the logarithms of two shapes and two means, without the engine."""
    shapes, means = np.exp(free[1:3]), np.exp(free[3:])
    logs = [
        log_weight + stats.gamma.logpdf(servings(), shape, scale=mean / shape)
        for log_weight, shape, mean in zip(
            (log_expit(free[0]), log_expit(-free[0])), shapes, means, strict=True
        )
    ]
    return float(np.sum(np.logaddexp(*logs)))


@pytest.mark.parametrize(
    ("value", "weight", "shapes", "means"),
    [
        (-1252.1112914820, 0.87683, [4.00567, 23.8525], [68.5963, 109.593]),
        (-1250.3030442969, 0.95193, [4.66095, 61.0958], [76.2137, 22.7953]),
    ],
)
def test_two_distributions_have_two_maxima(
    value: float, weight: float, shapes: list[float], means: list[float]
) -> None:
    at = [float(logit(weight)), *map(math.log, shapes), *map(math.log, means)]
    near = [each + 0.02 for each in at]

    def loss(free: npt.NDArray[np.float64]) -> float:
        return -log_likelihood_of_two(free)

    found = np.asarray(minimize(loss, near, method="BFGS", options={"gtol": 1e-6}).x)
    assert log_likelihood_of_two(found) == pytest.approx(value, abs=1e-7)
    assert float(expit(found[0])) == pytest.approx(weight, abs=1e-3)
    on = bench(2)
    rates = [[shape / mean] for shape, mean in zip(shapes, means, strict=True)]
    start = {"weights": [weight, 1 - weight], "shapes": [[each] for each in shapes], "rates": rates}
    last = on.trace(start, 100, LimitedMemoryBfgs(), tolerance=1e-8).last
    assert last.log_likelihood == pytest.approx(value, abs=1e-8)


def test_over_equal_servings_the_likelihood_of_two_has_no_bound() -> None:
    assert np.count_nonzero(servings() == 130) == 26
    on = bench(2)
    values = []
    for narrow in (1e2, 1e4, 1e6, 1e8):
        described = {"weights": [0.9, 0.1], "shapes": [[4.0], [narrow]], "rates": [[0.06], [narrow / 130.0]]}
        values.append(float(on.problem.log_likelihood(on.accept(described))))
    # A tenfold narrower law is worth log 10 for each of the 26.
    assert np.diff(values)[-1] == pytest.approx(26 * np.log(10), rel=0.01)
    assert values[-1] > MAXIMUM
