"""Frank & Wolfe's directions: who gets weight, who loses it, and what is certain at every step."""

import numpy as np
import pytest

from engine.algorithms.frank_wolfe import FrankWolfe
from engine.algorithms.gradient import GradientState
from engine.algorithms.sqp import SequentialQuadraticProgramming
from engine.algorithms.weights_only import left_to_gain
from tests.engine.algorithms.starts import faithful, known_components, three_likelihoods, zero_weight
from tests.engine.models.cases import likelihood_data

LIKELIHOODS = likelihood_data(6, weighted=False, rows=120).values
BEST = known_components(LIKELIHOODS).steps(SequentialQuadraticProgramming())[-1]


@pytest.mark.parametrize("variant", ["exchange", "away"])
def test_taking_weight_away_reaches_the_maximum_with_exact_zeros(variant: str) -> None:
    steps = known_components(LIKELIHOODS).steps(FrankWolfe(variant=variant), max_iterations=3000)
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(BEST.log_likelihood, abs=1e-8)
    assert np.array_equal(steps[-1].parameters["weights"] == 0, BEST.parameters["weights"] == 0)
    assert not any(step.decreased for step in steps)


def test_without_taking_away_it_zigzags_towards_a_face() -> None:
    steps = known_components(LIKELIHOODS).steps(FrankWolfe(variant="towards"), max_iterations=400)
    assert steps[-1].status == "iteration-limit"
    assert not any(step.decreased for step in steps)
    gap = BEST.log_likelihood - steps[-1].log_likelihood
    assert 1e-6 < gap < 0.1
    assert np.min(steps[-1].parameters["weights"]) > 0


def test_the_harmonic_steps_are_two_over_t_plus_three_towards_the_best() -> None:
    steps = known_components(LIKELIHOODS).steps(FrankWolfe(variant="harmonic"), max_iterations=300)
    for t in (0, 1, 7):
        state = steps[t].state
        assert isinstance(state, GradientState)
        share, vertex = 2 / (t + 3), np.eye(len(state.x))[int(np.argmax(state.gradient))]
        np.testing.assert_allclose(
            steps[t + 1].parameters["weights"], (1 - share) * state.x + share * vertex, rtol=1e-12
        )
    assert all(step.passes == 1 + step.iteration for step in steps)
    assert BEST.log_likelihood - steps[-1].log_likelihood < 0.02


@pytest.mark.parametrize("variant", ["exchange", "away", "towards", "harmonic"])
def test_the_certificate_holds_at_every_step(variant: str) -> None:
    beginning = known_components(LIKELIHOODS)
    for step in beginning.steps(FrankWolfe(variant=variant), max_iterations=60):
        assert isinstance(step.state, GradientState)
        certain = left_to_gain(step.state, beginning.problem())
        assert BEST.log_likelihood - step.log_likelihood <= certain + 1e-9


def test_an_exchange_moves_the_weight_of_the_worst_to_the_best() -> None:
    steps = known_components(LIKELIHOODS).steps(FrankWolfe(), max_iterations=5)
    for step in steps[:-1]:
        state = step.state
        assert isinstance(state, GradientState)
        worst, best = (
            int(np.argmin(np.where(state.x > 0, state.gradient, np.inf))),
            int(np.argmax(state.gradient)),
        )
        change = steps[step.iteration + 1].parameters["weights"] - state.x
        assert np.flatnonzero(np.abs(change) > 1e-15).tolist() == sorted((worst, best))
        assert change[best] > 0


def test_it_leaves_a_zero_that_is_wrong() -> None:
    steps = three_likelihoods(0.61, (0.5, 0.0, 0.5)).steps(FrankWolfe())
    assert steps[-1].status == "converged"
    assert steps[-1].parameters["weights"][1] == pytest.approx(0.3030303, abs=1e-5)


def test_components_held_in_a_gaussian_mixture_will_do() -> None:
    steps = zero_weight().steps(FrankWolfe())
    assert steps[-1].status == "converged"
    assert steps[-1].parameters["weights"][2] == 0.0


def test_at_a_corner_that_is_the_maximum_it_ends_with_the_certificate() -> None:
    likelihoods = np.array([[1.0, 0.5], [1.0, 0.9]])
    steps = known_components(likelihoods, (1.0, 0.0)).steps(FrankWolfe(), tolerance=0.0)
    assert len(steps) == 2
    assert steps[-1].reason == (
        "no component wants more weight than it has; 1 of 2 weights is exactly 0; the mean of f_k/f there is at "
        "most 0.7 (weight 2), and within 0 of 1 at the others; no weights can raise the log-likelihood by more than 0"
    )


def test_other_free_blocks_are_refused() -> None:
    (only,) = faithful().steps(FrankWolfe())
    assert only.status == "refused"
    assert "moves the weights only, and means and covariances are free too" in only.reason
