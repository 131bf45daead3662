"""Blue crabs (Campbell & Mahon 1974) as two t distributions: Peel & McLachlan (2000), Statistics and Computing 10.

The figures are those of McLachlan & Peel (2000), Finite Mixture Models, section 7.8 and table 7.1: with scale matrices
in common 19 crabs come to the wrong sex with Gaussian components and 18 with t components, and 7 fewer where each
component has scale matrix and degrees of freedom of its own, which is this model. An outlier of 5 mm makes it 21 for
Gaussian components. The log-likelihood is computed here once more from scipy's density.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import logsumexp

from engine.algorithms.bfgs import Bfgs
from engine.algorithms.ecme import ExpectationConditionalMaximizationEither
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.student_t_mixture import StudentTMixture
from engine.parameters import Array, Parameters
from tests.reference.lanes import Bench, columns, dataset

MEASURES = ("frontal_lobe", "rear_width", "carapace_length", "carapace_width", "body_depth")
MAXIMUM = -521.8085878150

Sexes = npt.NDArray[np.bool_]


def crabs(outlier: float = 0.0) -> tuple[Array, Sexes]:
    """Measurements (100, 5), with an outlier in the second of the 25th crab, and who is female (100,)."""
    table = columns("crabs.csv")
    values = np.stack([table[name] for name in MEASURES], axis=1)
    values[24, 1] += outlier
    return values, table["female"] == 1


def moments(values: Array, female: Sexes) -> dict[str, Any]:
    """Weights, means and covariance matrices of the two sexes, as a start."""
    groups = [values[~female], values[female]]
    return {
        "weights": [0.5, 0.5],
        "means": [np.mean(group, axis=0) for group in groups],
        "matrices": [np.cov(group.T, bias=True) for group in groups],
    }


def bench(outlier: float = 0.0) -> tuple[Bench, dict[str, Any], Sexes]:
    values, female = crabs(outlier)
    found = moments(values, female)
    start = {"weights": found["weights"], "means": found["means"], "scales": found["matrices"]}
    on = Bench(StudentTMixture(components=2), dataset(values))
    return on, start | {"degrees_of_freedom": [10.0, 10.0]}, female


def fitted(on: Bench, start: dict[str, Any]) -> Parameters:
    trace = on.trace(start, 300, ExpectationConditionalMaximizationEither(), tolerance=1e-9)
    return trace.parameters(trace.count - 1)


def at_the_wrong_sex(on: Bench, parameters: Parameters, female: Sexes) -> int:
    said = np.argmax(on.model.responsibilities(parameters, on.prepared.columns), axis=0) == 1
    wrong = int(np.count_nonzero(said != female))
    return min(wrong, len(female) - wrong)


def log_likelihood(values: Array, found: dict[str, Array]) -> float:
    """Of the mixture, by scipy's t distribution."""
    logs = [
        np.log(found["weights"][k])
        + stats.multivariate_t(
            found["means"][k], found["scales"][k], df=found["degrees_of_freedom"][k]
        ).logpdf(values)
        for k in range(2)
    ]
    return float(np.sum(logsumexp(logs, axis=0)))


def test_eleven_crabs_come_to_the_wrong_sex() -> None:
    on, start, female = bench()
    assert at_the_wrong_sex(on, fitted(on, start), female) == 18 - 7


def test_the_maximum_is_that_of_scipys_density_and_nothing_near_it_is_higher() -> None:
    on, start, _ = bench()
    values, _ = crabs()
    found = on.model.describe(fitted(on, start))
    assert log_likelihood(values, found) == pytest.approx(MAXIMUM, abs=1e-7)
    assert found["weights"] == pytest.approx([0.39533, 0.60467], abs=1e-5)
    assert found["degrees_of_freedom"] == pytest.approx([22.0949, 121.070], rel=1e-5)
    generator = np.random.Generator(np.random.Philox(1))
    for _ in range(50):
        moved = {name: block * np.exp(1e-3 * generator.standard_normal()) for name, block in found.items()}
        moved["weights"] = found["weights"] + 1e-3 * generator.standard_normal() * np.array([1.0, -1.0])
        assert log_likelihood(values, moved) < MAXIMUM


def test_em_creeps_and_bfgs_arrives() -> None:
    on, start, _ = bench()
    values = on.trace(start, 600).floats("log_likelihood")
    assert np.all(np.diff(values) >= -1e-9)
    for place, value in {0: -530.5330078133, 10: -522.5580750608, 100: -521.8448170786}.items():
        assert values[place] == pytest.approx(value, abs=1e-7)
    assert MAXIMUM - 2e-3 < values[-1] < MAXIMUM
    trace = on.trace(start, 300, Bfgs(), tolerance=1e-6)
    assert trace.last.status == "converged"
    assert trace.last.log_likelihood == pytest.approx(MAXIMUM, abs=1e-7)


@pytest.mark.parametrize(("outlier", "wrong"), [(0.0, 19), (5.0, 21)])
def test_gaussian_components_with_one_covariance_matrix(outlier: float, wrong: int) -> None:
    values, female = crabs(outlier)
    found = moments(values, female)
    on = Bench(GaussianMixture(components=2, covariance="tied"), dataset(values))
    pooled = np.mean(found["matrices"], axis=0)
    start = {"weights": found["weights"], "means": found["means"], "covariances": pooled}
    trace = on.trace(start, 3000)
    assert at_the_wrong_sex(on, trace.parameters(trace.count - 1), female) == wrong


@pytest.mark.parametrize("outlier", [-15.0, -10.0, 10.0, 15.0, 20.0])
def test_an_outlier_loses_its_weight(outlier: float) -> None:
    on, start, female = bench(outlier)
    found = fitted(on, start)
    importance = on.model.importance(found, on.prepared.columns)
    assert np.argmin(importance) == 24
    assert importance[24] < 0.08
    assert np.median(importance) > 0.9
    assert at_the_wrong_sex(on, found, female) <= 14
