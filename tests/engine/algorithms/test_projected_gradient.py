"""Projected gradient, above all where the best weight is exactly 0."""

import itertools

import numpy as np
import pytest

from engine.algorithms.barzilai_borwein import SpectralState
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.gradient import GradientState
from engine.algorithms.gradient_ascent import GradientAscent
from engine.algorithms.projected_gradient import ProjectedGradient
from engine.datasets.three_clusters import ThreeClusters
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array, Simplex
from engine.trace import Step
from tests.engine.algorithms.starts import Beginning, faithful, first_experiment, held_quantiles, zero_weight
from tests.engine.models.cases import real_data


def third_weights(steps: list[Step]) -> Array:
    return np.array([step.parameters["weights"][2] for step in steps])


@pytest.mark.parametrize("rate", [0.05, 0.5])
@pytest.mark.parametrize("standardize", [True, False])
def test_it_reaches_a_weight_of_exactly_zero_and_stops_there_as_stationary(
    rate: float, standardize: bool
) -> None:
    steps = zero_weight().steps(ProjectedGradient(learning_rate=rate, standardize=standardize))
    assert steps[-1].status == "converged"
    assert steps[-1].reason.startswith("stationary: projected gradient")
    weights = third_weights(steps)
    reached = int(np.argmax(weights == 0.0))
    assert reached > 0
    assert np.all(weights[:reached] > 0)
    assert np.all(weights[reached:] == 0.0)
    assert [event.kind for event in steps[reached].events] == ["empty-component"]
    assert not any(step.decreased for step in steps)


def test_em_falls_to_it_geometrically_by_the_multiplier_and_never_arrives() -> None:
    steps = zero_weight().steps(ExpectationMaximization(), tolerance=0.0, max_iterations=400)
    weights = third_weights(steps)
    expectation = steps[-1].state.position.expectation if steps[-1].state is not None else None
    assert expectation is not None
    assert expectation.ratios is not None
    multiplier = expectation.ratios[2] / zero_weight().problem().total_weight
    assert multiplier == pytest.approx(0.892, abs=5e-4)
    np.testing.assert_allclose(weights[201:] / weights[200:-1], multiplier, rtol=1e-9)
    assert weights[-1] > 0


def test_softmax_falls_to_it_like_one_over_t_and_never_arrives() -> None:
    steps = zero_weight().steps(GradientAscent(learning_rate=1.0), tolerance=0.0, max_iterations=8000)
    weights = third_weights(steps)
    assert weights[-1] > 0
    exponents = [float(np.log2(weights[2 * t] / weights[t])) for t in (1000, 2000, 4000)]
    assert exponents == sorted(exponents, reverse=True)
    assert -1.0 < exponents[-1] < -0.83
    assert weights[-1] / weights[-2] > 0.9998


def test_a_weight_of_zero_may_rise_again() -> None:
    """EM cannot leave a face of the simplex; the projection can."""
    start = held_quantiles((0.0, 0.5, 0.5))
    inside = held_quantiles((0.3, 0.4, 0.3)).steps(ExpectationMaximization(), max_iterations=1000)[-1]
    steps = start.steps(ProjectedGradient(learning_rate=0.3))
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood >= inside.log_likelihood - 1e-9
    assert np.all(steps[-1].parameters["weights"][[0, 2]] > 0.3)
    assert start.steps(ExpectationMaximization())[-1].status == "stuck"


def test_it_climbs_to_a_maximum_inside_with_free_covariances() -> None:
    start = faithful()
    best = start.steps(ExpectationMaximization(), tolerance=1e-9)[-1]
    near = Beginning(
        GaussianMixture(components=3),
        start.problem().prepared.dataset,
        **start.problem().model.describe(best.parameters),
    )
    steps = near.steps(ProjectedGradient(learning_rate=0.003), tolerance=0.0, max_iterations=200)
    assert steps[-1].log_likelihood == pytest.approx(best.log_likelihood, abs=1e-9)
    assert not any(step.decreased for step in steps)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical", "tied"])
@pytest.mark.parametrize("rate", [0.5, 20.0])
def test_covariances_stay_positive_definite_however_long_the_step(covariance: str, rate: float) -> None:
    model = GaussianMixture(components=2, covariance=covariance)
    data = real_data(2, weighted=False)
    prepared = model.prepare(data)
    centres = prepared.columns[:, [3, 17]].T
    start = model.describe(model.from_centres(prepared, centres, np.full(2, 0.05)))
    steps = Beginning(model, data, **start).steps(
        ProjectedGradient(learning_rate=rate), tolerance=0.0, max_iterations=30
    )
    for before, step in itertools.pairwise(steps):
        if not step.is_likelihood:
            assert step.status in ("diverged", "collapsed")
            break
        block = step.parameters["covariances"]
        old = before.parameters["covariances"]
        if covariance in ("full", "tied"):
            assert np.min(np.linalg.eigvalsh(block - 0.0999 * old)) > 0
        else:
            assert np.min(block - 0.0999 * old) > 0


