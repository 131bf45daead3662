"""Adam against a loop of a few lines, on all rows and on mini-batches."""

import numpy as np
import pytest

from engine.algorithms.adam import Adam
from engine.algorithms.mini_batches import MiniBatches
from engine.algorithms.stochastic_gradient import StochasticState
from engine.parameters import Array
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment


def published(beginning: Beginning, adam: Adam, steps: int) -> list[Array]:
    """Kingma & Ba's algorithm 1, written down from the paper, on minus the mean log-likelihood."""
    problem, chart = beginning.problem(), adam.chart(beginning.start)
    theta = chart.write(beginning.start)
    m, v, path = np.zeros_like(theta), np.zeros_like(theta), [theta]
    batches = MiniBatches(0, problem.prepared.units, adam.batch_size or problem.prepared.units)
    for t in range(1, steps + 1):
        batch = batches.batch(t - 1)
        _, natural = problem.gradient(chart.read(theta), batch if adam.batch_size else None)
        share = len(batch) / problem.prepared.units
        g = -chart.pull_back(theta, natural) / (share * problem.total_weight)
        m = adam.beta1 * m + (1 - adam.beta1) * g
        v = adam.beta2 * v + (1 - adam.beta2) * g**2
        m_hat = m / (1 - adam.beta1**t)
        v_hat = v / (1 - adam.beta2**t)
        theta = theta - adam.learning_rate * m_hat / (np.sqrt(v_hat) + adam.epsilon)
        path.append(theta)
    return path


@pytest.mark.parametrize("adam", [Adam(), Adam(learning_rate=0.1, beta1=0.5, beta2=0.9, epsilon=1e-3)])
@pytest.mark.parametrize("beginning", [deaths, faithful])
def test_it_is_the_published_algorithm(adam: Adam, beginning: object) -> None:
    assert callable(beginning)
    steps = beginning().steps(adam, tolerance=0.0, max_iterations=40)
    states = [step.state for step in steps if isinstance(step.state, StochasticState)]
    np.testing.assert_allclose(
        [state.x for state in states], published(beginning(), adam, 40), rtol=1e-9, atol=1e-11
    )
    assert [state.updates for state in states] == list(range(41))
    assert [step.passes for step in steps] == list(range(1, 42))


def test_it_is_the_published_algorithm_on_mini_batches() -> None:
    adam = Adam(batch_size=40, updates=5)
    steps = faithful().steps(adam, tolerance=0.0, max_iterations=8)
    states = [step.state for step in steps if isinstance(step.state, StochasticState)]
    expected = published(faithful(), adam, 40)
    np.testing.assert_allclose([state.x for state in states], expected[::5], rtol=1e-9, atol=1e-11)
    assert [state.updates for state in states] == list(range(0, 41, 5))


def test_the_first_step_moves_every_coordinate_by_the_learning_rate() -> None:
    steps = faithful().steps(Adam(learning_rate=0.01), max_iterations=1)
    before, after = steps[0].state, steps[1].state
    assert isinstance(before, StochasticState)
    assert isinstance(after, StochasticState)
    moving = np.abs(before.gradient) > 1e-3
    np.testing.assert_allclose(np.abs(after.x - before.x)[moving], 0.01, rtol=1e-4)


def test_it_converges_on_the_first_experiment() -> None:
    steps = first_experiment().steps(Adam())
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-2263.8997955, abs=1e-6)


def test_on_mini_batches_it_comes_near_and_hovers() -> None:
    steps = first_experiment().steps(Adam(batch_size=50), max_iterations=100)
    assert steps[-1].status == "iteration-limit"
    gaps = [-2263.8997955 - step.log_likelihood for step in steps[60:]]
    assert max(gaps) < 30
    assert min(gaps) > 1e-3
