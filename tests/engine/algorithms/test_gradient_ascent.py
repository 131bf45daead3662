"""Plain gradient ascent: on a parabola, by a line search, and by Barzilai & Borwein's rates."""

import itertools

import numpy as np
import pytest

from engine.algorithms.barzilai_borwein import SpectralState
from engine.algorithms.gradient import GradientState
from engine.algorithms.gradient_ascent import GradientAscent
from engine.parameters import Array
from engine.run import Intervention
from tests.engine.algorithms.bowl import CURVATURE, START, TOP, bowl, gap, gradient, means
from tests.engine.algorithms.starts import Beginning, deaths, separated_by

BARZILAI_BORWEIN = GradientAscent(line_search="barzilai-borwein")


def test_on_a_parabola_every_error_is_multiplied_by_one_minus_rate_times_curvature() -> None:
    steps = bowl().steps(GradientAscent(learning_rate=0.3, standardize=False), max_iterations=20)
    shrink = np.eye(2) - 0.3 * CURVATURE
    expected = [TOP + np.linalg.matrix_power(shrink, t) @ (START - TOP) for t in range(21)]
    np.testing.assert_allclose(means(steps), expected, rtol=0, atol=1e-12)


def test_it_is_stable_up_to_two_over_the_largest_curvature() -> None:
    stable = 2 / np.linalg.eigvalsh(CURVATURE)[-1]
    for share, arrives in ((0.99, True), (1.01, False)):
        algorithm = GradientAscent(learning_rate=share * stable, standardize=False)
        path = means(bowl().steps(algorithm, tolerance=0.0, max_iterations=400))
        assert (gap(path[-1]) < 1e-3 * gap(path[0])) == arrives


def test_backtracking_halves_until_armijos_condition_holds() -> None:
    algorithm = GradientAscent(learning_rate=8.0, line_search="backtracking", standardize=False)
    steps = bowl().steps(algorithm, max_iterations=12)
    path = means(steps)
    for before, after in itertools.pairwise(path):
        g = gradient(before)
        rates = 8.0 * 0.5 ** np.arange(40)
        enough = [gap(before) - gap(before + r * g) >= 1e-4 * r * (g @ g) for r in rates]
        np.testing.assert_allclose(after, before + rates[int(np.argmax(enough))] * g, rtol=0, atol=1e-12)
    assert steps[-1].gradients > len(steps)
    assert algorithm.promises == "log-likelihood"


def textbook_barzilai_borwein(first_rate: float, iterations: int) -> list[Array]:
    """Raydan's algorithm on the parabola, written down from the paper."""
    path, rate = [START], first_rate
    values = [-gap(START)]
    for _ in range(iterations):
        g = gradient(path[-1])
        step: Array = rate * g
        while -gap(path[-1] + step) < min(values[-10:]) + 1e-4 * (step @ g):
            step = 0.5 * step
        path.append(path[-1] + step)
        values.append(-gap(path[-1]))
        fall = g - gradient(path[-1])
        rate = float((step @ step) / (step @ fall))
    return path


def test_barzilai_borwein_is_the_published_algorithm() -> None:
    algorithm = GradientAscent(line_search="barzilai-borwein", learning_rate=0.2, standardize=False)
    steps = bowl().steps(algorithm, tolerance=0.0, max_iterations=8)
    np.testing.assert_allclose(means(steps), textbook_barzilai_borwein(0.2, 8), rtol=0, atol=1e-9)
    # Every learnt rate is the reciprocal of a mean of curvatures.
    low, high = np.linalg.eigvalsh(CURVATURE)
    rates = [step.state.rate for step in steps if isinstance(step.state, SpectralState)]
    assert len(rates) == 8
    assert all(0.999 / high <= rate <= 1.001 / low for rate in rates)


@pytest.mark.parametrize("beginning", [deaths, lambda: separated_by(2.0)])
def test_barzilai_borwein_stumbles_safely_and_arrives_where_a_plain_gradient_creeps(
    beginning: object,
) -> None:
    assert callable(beginning)
    start: Beginning = beginning()
    # Its way is chaotic: the last digit of a matrix product, which differs between processors, moves its end by 30 steps.
    steps = start.steps(BARZILAI_BORWEIN, tolerance=1e-7, max_iterations=400)
    plain = start.steps(GradientAscent(line_search="backtracking"), tolerance=1e-7, max_iterations=400)
    assert steps[-1].status == "converged"
    assert plain[-1].status == "iteration-limit"
    assert plain[-1].log_likelihood < steps[-1].log_likelihood
    values = [step.log_likelihood for step in steps]
    assert any(step.decreased for step in steps)
    for place in range(1, len(values)):
        assert values[place] >= min(values[max(0, place - 10) : place]) - 1e-9
    assert BARZILAI_BORWEIN.promises is None


def test_the_line_search_may_be_exchanged_on_the_way() -> None:
    change = Intervention(5, "line_search", "barzilai-borwein")
    steps = deaths().steps(GradientAscent(), change, max_iterations=200)
    plain = deaths().steps(GradientAscent(), max_iterations=5)
    assert steps[5].log_likelihood == plain[5].log_likelihood
    assert steps[-1].status == "converged"
    assert isinstance(steps[5].state, GradientState)
    assert not isinstance(steps[5].state, SpectralState)
    assert isinstance(steps[6].state, SpectralState)


def test_only_a_fixed_rate_is_a_fixed_rate() -> None:
    assert GradientAscent(learning_rate=0.7).fixed_rate == 0.7
    assert GradientAscent(line_search="backtracking").fixed_rate is None
    assert BARZILAI_BORWEIN.fixed_rate is None


def test_backtracking_goes_on_where_rounding_hides_the_rise() -> None:
    """Once the steep directions are done a step rises by less than rounding, and its slope hardly falls."""
    algorithm = GradientAscent(line_search="backtracking")
    steps = separated_by(8.0).steps(algorithm, tolerance=1e-9, max_iterations=300)
    assert steps[-1].status == "converged"
    assert steps[-1].gradients < 1.1 * len(steps)