def test_a_floor_is_reached_exactly() -> None:
    model, data = GaussianMixture(components=3, covariance_floor=0.3), ThreeClusters().generate()
    centres = np.array(data.truth.parameters["means"]) if data.truth is not None else np.zeros((3, 2))
    prepared = model.prepare(data)
    start = model.describe(model.from_centres(prepared, prepared.frame.to_frame(centres), np.full(2, 0.5)))
    for standardize in (True, False):
        rate = 0.05 if standardize else 0.5
        steps = Beginning(model, data, **start).steps(
            ProjectedGradient(learning_rate=rate, standardize=standardize), max_iterations=400
        )
        assert steps[-1].status in ("converged", "iteration-limit")
        smallest = np.linalg.eigvalsh(steps[-1].parameters["covariances"])[:, 0]
        assert np.min(smallest) == pytest.approx(0.3, abs=1e-12)


def test_it_writes_everything_as_it_is() -> None:
    steps = first_experiment().steps(ProjectedGradient(), max_iterations=60)
    assert all(step.parameters.layout.violation(step.parameters.vector) is None for step in steps)
    assert not hasattr(ProjectedGradient(), "weight_coordinates")


# Line searches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.5, 50.0])
def test_backtracking_bends_along_the_arc_and_never_goes_down(rate: float) -> None:
    algorithm = ProjectedGradient(learning_rate=rate, line_search="backtracking")
    for beginning in (faithful(), zero_weight()):
        steps = beginning.steps(algorithm, max_iterations=100)
        assert not any(step.decreased for step in steps)
        assert all(step.parameters.layout.violation(step.parameters.vector) is None for step in steps)
        assert steps[-1].log_likelihood > steps[0].log_likelihood + 50
    assert steps[-1].status == "converged"
    assert steps[-1].parameters["weights"][2] == 0.0


def test_an_accepted_trial_is_on_the_arc_at_a_half_a_quarter_or_so_of_the_rate() -> None:
    algorithm = ProjectedGradient(learning_rate=64.0, line_search="backtracking")
    steps = zero_weight().steps(algorithm, max_iterations=6)
    total = zero_weight().problem().total_weight
    for before, after in itertools.pairwise(steps):
        state = before.state
        assert isinstance(state, GradientState)
        places = [
            Simplex().project(state.x + 64.0 * 0.5**halvings / total * state.gradient)
            for halvings in range(40)
        ]
        distances = [float(np.max(np.abs(place - after.parameters["weights"]))) for place in places]
        assert min(distances) < 1e-14
        assert after.passes - before.passes == 1 + int(np.argmin(distances))


def test_barzilai_borwein_takes_the_rate_from_the_last_step() -> None:
    algorithm = ProjectedGradient(line_search="barzilai-borwein")
    steps = zero_weight((0.4, 0.3, 0.3)).steps(algorithm, max_iterations=6, tolerance=0.0)
    total = zero_weight().problem().total_weight
    first = steps[0].state
    assert isinstance(first, SpectralState)
    assert first.rate == algorithm.learning_rate
    for before, after in itertools.pairwise(steps[:4]):
        old, new = before.state, after.state
        assert isinstance(old, SpectralState)
        assert isinstance(new, SpectralState)
        step, fall = new.x - old.x, (old.gradient - new.gradient) / total
        assert new.rate == pytest.approx(float(step @ step) / float(step @ fall), rel=1e-12)
        target = Simplex().project(old.x + old.rate / total * old.gradient)
        shares = [0.5**halvings for halvings in range(10)]
        assert any(np.allclose(new.x, old.x + share * (target - old.x), rtol=1e-12) for share in shares)


def test_barzilai_borwein_may_fall_for_a_while_and_is_much_further() -> None:
    start = faithful()
    spectral = start.steps(ProjectedGradient(line_search="barzilai-borwein"), max_iterations=300)
    assert any(step.decreased for step in spectral)
    plain = start.steps(ProjectedGradient(learning_rate=0.003), max_iterations=300)
    assert spectral[-1].log_likelihood > plain[-1].log_likelihood + 2
    assert spectral[-1].log_likelihood > -1119.6
    for before in range(len(spectral) - 1):
        recent = [step.log_likelihood for step in spectral[max(0, before - 9) : before + 1]]
        assert spectral[before + 1].log_likelihood >= min(recent) - 1e-9


def test_only_backtracking_promises_never_to_fall() -> None:
    promises = {
        each: ProjectedGradient(line_search=each).promises
        for each in ("none", "backtracking", "barzilai-borwein")
    }
    assert promises == {"none": None, "backtracking": "log-likelihood", "barzilai-borwein": None}
