"""Boys among twelve children (Geissler 1889; Lindsay & Roeder 1992): two binomial laws that are nearly alike.

Published is the maximum of a penalised log-likelihood (R package MixtureInf 1.1, its data set residual2): with log pi_1
+ log pi_2 added, weights .694 and .306, probabilities .479 and .611, log-likelihood -12492.43, penalised -12493.98. The
plain maximum is computed here once more, by scipy from nothing but the density.
"""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, gammaln, log_expit, logsumexp

from engine.algorithms.fisher_scoring import FisherScoring
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.binomial_mixture import BinomialMixture
from engine.parameters import Array
from tests.reference.lanes import Bench, columns, dataset

TRIALS = 12
START: dict[str, Any] = {"weights": [0.5, 0.5], "probabilities": [[0.4], [0.6]]}
MAXIMUM: dict[str, Any] = {
    "weights": [0.7200470287439, 0.2799529712561],
    "probabilities": [[0.4814298865916], [0.6163995502828]],
}
VALUE, RATE = -12492.406222133202, 0.99764377


def bench(components: int = 2) -> Bench:
    table = columns("saxony.csv")
    model = BinomialMixture(components=components, trials=TRIALS)
    return Bench(model, dataset(table["boys"], table["families"]))


def log_likelihood(free: Array) -> float:
    """Of the logits of the first weight and of both probabilities, without the engine."""
    table = columns("saxony.csv")
    boys, families = table["boys"], table["families"]
    logs = [
        log_weight + boys * log_expit(each) + (TRIALS - boys) * log_expit(-each)
        for log_weight, each in ((log_expit(free[0]), free[1]), (log_expit(-free[0]), free[2]))
    ]
    ways = gammaln(TRIALS + 1) - gammaln(boys + 1) - gammaln(TRIALS - boys + 1)
    return float(families @ (ways + logsumexp(logs, axis=0)))


def penalty(free: Array) -> float:
    return float(log_expit(free[0]) + log_expit(-free[0]))


def maximised(weight: float) -> Array:
    """Where the log-likelihood plus so many times the penalty is largest."""

    def loss(free: Array) -> float:
        return -log_likelihood(free) - weight * penalty(free)

    start: Any = [0.0, -0.4, 0.4]
    return np.asarray(minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-10}).x)


def test_the_published_penalised_maximum() -> None:
    found = maximised(1.0)
    assert log_likelihood(found) == pytest.approx(-12492.43, abs=0.005)
    assert log_likelihood(found) + penalty(found) == pytest.approx(-12493.98, abs=0.005)
    # The package ends EM a little early, so its weights are right to 2e-3 only.
    assert expit(found) == pytest.approx([0.694, 0.479, 0.611], abs=3e-3)
    on = bench()
    published = on.accept({"weights": [0.694, 0.306], "probabilities": [[0.479], [0.611]]})
    assert on.problem.log_likelihood(published) == pytest.approx(-12492.43, abs=0.01)


def test_the_plain_maximum_lies_above_it_and_is_stationary() -> None:
    found = maximised(0.0)
    assert log_likelihood(found) == pytest.approx(VALUE, abs=1e-8)
    assert expit(found) == pytest.approx([0.72004703, 0.48142989, 0.61639955], abs=1e-5)
    on = bench()
    at = on.accept(MAXIMUM)
    expectation = on.problem.expect(at)
    assert expectation.log_likelihood == pytest.approx(VALUE, abs=1e-9)
    assert on.problem.stationarity(at, expectation) < 1e-8
    assert on.em_rate(at) == pytest.approx(RATE, abs=1e-6)


@pytest.mark.parametrize("algorithm", [FisherScoring(), LimitedMemoryBfgs()], ids=["fisher-scoring", "lbfgs"])
def test_gradient_methods_reach_it_in_a_few_steps(algorithm: Any) -> None:
    on = bench()
    trace = on.trace(START, 40, algorithm, tolerance=1e-8)
    assert float(trace.floats("log_likelihood")[-1]) == pytest.approx(VALUE, abs=1e-8)
    found = on.model.describe(trace.parameters(trace.count - 1))
    assert found["probabilities"] == pytest.approx(np.array(MAXIMUM["probabilities"]), abs=1e-6)


def test_em_needs_nineteen_hundred_steps_to_come_near() -> None:
    values = bench().trace(START, 2000).floats("log_likelihood")
    assert np.all(np.diff(values) >= -1e-9)
    assert values[1800] < VALUE - 1e-3 < values[2000] < VALUE


def test_one_law_is_the_share_of_boys() -> None:
    on = bench(1)
    last = on.trace({"weights": [1.0], "probabilities": [[0.5]]}, 2).last
    assert float(on.model.describe(last.parameters)["probabilities"][0, 0]) == pytest.approx(38100 / 73380)
    assert last.log_likelihood == pytest.approx(-12534.172147576, abs=1e-8)
