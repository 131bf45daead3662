"""Monthly changes of the risk-free rate, 1960 to 2002, as one t distribution (R's package Ecdat, data set Capm).

Ruppert & Matteson (2015), Statistics and Data Analysis for Financial Engineering, example 5.3: the maximum found by R's
`fitdistr` has location 0.00122, scale 0.0458 and 3.3367 degrees of freedom. It is computed here once more by scipy.
"""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from engine.algorithms.base import Algorithm
from engine.algorithms.ecme import ExpectationConditionalMaximizationEither
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.student_t_mixture import StudentTMixture
from engine.parameters import Array
from tests.reference.lanes import Bench, columns, dataset

MAXIMUM = 693.1793170656


def changes() -> Array:
    return np.diff(columns("risk_free.csv")["rate"])


def bench() -> Bench:
    return Bench(StudentTMixture(components=1), dataset(changes()))


def described(location: float, scale: float, degrees: float) -> dict[str, Any]:
    return {
        "weights": [1.0],
        "means": [[location]],
        "scales": [[[scale**2]]],
        "degrees_of_freedom": [degrees],
    }


def test_the_published_fit_is_next_to_the_maximum() -> None:
    on = bench()
    published = on.problem.log_likelihood(on.accept(described(0.00122, 0.0458, 3.3367)))
    assert MAXIMUM - 1e-3 < published < MAXIMUM
    degrees, location, scale = stats.t.fit(changes(), 3.0, loc=0.0, scale=0.05)
    assert (location, scale, degrees) == pytest.approx((0.00122, 0.0458, 3.3367), rel=6e-3)
    assert float(np.sum(stats.t.logpdf(changes(), degrees, location, scale))) == pytest.approx(
        MAXIMUM, abs=1e-5
    )


@pytest.mark.parametrize(
    ("algorithm", "steps"),
    [
        (ExpectationMaximization(), 300),
        (ExpectationConditionalMaximizationEither(), 100),
        (LimitedMemoryBfgs(), 30),
    ],
    ids=lambda each: each.name if isinstance(each, Algorithm) else str(each),
)
def test_every_way_leads_there(algorithm: Algorithm, steps: int) -> None:
    on = bench()
    values = changes()
    start = described(float(np.mean(values)), float(np.std(values)), 10.0)
    trace = on.trace(start, steps, algorithm, tolerance=1e-8)
    assert trace.last.status == "converged"
    assert trace.last.log_likelihood == pytest.approx(MAXIMUM, abs=1e-8)
    found = on.model.describe(trace.parameters(trace.count - 1))
    assert float(found["means"][0, 0]) == pytest.approx(0.00122, abs=6e-6)
    assert float(np.sqrt(found["scales"][0, 0, 0])) == pytest.approx(0.0458, abs=6e-5)
    assert float(found["degrees_of_freedom"][0]) == pytest.approx(3.3340, abs=1e-4)
