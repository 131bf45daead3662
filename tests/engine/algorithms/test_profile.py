"""The profile likelihood: who has one, what a climb on it keeps, and its fixed point."""

import itertools

import numpy as np
import pytest

from engine.algorithms.bfgs_update import BfgsState
from engine.algorithms.gradient import GradientState
from engine.algorithms.profile_bfgs import ProfileBfgs
from engine.algorithms.profile_fixed_point import ProfileFixedPoint
from engine.models.factor_analysis import FactorAnalysis
from engine.models.factor_model import FactorModel
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.probabilistic_pca import ProbabilisticPCA
from engine.objective import Problem
from engine.parameters import Parameters
from engine.run import Route, run
from engine.stopping import Stop
from tests.engine.models.cases import correlated_data, random_parameters

both = pytest.mark.parametrize("algorithm", [ProfileBfgs(), ProfileFixedPoint()], ids=lambda each: each.name)
every_model = pytest.mark.parametrize("model", [FactorAnalysis(factors=2), ProbabilisticPCA(factors=2)])


def problem(model: FactorModel) -> tuple[Problem, Parameters]:
    prepared = model.prepare(correlated_data(1, True))
    return Problem(model, prepared, 1), random_parameters(model, prepared, 4)


@both
def test_who_has_no_profile_likelihood_is_told(algorithm: ProfileBfgs | ProfileFixedPoint) -> None:
    free = ("mean", "loadings", "uniquenesses")
    assert algorithm.refusal(FactorAnalysis(), free) is None
    for model, blocks, sentence in (
        (GaussianMixture(), ("weights", "means"), "choose bfgs for gaussian-mixture."),
        (FactorAnalysis(), ("uniquenesses",), "held fixed; choose bfgs, or set them free."),
        (FactorAnalysis(), ("loadings",), "nothing to move"),
    ):
        refused = algorithm.refusal(model, blocks)
        assert refused is not None
        assert sentence in refused
        assert refused.endswith(".")


@every_model
def test_the_profiled_loadings_are_the_best_there_are(model: FactorModel) -> None:
    """Against the gradient, which vanishes, and against loadings on all sides; off the data's mean, too."""
    at, start = problem(model)
    assert np.any(start["mean"] != 0)
    best = model.profiled(at.prepared, start)
    value, gradient = at.gradient(best)
    assert gradient[best.layout.places["loadings"]] == pytest.approx(0.0, abs=1e-9 * at.total_weight)
    generator = np.random.Generator(np.random.Philox(0))
    for length in (1e-3, 0.1, 1.0):
        near = best["loadings"] + length * generator.standard_normal(best["loadings"].shape)
        assert at.log_likelihood(best.replaced({"loadings": near})) < value.log_likelihood
    for name in best.layout.by_name:
        assert name == "loadings" or np.array_equal(best[name], start[name])


@every_model
def test_a_climb_keeps_to_the_profile_from_its_first_step_on(model: FactorModel) -> None:
    at, start = problem(model)
    steps = list(run(at, Route(ProfileBfgs()), start, Stop(tolerance=1e-8, max_iterations=200)))
    assert steps[0].parameters is start
    assert np.array_equal(steps[1].parameters.vector, model.profiled(at.prepared, start).vector)
    for step in steps[1:]:
        state = step.state
        assert isinstance(state, BfgsState)
        assert "loadings" not in state.chart.names
        assert np.array_equal(step.parameters.vector, model.profiled(at.prepared, step.parameters).vector)
    for before, after in itertools.pairwise(steps):
        assert not after.decreased
        assert after.gradients > before.gradients or after.status == "converged"
    assert steps[-1].status == "converged"
    assert isinstance(steps[0].state, GradientState)


@pytest.mark.parametrize("model", [FactorAnalysis(factors=1), ProbabilisticPCA(factors=2)])
def test_both_end_where_em_ends(model: FactorModel) -> None:
    ends = []
    for algorithm in (ProfileBfgs(), ProfileFixedPoint()):
        at, start = problem(model)
        last = list(run(at, Route(algorithm), start, Stop(tolerance=1e-9, max_iterations=6000)))[-1]
        assert last.status == "converged"
        moved = model.m_step(at.expect(last.parameters).statistics, last.parameters)
        assert moved.vector == pytest.approx(last.parameters.vector, abs=1e-6)
        ends.append(last.log_likelihood)
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


def test_beside_a_heywood_case_the_profile_keeps_its_digits() -> None:
    """With two factors these data leave the second column without noise, and its logarithm runs away."""
    model = FactorAnalysis(factors=2)
    at, start = problem(model)
    last = list(run(at, Route(ProfileBfgs()), start, Stop(tolerance=1e-8, max_iterations=300)))[-1]
    assert last.status == "converged"
    assert last.parameters["uniquenesses"][1] < 1e-8
    gradient = at.gradient(last.parameters)[1] / at.total_weight
    assert gradient[last.parameters.layout.places["loadings"]] == pytest.approx(0.0, abs=1e-8)
    for uniqueness in (1e-6, 1e-12):
        small = np.array(last.parameters["uniquenesses"])
        small[1] = uniqueness
        there = model.profiled(at.prepared, last.parameters.replaced({"uniquenesses": small}))
        slope = at.gradient(there)[1] / at.total_weight
        assert slope[there.layout.places["loadings"]] == pytest.approx(0.0, abs=1e-8)
