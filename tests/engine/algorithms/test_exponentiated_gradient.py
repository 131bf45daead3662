"""Exponentiated gradient: what multiplying does to weights, and what becomes of everything else."""

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.exponentiated_gradient import ExponentiatedGradient
from engine.algorithms.gradient import GradientState
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.sqp import SequentialQuadraticProgramming
from engine.models.gaussian_mixture import GaussianMixture
from tests.engine.algorithms.starts import Beginning, deaths, faithful, known_components, zero_weight
from tests.engine.models.cases import likelihood_data

LIKELIHOODS = likelihood_data(6, weighted=False, rows=120).values


@pytest.mark.parametrize("rate", [0.3, 1.0, 20.0])
def test_a_step_multiplies_by_the_exponential_and_divides_by_the_sum(rate: float) -> None:
    steps = known_components(LIKELIHOODS).steps(ExponentiatedGradient(learning_rate=rate), max_iterations=1)
    state = steps[0].state
    assert isinstance(state, GradientState)
    grown = state.x * np.exp(rate * state.gradient / len(LIKELIHOODS))
    np.testing.assert_allclose(steps[1].parameters["weights"], grown / np.sum(grown), rtol=1e-12)


def test_with_the_rate_one_it_is_em_where_no_weight_wants_to_move_much() -> None:
    """exp(m - 1) = m + O((m - 1)^2): the difference of two steps is of second order."""
    best = known_components(LIKELIHOODS).steps(SequentialQuadraticProgramming())[-1].parameters["weights"]
    differences, moves = [], []
    for away in (0.1, 0.01):
        start = known_components(LIKELIHOODS, (1 - away) * best + away / len(best))
        em, eg = (
            start.steps(algorithm, max_iterations=1, tolerance=0.0)[1].parameters["weights"]
            for algorithm in (ExpectationMaximization(), ExponentiatedGradient(learning_rate=1.0))
        )
        present = best > 0
        differences.append(float(np.max(np.abs(em - eg)[present])))
        moves.append(float(np.max(np.abs(em - start.start["weights"])[present])))
    assert moves[1] < 0.2 * moves[0]
    assert differences[1] < 0.2 * moves[1] / moves[0] * differences[0]


def test_backtracking_climbs_to_the_maximum_and_never_falls() -> None:
    best = known_components(LIKELIHOODS).steps(SequentialQuadraticProgramming())[-1]
    algorithm = ExponentiatedGradient(learning_rate=30.0, line_search="backtracking")
    steps = known_components(LIKELIHOODS).steps(algorithm, max_iterations=400)
    assert not any(step.decreased for step in steps)
    assert steps[-1].log_likelihood == pytest.approx(best.log_likelihood, abs=1e-4)


def test_no_weight_reaches_zero_and_none_leaves_it() -> None:
    steps = zero_weight().steps(ExponentiatedGradient(), max_iterations=500)
    assert steps[-1].parameters["weights"][2] > 0
    start = zero_weight((0.5, 0.0, 0.5))
    assert all(step.parameters["weights"][1] == 0 for step in start.steps(ExponentiatedGradient()))


def test_other_blocks_move_as_gradient_ascent_moves_them() -> None:
    start, rate = faithful(), 0.4
    plain = start.steps(GradientAscent(learning_rate=rate), max_iterations=1)[1].parameters
    found = start.steps(ExponentiatedGradient(learning_rate=rate), max_iterations=1)[1].parameters
    np.testing.assert_array_equal(found["means"], plain["means"])
    np.testing.assert_array_equal(found["covariances"], plain["covariances"])
    assert not np.array_equal(found["weights"], plain["weights"])


def test_a_large_rate_keeps_the_sum() -> None:
    steps = deaths().steps(ExponentiatedGradient(learning_rate=1000.0), max_iterations=5)
    for step in steps:
        if step.is_likelihood:
            assert float(np.sum(step.parameters["weights"])) == pytest.approx(1.0, abs=1e-14)


def test_held_weights_are_refused() -> None:
    start = faithful()
    held = Beginning(
        GaussianMixture(components=3, hold=("weights",)),
        start.problem().prepared.dataset,
        **start.problem().model.describe(start.start),
    )
    (only,) = held.steps(ExponentiatedGradient())
    assert only.reason == (
        "exponentiated-gradient is for weights, which are held fixed here; free them, or choose gradient-ascent."
    )
