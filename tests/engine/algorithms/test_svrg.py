"""SVRG: its noise vanishes at the maximum, and on a parabola it is gradient ascent."""

import numpy as np
import pytest

from engine.algorithms.mini_batches import MiniBatches
from engine.algorithms.sgd import StochasticGradientAscent
from engine.algorithms.svrg import Svrg, SvrgState
from engine.models.base import Units
from engine.parameters import Array
from tests.engine.algorithms.bowl import CURVATURE, START, TOP, bowl, means
from tests.engine.algorithms.starts import Beginning, faithful, separated_by


def test_on_a_parabola_the_noise_cancels_and_it_is_gradient_ascent() -> None:
    """There g(x) - g(s) is the same for every row, so each update is a full gradient's."""
    algorithm = Svrg(batch_size=1, updates=7, learning_rate=0.2, standardize=False)
    steps = bowl().steps(algorithm, tolerance=0.0, max_iterations=4)
    shrink = np.linalg.matrix_power(np.eye(2) - 0.2 * CURVATURE, 7)
    expected = [TOP + np.linalg.matrix_power(shrink, t) @ (START - TOP) for t in range(5)]
    np.testing.assert_allclose(means(steps), expected, rtol=0, atol=1e-12)


def published(beginning: Beginning, algorithm: Svrg, stages: int) -> list[Array]:
    """Johnson & Zhang (2013), figure 1 with option I, on minus the mean log-likelihood."""
    problem, chart = beginning.problem(), algorithm.chart(beginning.start)
    units = problem.prepared.units
    batches = MiniBatches(0, units, algorithm.batch_size)
    snapshot = chart.write(beginning.start)
    path, t = [snapshot], 0

    def descent(x: Array, batch: Units) -> Array:
        _, natural = problem.gradient(chart.read(x), batch)
        share = 1.0 if batch is None else len(batch) / units
        return -chart.pull_back(x, natural) / (share * problem.total_weight)

    for _ in range(stages):
        full, w = descent(snapshot, None), snapshot
        for _ in range(algorithm.updates or batches.per_epoch):
            batch = batches.batch(t)
            w = w - algorithm.learning_rate * (descent(w, batch) - descent(snapshot, batch) + full)
            t += 1
        snapshot = w
        path.append(w)
    return path


@pytest.mark.parametrize("updates", [0, 4])
def test_it_is_the_published_algorithm(updates: int) -> None:
    algorithm = Svrg(batch_size=60, updates=updates, learning_rate=0.15)
    steps = faithful().steps(algorithm, tolerance=0.0, max_iterations=6)
    states = [step.state for step in steps if isinstance(step.state, SvrgState)]
    np.testing.assert_allclose(
        [state.x for state in states], published(faithful(), algorithm, 6), rtol=1e-9, atol=1e-11
    )
    assert states[-1].updates == 6 * (updates or 5)


def test_at_a_constant_rate_it_converges_where_plain_stochastic_gradients_hover() -> None:
    best, beginning = -2051.0116513343714, separated_by(4.0)
    svrg = beginning.steps(Svrg(learning_rate=0.1), tolerance=0.0, max_iterations=30)
    plain = beginning.steps(StochasticGradientAscent(learning_rate=0.1), tolerance=0.0, max_iterations=90)
    assert svrg[-1].passes == pytest.approx(plain[-1].passes, rel=0.1)
    assert min(best - step.log_likelihood for step in plain[30:]) > 1e-3
    # Linearly: equally many digits in equally many iterations.
    gaps = np.array([best - svrg[t].log_likelihood for t in (10, 15, 20, 25, 30)])
    assert gaps[-1] < 1e-5
    np.testing.assert_allclose(gaps[1:] / gaps[:-1], 0.056, rtol=0.1)
