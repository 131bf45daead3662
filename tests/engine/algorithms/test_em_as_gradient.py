"""EM as a gradient method: the matrix of Xu & Jordan (1996), and the term by which EM differs."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.em_as_gradient import EMAsGradient
from engine.errors import CannotRun
from engine.models.base import UndefinedLikelihood
from engine.roundoff import roundoff_bound
from tests.engine.algorithms.starts import faithful, zero_weight
from tests.engine.models.cases import CASES, Case

FAMILIES = [case for case in CASES if EMAsGradient().refusal(case.model, case.model.blocks) is None]
every_family = pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case.label)


def first_step(case: Case, algorithm: Any) -> Any:
    """The parameters after one iteration."""
    problem = case.problem()
    state, _ = algorithm.step(problem, algorithm.init(problem, case.parameters, 0))
    return state.position.parameters


def test_the_reference_s_section_8_on_old_faithful() -> None:
    """The three matrices written out, against EM's own step; along 20 steps of EM."""
    start = faithful()
    problem, parameters = start.problem(), start.start
    n, k, d = problem.total_weight, 3, 2
    for _ in range(20):
        expectation, gradient = problem.gradient(parameters)
        assert expectation.ratios is not None
        moved = problem.model.m_step(expectation.statistics, parameters)
        places = parameters.layout.places
        weights, means, covariances = (parameters[name] for name in ("weights", "means", "covariances"))
        counts = weights * expectation.ratios
        by_weight = gradient[places["weights"]]
        matrix = (np.diag(weights) - np.outer(weights, weights)) / n
        np.testing.assert_allclose(moved["weights"] - weights, matrix @ by_weight, atol=2e-14)
        by_mean = gradient[places["means"]].reshape(k, d)
        by_covariance = gradient[places["covariances"]].reshape(k, d * d)
        taken, _ = EMAsGradient().step(problem, EMAsGradient().init(problem, parameters, 0))
        for j in range(k):
            shift = moved["means"][j] - means[j]
            np.testing.assert_allclose(shift, covariances[j] / counts[j] @ by_mean[j], atol=2e-14)
            product = (2 / counts[j]) * np.kron(covariances[j], covariances[j]) @ by_covariance[j]
            wanted = (moved["covariances"][j] - covariances[j]).ravel() + np.outer(shift, shift).ravel()
            np.testing.assert_allclose(product, wanted, atol=2e-14)
            excess = taken.position.parameters["covariances"][j] - moved["covariances"][j]
            np.testing.assert_allclose(excess, np.outer(shift, shift), atol=2e-14)
        for name in ("weights", "means"):
            np.testing.assert_allclose(taken.position.parameters[name], moved[name], atol=2e-14)
        parameters = moved


def test_with_the_term_it_is_em_step_for_step() -> None:
    slow = faithful().steps(ExpectationMaximization(), tolerance=0.0, max_iterations=60)
    steps = faithful().steps(EMAsGradient(centre_at_new_means=True), tolerance=0.0, max_iterations=60)
    for one, other in zip(slow, steps, strict=True):
        np.testing.assert_allclose(other.parameters.vector, one.parameters.vector, atol=2e-14)
        assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-10)
    assert steps[-1].gradients == 61
    assert steps[-1].e_steps == steps[-1].log_likelihoods == 0


def test_without_the_term_it_is_not_but_ends_where_em_ends() -> None:
    slow = faithful().steps(ExpectationMaximization())
    steps = faithful().steps(EMAsGradient())
    assert steps[-1].status == "converged"
    assert float(np.max(np.abs(steps[1].parameters.vector - slow[1].parameters.vector))) > 1e-3
    assert steps[-1].log_likelihood == pytest.approx(slow[-1].log_likelihood, abs=1e-9)


@every_family
def test_with_the_term_it_is_em_on_every_model(case: Case) -> None:
    """Every covariance type, floors, blocks held, row weights, 1 to 5 columns, and counts."""
    moved = first_step(case, ExpectationMaximization()).vector
    np.testing.assert_allclose(
        first_step(case, EMAsGradient(centre_at_new_means=True)).vector, moved, atol=2e-14
    )


@every_family
def test_it_never_loses(case: Case) -> None:
    algorithm, problem = EMAsGradient(), case.problem()
    assert algorithm.promises == "log-likelihood"
    state = algorithm.init(problem, case.parameters, 0)
    for _ in range(15):
        try:
            new, _ = algorithm.step(problem, state)
        except UndefinedLikelihood:
            break
        value = new.position.log_likelihood
        assert state.position.log_likelihood - value <= roundoff_bound(value, problem.total_weight)
        state = new


@pytest.mark.parametrize("weights", [(0.0, 0.5, 0.5), (0.3, 0.7, 0.0)])
def test_a_weight_of_zero_stays_exactly_zero(weights: tuple[float, ...]) -> None:
    gone = weights.index(0.0)
    steps = zero_weight(weights).steps(EMAsGradient(), tolerance=0.0, max_iterations=30)
    assert all(step.parameters["weights"][gone] == 0.0 for step in steps)


def test_a_model_without_the_matrix_is_refused_before_any_pass() -> None:
    problem = faithful().problem()
    problem.model = cast(Any, SimpleNamespace(name="another model"))
    with pytest.raises(CannotRun, match=r"another model does not offer; choose em"):
        EMAsGradient().init(problem, faithful().start, 0)
    assert problem.meter.passes == 0
