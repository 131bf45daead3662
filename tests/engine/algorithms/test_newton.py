"""Newton's method against a textbook's, its quadratic convergence, and what the trust region keeps it from."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.algorithms.gradient import GradientState
from engine.algorithms.newton import Newton, NewtonState
from engine.datasets.deaths import Deaths
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.poisson_mixture import PoissonMixture
from engine.parameters import Array
from engine.trace import Step
from tests.engine.algorithms.bowl import TOP, bowl, means
from tests.engine.algorithms.starts import Beginning, collapsing, deaths, faithful, separated_by

Numbers = npt.NDArray[Any]

MAXIMUM = np.array(
    [np.log(0.3598853969849 / 0.6401146030151), np.log(1.2560951012243), np.log(2.6634043566325)]
)
"""(logit p, log lambda) of the deaths: reference, section 5."""


def near_the_maximum() -> Beginning:
    return Beginning(
        PoissonMixture(components=2), Deaths().generate(), weights=[0.4, 0.6], rates=[[1.3], [2.7]]
    )


def in_reference_coordinates(**settings: Any) -> Newton:
    return Newton(weight_coordinates="log-ratio", standardize=False, **settings)


def positions(steps: list[Step]) -> Array:
    return np.array([step.state.x for step in steps if isinstance(step.state, GradientState)])


def textbook_gradient(x: Numbers) -> Numbers:
    """In (logit p, log lambda), written so that complex numbers may be put in."""
    data = Deaths().generate()
    counts, weights = data.values[:, 0], data.row_weights
    p, rates = 1 / (1 + np.exp(-x[0])), np.exp(x[1:])
    first = p * np.exp(-rates[0] + counts * x[1])
    second = (1 - p) * np.exp(-rates[1] + counts * x[2])
    share = first / (first + second)
    return np.array(
        [
            np.sum(weights * (share - p)),
            np.sum(weights * share * (counts - rates[0])),
            np.sum(weights * (1 - share) * (counts - rates[1])),
        ]
    )


def textbook_newton(start: Array, steps: int) -> Array:
    """x - H^-1 g with the Hessian by complex steps, which are exact to the last digit."""
    path = [start]
    for _ in range(steps):
        x = path[-1]
        columns = [textbook_gradient(x + 1e-30j * axis).imag / 1e-30 for axis in np.eye(3)]
        path.append(x - np.linalg.solve(np.array(columns), textbook_gradient(x)))
    return np.array(path)


@pytest.mark.parametrize("hessian", ["louis", "differences"])
def test_undamped_it_is_newtons_method(hessian: str) -> None:
    algorithm = in_reference_coordinates(trust_region=False, hessian=hessian)
    path = positions(near_the_maximum().steps(algorithm, tolerance=0.0, max_iterations=7))
    np.testing.assert_allclose(path, textbook_newton(path[0], 7), rtol=0, atol=1e-8)
    np.testing.assert_allclose(path[-1], MAXIMUM, rtol=0, atol=1e-10)


@pytest.mark.parametrize("trust_region", [True, False])
def test_it_converges_quadratically(trust_region: bool) -> None:
    algorithm = in_reference_coordinates(trust_region=trust_region)
    path = positions(near_the_maximum().steps(algorithm, tolerance=0.0, max_iterations=6))
    errors = np.linalg.norm(path - MAXIMUM, axis=1)
    in_the_bowl = [place for place in range(1, 6) if 1e-7 < errors[place] < 0.1]
    assert len(in_the_bowl) >= 2
    ratios = [errors[place + 1] / errors[place] ** 2 for place in in_the_bowl]
    assert max(ratios) < 10
    assert np.min(errors) < 1e-12


def test_on_a_parabola_one_step_is_enough() -> None:
    steps = bowl().steps(Newton(standardize=False, trust_region=False), max_iterations=1)
    np.testing.assert_allclose(means(steps)[1], TOP, rtol=0, atol=1e-9)
    assert steps[1].status == "converged"


def test_on_a_parabola_the_trust_region_doubles_until_it_holds_the_top() -> None:
    steps = bowl().steps(Newton(standardize=False))
    assert steps[-1].status == "converged"
    path = means(steps)
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(lengths[:2], [1.0, 2.0], rtol=1e-5)
    radii = [step.state.radius for step in steps if isinstance(step.state, NewtonState)]
    assert radii[:3] == [1.0, 2.0, 4.0]
    np.testing.assert_allclose(path[-1], TOP, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("beginning", "maximum", "passes"),
    [
        (deaths, -1989.945859882964, 12),
        (faithful, -1119.2139705938, 30),
        (lambda: separated_by(2.0), -1755.12152846, 20),
        (lambda: separated_by(4.0), -2051.01165133, 16),
    ],
)
def test_it_needs_few_passes_and_never_goes_down(beginning: object, maximum: float, passes: int) -> None:
    assert callable(beginning)
    steps = beginning().steps(Newton())
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(maximum, abs=1e-8)
    assert steps[-1].passes <= passes
    assert not any(step.decreased for step in steps)


def test_what_the_hessian_costs() -> None:
    """By Louis' formula one pass more than the step's gradient, by differences two for each direction."""
    for hessian, cost in (("louis", 2), ("differences", 1 + 2 * 3)):
        steps = near_the_maximum().steps(Newton(hessian=hessian), max_iterations=3)
        assert np.diff([step.passes for step in steps]).tolist() == [cost] * 3


def test_both_hessians_lead_the_same_way() -> None:
    louis = faithful().steps(Newton(), max_iterations=8)
    differences = faithful().steps(Newton(hessian="differences"), max_iterations=8)
    np.testing.assert_allclose(positions(louis), positions(differences), rtol=0, atol=1e-5)


def alike() -> Beginning:
    """Two narrow components with the same parameters: EM and every gradient stay on this saddle."""
    data = separated_by(4.0).problem().prepared.dataset
    return Beginning(
        GaussianMixture(components=2, hold=("covariances",)),
        data,
        weights=[0.5, 0.5],
        means=[[0.0], [0.0]],
        covariances=[[[1.0]]] * 2,
    )


def test_the_trust_region_leaves_a_saddle_by_its_upward_curvature() -> None:
    steps = alike().steps(Newton(), tolerance=0.0, max_iterations=40)
    assert steps[0].stationarity < 1e-12
    assert steps[1].log_likelihood > steps[0].log_likelihood + 100
    assert not any(step.decreased for step in steps)
    ends = np.sort(steps[-1].parameters.in_data_units()["means"][:, 0])
    np.testing.assert_allclose(ends, [-2.0, 2.0], rtol=0, atol=0.01)


def test_undamped_it_goes_back_to_the_saddle() -> None:
    """From nearby, where the trust region leaves."""
    algorithm = Newton(trust_region=False)
    data = separated_by(4.0).problem().prepared.dataset
    near = Beginning(
        GaussianMixture(components=2, hold=("covariances",)),
        data,
        weights=[0.5, 0.5],
        means=[[-0.2], [0.25]],
        covariances=[[[1.0]]] * 2,
    )
    steps = near.steps(algorithm, tolerance=1e-9, max_iterations=40)
    assert steps[-1].status == "stuck"
    assert "a saddle" in steps[-1].reason
    assert near.steps(Newton(), max_iterations=40)[-1].status == "converged"


def test_undamped_from_afar_it_is_lost() -> None:
    steps = faithful().steps(Newton(trust_region=False), max_iterations=100)
    assert steps[-1].status == "diverged"
    assert Newton(trust_region=False).promises is None
    assert Newton().promises == "log-likelihood"


@pytest.mark.parametrize("covariance_coordinates", ["raw", "cholesky", "matrix-logarithm"])
@pytest.mark.parametrize("weight_coordinates", ["sphere", "stick-breaking", "drop-last"])
def test_it_arrives_in_all_coordinates(covariance_coordinates: str, weight_coordinates: str) -> None:
    algorithm = Newton(weight_coordinates=weight_coordinates, covariance_coordinates=covariance_coordinates)
    steps = faithful().steps(algorithm, max_iterations=60)
    assert steps[-1].status == "converged", steps[-1].reason
    assert steps[-1].stationarity < 1e-8
    covariances = steps[-1].parameters["covariances"]
    np.testing.assert_allclose(covariances, np.swapaxes(covariances, 1, 2), rtol=0, atol=1e-12)


def test_raw_weights_are_refused_and_an_unbounded_likelihood_collapses() -> None:
    (only,) = faithful().steps(Newton(weight_coordinates="raw"))
    assert only.status == "refused"
    steps = collapsing().steps(Newton(), max_iterations=300)
    assert steps[-1].status == "collapsed"
    assert steps[-2].log_likelihood > steps[0].log_likelihood + 10
