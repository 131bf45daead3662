"""Mirror ascent in mean parameters: step 1 is EM, others are not."""

import itertools
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.mirror_ascent import MirrorAscent
from engine.errors import CannotRun
from engine.models.base import UndefinedLikelihood
from engine.models.exponential_family import CompleteExponentialFamily
from engine.roundoff import roundoff_bound
from engine.run import Intervention
from tests.engine.algorithms.starts import (
    Beginning,
    collapsing,
    deaths,
    faithful,
    first_experiment,
    zero_weight,
)
from tests.engine.models.cases import CASES, Case

FAMILIES = [case for case in CASES if isinstance(case.model, CompleteExponentialFamily)]
every_family = pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case.label)


@every_family
def test_step_1_is_em_on_every_model(case: Case) -> None:
    problem, mirror, em = case.problem(), MirrorAscent(), ExpectationMaximization()
    one, other = mirror.init(problem, case.parameters, 0), em.init(problem, case.parameters, 0)
    for _ in range(3):
        one, _ = mirror.step(problem, one)
        other, _ = em.step(problem, other)
        np.testing.assert_allclose(
            one.position.parameters.vector, other.position.parameters.vector, rtol=1e-13, atol=1e-14
        )


SHARES = {
    "deaths": (deaths(), slice(0, 2)),
    "faithful": (faithful(), slice(0, 6)),
    "known components": (zero_weight(), slice(0, 1)),
}
"""A beginning, and which statistics of a component have a free parameter of their own."""


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("step_size", [0.25, 0.5, 1.0])
def test_the_mean_parameters_go_their_share_of_the_way(name: str, step_size: float) -> None:
    """m+ = m + step (s/n - m), where m+ is computed from the new parameters."""
    start, free = SHARES[name]
    problem, algorithm = start.problem(), MirrorAscent(step_size=step_size)
    model = problem.model
    assert isinstance(model, CompleteExponentialFamily)
    state = algorithm.init(problem, start.start, 0)
    for _ in range(5):
        old = model.mean_statistics(problem.prepared, state.position.parameters)
        found = state.position.expectation.statistics
        state, _ = algorithm.step(problem, state)
        new = model.mean_statistics(problem.prepared, state.position.parameters)
        components = len(state.position.parameters["weights"])
        wanted = (old + step_size * (found - old)).reshape(2, components, -1)[0, :, free]
        np.testing.assert_allclose(new.reshape(2, components, -1)[0, :, free], wanted, rtol=1e-11, atol=1e-10)


@every_family
@pytest.mark.parametrize("step_size", [0.3, 1.0])
def test_no_step_up_to_1_loses(case: Case, step_size: float) -> None:
    algorithm, problem = MirrorAscent(step_size=step_size), case.problem()
    assert algorithm.promises == "log-likelihood"
    state = algorithm.init(problem, case.parameters, 0)
    for _ in range(12):
        try:
            new, _ = algorithm.step(problem, state)
        except UndefinedLikelihood:
            break
        value = new.position.log_likelihood
        assert state.position.log_likelihood - value <= roundoff_bound(value, problem.total_weight)
        state = new


@pytest.mark.parametrize("start", [deaths(), faithful()], ids=["deaths", "faithful"])
def test_an_iteration_gains_at_least_the_divergence_between_iterates(start: Beginning) -> None:
    """Kunstner, Kumar & Schmidt: l(t+1) - l(t) >= n KL(theta(t+1) || theta(t)) of the complete data."""
    problem = start.problem()
    model, prepared = problem.model, problem.prepared
    assert isinstance(model, CompleteExponentialFamily)
    for before, step in itertools.pairwise(start.steps(MirrorAscent(), tolerance=0.0, max_iterations=25)):
        mean = model.mean_statistics(prepared, step.parameters)
        here = model.expected_log_likelihood(prepared, mean, step.parameters)
        there = model.expected_log_likelihood(prepared, mean, before.parameters)
        assert here - there > 0
        assert step.log_likelihood - before.log_likelihood >= here - there - 1e-9


def test_a_longer_step_may_lose_and_promises_nothing() -> None:
    algorithm = MirrorAscent(step_size=1.5)
    assert algorithm.promises is None
    steps = first_experiment().steps(algorithm)
    assert any(step.decreased for step in steps)
    assert steps[-1].status == "converged"


@pytest.mark.parametrize(
    ("start", "step_size", "sentence"),
    [
        (zero_weight(), 1.9, "weight 3 became -0.083"),
        (faithful(), 1.5, "covariance 2 lost positive definiteness"),
        (deaths(), 5.0, "weight 2 became -0.953"),
    ],
)
def test_a_longer_step_may_leave_the_constraints(start: Beginning, step_size: float, sentence: str) -> None:
    steps = start.steps(MirrorAscent(step_size=step_size))
    assert steps[-1].status == "left-constraints"
    assert sentence in steps[-1].reason
    assert steps[-1].state is steps[-2].state


def test_its_step_may_change_in_flight() -> None:
    slow = faithful().steps(ExpectationMaximization(), tolerance=0.0, max_iterations=1)
    steps = faithful().steps(
        MirrorAscent(), Intervention(1, "step_size", 0.5), tolerance=0.0, max_iterations=2
    )
    np.testing.assert_allclose(steps[1].parameters.vector, slow[1].parameters.vector, rtol=1e-13)
    assert steps[2].log_likelihood > steps[1].log_likelihood


def test_a_collapse_is_told_from_leaving_the_constraints() -> None:
    assert collapsing(4.0).steps(MirrorAscent())[-1].status == "collapsed"


def test_a_model_without_mean_parameters_is_refused_before_any_pass() -> None:
    problem = faithful().problem()
    problem.model = cast(Any, SimpleNamespace(name="another model"))
    with pytest.raises(CannotRun, match=r"another model does not offer; choose em"):
        MirrorAscent().init(problem, faithful().start, 0)
    assert problem.meter.passes == 0
