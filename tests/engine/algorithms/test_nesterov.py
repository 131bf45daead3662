"""Nesterov's method against a loop from the paper, and what restarts do for it."""

import itertools
import math

import numpy as np
import pytest

from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.nesterov import Nesterov, NesterovState
from engine.parameters import Array
from engine.trace import Step
from tests.engine.algorithms.bowl import START, bowl, gap, gradient, means
from tests.engine.algorithms.starts import deaths, first_experiment


def published(rate: float, restart: str, count: int) -> list[Array]:
    """The points y of FISTA's form, beta = (t - 1) / t+, t+ = (1 + sqrt(1 + 4 t^2)) / 2, on the parabola.

    O'Donoghue & Candès (2015), algorithm 1 with q = 0 and section 3.2; theta is 1 / t.
    """
    y, x, t, path = START, START, 1.0, [START]
    for _ in range(count):
        reached = y + rate * gradient(y)
        against = gradient(y) @ (reached - x) < 0
        fell = len(path) > 1 and gap(path[-1]) > gap(path[-2])
        if t > 1 and ((restart == "gradient" and against) or (restart == "function" and fell)):
            t = 1.0
        t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = reached + (t - 1) / t_next * (reached - x)
        x, t = reached, t_next
        path.append(y)
    return path


def restarts(steps: list[Step]) -> int:
    return sum(event.kind == "restart" for step in steps for event in step.events)


@pytest.mark.parametrize("restart", ["gradient", "function", "none"])
def test_it_is_the_published_algorithm(restart: str) -> None:
    algorithm = Nesterov(learning_rate=0.1, restart=restart, standardize=False)
    steps = bowl().steps(algorithm, tolerance=0.0, max_iterations=60)
    np.testing.assert_allclose(means(steps), published(0.1, restart, 60), rtol=0, atol=1e-9)
    assert (restarts(steps) > 0) == (restart != "none")


def test_without_restarts_it_swings_around_the_top_and_with_them_it_does_not() -> None:
    """O'Donoghue & Candès, figures 1 and 3: the period is that of the smallest curvature."""
    runs = {}
    for restart in ("none", "gradient", "function"):
        algorithm = Nesterov(learning_rate=0.05, restart=restart, standardize=False)
        steps = bowl().steps(algorithm, tolerance=0.0, max_iterations=300)
        runs[restart] = (gap(means(steps)[-1]), sum(step.decreased for step in steps))
    assert runs["none"][0] > 1e-9
    assert runs["gradient"][0] < 1e-16
    assert runs["function"][0] < 1e-16
    assert runs["none"][1] > 50
    assert runs["gradient"][1] < 10


def test_the_momentum_grows_as_theta_falls_from_one() -> None:
    steps = bowl().steps(Nesterov(restart="none"), tolerance=0.0, max_iterations=50)
    thetas = [step.state.theta for step in steps if isinstance(step.state, NesterovState)]
    assert thetas[0] == 1.0
    assert thetas[1] == pytest.approx((math.sqrt(5) - 1) / 2)
    for before, after in itertools.pairwise(thetas):
        assert after**2 == pytest.approx((1 - after) * before**2, rel=1e-12)
    assert thetas[50] == pytest.approx(2 / 52, rel=0.1)


def test_the_first_step_is_a_gradient_step_and_each_costs_one_gradient() -> None:
    steps = deaths().steps(Nesterov(), tolerance=0.0, max_iterations=10)
    plain = deaths().steps(GradientAscent(learning_rate=Nesterov().learning_rate), max_iterations=1)
    assert steps[1].log_likelihood == plain[1].log_likelihood
    assert [step.passes for step in steps] == list(range(1, 12))


def test_it_goes_faster_than_a_plain_gradient() -> None:
    best = -1989.945859882964
    steps = deaths().steps(Nesterov(), tolerance=0.0, max_iterations=300)
    plain = deaths().steps(GradientAscent(learning_rate=0.1), tolerance=0.0, max_iterations=300)
    assert best - steps[-1].log_likelihood < 1e-5
    assert best - plain[-1].log_likelihood > 0.05


def test_it_converges_on_the_first_experiment() -> None:
    steps = first_experiment().steps(Nesterov())
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(-2263.8997955, abs=1e-6)
    events = [event for step in steps for event in step.events if event.kind == "restart"]
    assert events
    assert events[0].detail == "the gradient points against the step: the momentum is forgotten"
