"""Sequential quadratic programming: its parabola, its exact zeros, and starts from which a parabola is no help."""

import subprocess
import sys

import numpy as np
import pytest

from engine.algorithms.gradient import GradientState
from engine.algorithms.projected_gradient import ProjectedGradient
from engine.algorithms.sqp import SequentialQuadraticProgramming, best_of_parabola
from engine.algorithms.weights_only import left_to_gain, multipliers
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array
from tests.engine.algorithms.starts import (
    Beginning,
    faithful,
    held_quantiles,
    known_components,
    three_likelihoods,
    zero_weight,
)

SQP = SequentialQuadraticProgramming()


def scales(rows: int, components: int, narrowest: float = 0.1) -> Array:
    """Densities of normals of known scales around 0, on draws from two of them."""
    generator = np.random.Generator(np.random.Philox(0))
    x = generator.standard_normal(rows) * np.where(generator.random(rows) < 0.5, 1.0, 5.0)
    deviations = np.geomspace(narrowest, 20.0, components)
    return np.asarray(np.exp(-0.5 * (x[:, None] / deviations) ** 2) / deviations)


@pytest.mark.parametrize("count", [2, 5, 30])
def test_the_parabolas_best_point_keeps_the_conditions_of_karush_kuhn_and_tucker(count: int) -> None:
    generator = np.random.Generator(np.random.Philox(count))
    for _ in range(20):
        root = generator.standard_normal((count, 2 + count // 2))
        curvature = root @ root.T
        weights = generator.dirichlet(np.full(count, 0.3))
        slopes = generator.standard_normal(count)
        best = best_of_parabola(weights, slopes, curvature)
        assert np.all(best >= 0)
        assert float(np.sum(best)) == pytest.approx(1.0, abs=1e-14)
        gradient = slopes - curvature @ (best - weights)
        level = float(np.max(gradient))
        assert gradient[best > 0] == pytest.approx(level, abs=1e-9)


def test_components_that_are_alike_and_one_that_produced_nothing_do_no_harm() -> None:
    likelihoods = scales(300, 6)
    alike = np.concatenate((likelihoods, likelihoods, np.zeros((300, 1))), axis=1)
    plain, doubled = (known_components(each).steps(SQP) for each in (likelihoods, alike))
    assert doubled[-1].status == "converged"
    assert doubled[-1].log_likelihood == pytest.approx(plain[-1].log_likelihood, abs=1e-9)
    found = doubled[-1].parameters["weights"]
    assert found[12] == 0.0
    assert found[:6] + found[6:12] == pytest.approx(plain[-1].parameters["weights"], abs=1e-7)


@pytest.mark.parametrize(("rows", "components"), [(2000, 100), (50, 200)])
def test_many_components(rows: int, components: int) -> None:
    beginning = known_components(scales(rows, components))
    steps = beginning.steps(SQP)
    assert steps[-1].status == "converged"
    assert len(steps) <= 20
    assert not any(step.decreased for step in steps)
    state, problem = steps[-1].state, beginning.problem()
    assert isinstance(state, GradientState)
    assert left_to_gain(state, problem) < 1e-4
    assert np.count_nonzero(state.x == 0) > components // 2


def test_no_weights_gain_more_than_the_certificate_says() -> None:
    beginning = known_components(scales(200, 10))
    steps = beginning.steps(SQP)
    best = steps[-1].log_likelihood
    for step in steps:
        assert isinstance(step.state, GradientState)
        assert best - step.log_likelihood <= left_to_gain(step.state, beginning.problem()) + 1e-9


def test_an_iteration_costs_a_pass_for_the_curvature_and_one_for_each_trial() -> None:
    steps = three_likelihoods(0.61).steps(SQP)
    assert [step.passes for step in steps] == [1.0 + 2.0 * k for k in range(len(steps))]
    assert all(step.gradients == step.passes for step in steps)


def test_from_a_corner_far_away_it_goes_ahead_with_plain_steps() -> None:
    """There a multiplier is about 1e41 and the parabola would only double a weight of 1e-41 again and again."""
    likelihoods = scales(400, 12, narrowest=1.0)
    corner = known_components(likelihoods, np.eye(12)[0])
    steps = corner.steps(SQP)
    first = steps[1].events[0]
    assert first.kind == "fallback"
    assert first.detail == "a step towards component 11 alone, whose mean of f_k/f is 1.1e41"
    assert steps[-1].status == "converged"
    assert len(steps) < 20
    assert steps[-1].log_likelihood == pytest.approx(
        known_components(likelihoods).steps(SQP)[-1].log_likelihood, abs=1e-8
    )
    assert not any(step.decreased for step in steps)


def test_at_working_precision_it_ends_with_the_multipliers() -> None:
    steps = zero_weight().steps(SQP, tolerance=0.0)
    assert steps[-1].status == "converged"
    assert steps[-1].reason.startswith(
        "at working precision no step raises the log-likelihood any more; 1 of 3 weights is exactly 0; the mean of "
        "f_k/f there is at most 0.89"
    )


def test_gaussian_components_that_are_held_are_known_components() -> None:
    beginning = zero_weight()
    steps = beginning.steps(SQP)
    plain = beginning.steps(ProjectedGradient(learning_rate=0.5))
    assert len(steps) <= 7
    assert steps[-1].parameters["weights"][2] == 0.0
    assert steps[-1].log_likelihood == pytest.approx(plain[-1].log_likelihood, abs=1e-9)
    state = steps[-1].state
    assert isinstance(state, GradientState)
    assert multipliers(state, beginning.problem()) == pytest.approx([1.0, 1.0, 0.892277], abs=1e-6)


def test_a_weight_of_zero_rises_again() -> None:
    steps = held_quantiles((0.0, 0.5, 0.5)).steps(SQP)
    assert steps[-1].status == "converged"
    assert np.all(steps[-1].parameters["weights"][[0, 2]] > 0.3)


def test_other_free_blocks_are_refused_by_name() -> None:
    (only,) = faithful().steps(SQP)
    assert only.status == "refused"
    assert only.passes == 0
    assert only.reason == (
        "sqp moves the weights only, and means and covariances are free too; hold them fixed, or choose another "
        "algorithm."
    )


def test_held_weights_are_refused() -> None:
    start = faithful()
    held = Beginning(
        GaussianMixture(components=3, hold=("weights", "means", "covariances")),
        start.problem().prepared.dataset,
        **start.problem().model.describe(start.start),
    )
    (only,) = held.steps(SQP)
    assert only.reason == "sqp has nothing to move: the weights are held fixed."


def test_the_solver_is_imported_by_those_alone_who_use_it() -> None:
    code = "import sys; from engine import catalogue; catalogue.find('algorithms'); sys.exit('daqp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
