"""RMSprop against a loop of a few lines, and the circle around the maximum in which it ends."""

import numpy as np
import pytest

from engine.algorithms.mini_batches import MiniBatches
from engine.algorithms.rmsprop import RmsProp
from engine.algorithms.stochastic_gradient import StochasticState
from engine.parameters import Array
from tests.engine.algorithms.bowl import TOP, bowl, means
from tests.engine.algorithms.starts import Beginning, faithful, first_experiment


def published(beginning: Beginning, algorithm: RmsProp, updates: int) -> list[Array]:
    """Lecture 6.5: MeanSquare(w, t) = .9 MeanSquare(w, t-1) + .1 gradient^2; divide the gradient by its root."""
    problem, chart = beginning.problem(), algorithm.chart(beginning.start)
    x = chart.write(beginning.start)
    mean_square, path = np.zeros_like(x), [x]
    for t in range(updates):
        batch, share = None, 1.0
        if algorithm.batch_size:
            batch = MiniBatches(0, problem.prepared.units, algorithm.batch_size).batch(t)
            share = len(batch) / problem.prepared.units
        _, natural = problem.gradient(chart.read(x), batch)
        g = chart.pull_back(x, natural) / (share * problem.total_weight)
        mean_square = algorithm.decay * mean_square + (1 - algorithm.decay) * g**2
        x = x + algorithm.learning_rate * g / (np.sqrt(mean_square) + algorithm.epsilon)
        path.append(x)
    return path


@pytest.mark.parametrize(
    ("algorithm", "every"),
    [
        (RmsProp(), 1),
        (RmsProp(learning_rate=0.03, decay=0.5, epsilon=1e-3), 1),
        (RmsProp(batch_size=50, updates=4), 4),
    ],
)
def test_it_is_the_published_algorithm(algorithm: RmsProp, every: int) -> None:
    steps = faithful().steps(algorithm, tolerance=0.0, max_iterations=10)
    states = [step.state for step in steps if isinstance(step.state, StochasticState)]
    expected = published(faithful(), algorithm, 10 * every)[::every]
    np.testing.assert_allclose([state.x for state in states], expected, rtol=1e-9, atol=1e-11)


def test_every_coordinate_moves_alike_however_large_its_gradient() -> None:
    """The first step is rate / sqrt(1 - decay), up or down."""
    path = means(bowl().steps(RmsProp(learning_rate=0.02, decay=0.75, standardize=False), max_iterations=1))
    np.testing.assert_allclose(np.abs(path[1] - path[0]), 0.04, rtol=1e-6)


@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_at_a_constant_rate_it_comes_to_within_a_rate_and_stays_there(rate: float) -> None:
    algorithm = RmsProp(learning_rate=rate, standardize=False)
    path = means(bowl().steps(algorithm, tolerance=0.0, max_iterations=1000))
    away = np.max(np.abs(path[800:] - TOP), axis=1)
    assert np.max(away) < 1.5 * rate
    assert np.min(away) > 0.1 * rate


def test_it_comes_near_the_maximum_of_the_first_experiment() -> None:
    steps = first_experiment().steps(RmsProp(), max_iterations=700)
    assert steps[-1].status == "iteration-limit"
    assert 1e-3 < -2263.8997955 - steps[-1].log_likelihood < 1.0
