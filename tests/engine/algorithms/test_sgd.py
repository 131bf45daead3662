"""Stochastic gradients: schedules, momentum, and the cloud around the maximum."""

import math

import numpy as np
import pytest

from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.heavy_ball import HeavyBall
from engine.algorithms.mini_batches import MiniBatches
from engine.algorithms.sgd import StochasticGradientAscent
from engine.parameters import Array
from engine.run import Route, run
from engine.stopping import Stop
from tests.engine.algorithms.bowl import CURVATURE, ROWS, START, TOP, bowl, gap, means
from tests.engine.algorithms.starts import faithful, separated_by


def published(algorithm: StochasticGradientAscent, rates: list[float], key: int) -> list[Array]:
    """x + rate (momentum v + g) on the parabola, where a batch's gradient leads to the average of its rows."""
    x, v, path = START, np.zeros(2), [START]
    batches = MiniBatches(key, len(ROWS), algorithm.batch_size)
    for t, rate in enumerate(rates):
        g = CURVATURE @ (np.mean(ROWS[batches.batch(t)], axis=0) - x)
        v = algorithm.momentum * v + g
        x = x + rate * v
        path.append(x)
    return path


@pytest.mark.parametrize(
    ("schedule", "rate"),
    [
        ("constant", lambda time: 0.2),
        ("inverse-time", lambda time: 0.2 / (1 + time / 2)),
        ("cosine", lambda time: 0.1 * (1 + math.cos(math.pi * time / 8))),
    ],
)
@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_it_is_the_published_algorithm(schedule: str, rate: object, momentum: float) -> None:
    assert callable(rate)
    algorithm = StochasticGradientAscent(
        batch_size=12,
        updates=5,
        learning_rate=0.2,
        schedule=schedule,
        half_after=2.0,
        ends_after=8,
        momentum=momentum,
        standardize=False,
    )
    beginning = bowl()
    stop = Stop(tolerance=0.0, max_iterations=8)
    steps = list(run(beginning.problem(), Route(algorithm, key=5), beginning.start, stop))
    expected = published(algorithm, [rate(t / 5) for t in range(40)], 5)[::5]
    np.testing.assert_allclose(means(steps), expected, rtol=0, atol=1e-12)


def test_on_all_rows_it_is_gradient_ascent_and_with_momentum_the_heavy_ball() -> None:
    plain = faithful().steps(GradientAscent(), max_iterations=15)
    steps = faithful().steps(StochasticGradientAscent(batch_size=0, learning_rate=0.2), max_iterations=15)
    np.testing.assert_allclose(
        [step.log_likelihood for step in steps], [step.log_likelihood for step in plain], rtol=1e-12
    )
    assert [step.passes for step in steps] == [step.passes for step in plain]
    ball = faithful().steps(HeavyBall(learning_rate=0.05, momentum=0.8), max_iterations=15)
    rolling = StochasticGradientAscent(batch_size=0, learning_rate=0.05, momentum=0.8)
    np.testing.assert_allclose(
        [step.log_likelihood for step in faithful().steps(rolling, max_iterations=15)],
        [step.log_likelihood for step in ball],
        rtol=1e-12,
    )


def test_the_cosine_ends_the_lane_with_a_sentence() -> None:
    algorithm = StochasticGradientAscent(schedule="cosine", ends_after=12, batch_size=50)
    last = faithful().steps(algorithm, tolerance=0.0)[-1]
    assert (last.status, last.iteration) == ("iteration-limit", 12)
    assert last.reason == "the cosine schedule ran its 12 iterations, and the learning rate is 0 now"
    assert algorithm.rate(120) == 0.0
    assert algorithm.rate(60) == pytest.approx(0.5 * algorithm.learning_rate)


def gaps_at_the_end(rate: float, schedule: str) -> list[float]:
    """The gaps over the last half of 80 iterations on batches of 5 rows of 60."""
    algorithm = StochasticGradientAscent(
        batch_size=5,
        updates=7,
        learning_rate=rate,
        schedule=schedule,
        half_after=5.0,
        ends_after=80,
        standardize=False,
    )
    steps = bowl().steps(algorithm, tolerance=0.0, max_iterations=80)
    return [gap(mean) for mean in means(steps)[40:]]


def test_at_a_constant_rate_it_hovers_in_a_cloud_of_the_rates_size() -> None:
    large, small = (np.median(gaps_at_the_end(rate, "constant")) for rate in (0.2, 0.05))
    assert 0.1 > large > 4 * small > 1e-3


def test_a_falling_rate_averages_the_noise_away() -> None:
    hovering = float(np.median(gaps_at_the_end(0.2, "constant")))
    assert np.median(gaps_at_the_end(0.2, "inverse-time")) < 0.1 * hovering
    assert gaps_at_the_end(0.2, "cosine")[-1] < 1e-3 * hovering


def test_it_comes_near_the_maximum_of_two_clusters_in_fewer_passes_than_plain_ascent() -> None:
    algorithm = StochasticGradientAscent(schedule="cosine", ends_after=20)
    steps = separated_by(6.0).steps(algorithm)
    plain = separated_by(6.0).steps(GradientAscent(learning_rate=0.1), max_iterations=20)
    assert steps[-1].status == "iteration-limit"
    assert -2107.58939186 - steps[-1].log_likelihood < 0.1
    assert -2107.58939186 - plain[-1].log_likelihood > 1.0
    assert steps[-1].passes == pytest.approx(20.0)


def test_a_fixed_rate_is_the_whole_step_on_all_rows_only() -> None:
    assert StochasticGradientAscent(batch_size=0, learning_rate=0.3).fixed_rate == 0.3
    assert StochasticGradientAscent().fixed_rate is None
    assert StochasticGradientAscent(batch_size=0, momentum=0.1).fixed_rate is None
    assert StochasticGradientAscent(batch_size=0, schedule="cosine").fixed_rate is None


def test_the_bowl_has_its_top_at_the_average() -> None:
    np.testing.assert_allclose(TOP, np.mean(ROWS, axis=0))
