"""What methods on mini-batches keep: unbiased estimates, honest costs, purity, a measured value at every entry."""

import dataclasses
import itertools
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from engine.algorithms.adam import Adam
from engine.algorithms.base import Algorithm
from engine.algorithms.gradient import GradientState
from engine.algorithms.mini_batches import MiniBatches
from engine.algorithms.rmsprop import RmsProp
from engine.algorithms.sgd import StochasticGradientAscent
from engine.algorithms.stochastic_gradient import batch_gradient
from engine.algorithms.svrg import Svrg
from engine.objective import Problem
from engine.run import Route, run
from engine.stopping import Stop
from tests.engine.algorithms import test_laws as laws
from tests.engine.algorithms.cover import COVER, Combination
from tests.engine.algorithms.starts import faithful
from tests.engine.models.cases import data_for, random_parameters, variants

STOCHASTIC = ("adam", "rmsprop", "sgd", "svrg")
ON_BATCHES = (
    Adam(batch_size=30, updates=4),
    RmsProp(batch_size=30, updates=4),
    StochasticGradientAscent(batch_size=30, updates=4, momentum=0.5),
    Svrg(batch_size=30, updates=4),
)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["gaussian-mixture", "poisson-mixture"])
def test_the_mean_over_an_epoch_is_the_full_gradient(name: str, weighted: bool) -> None:
    """Weighted by batch sizes, which may differ by one; also where rows have weights, 0 among them."""
    model = dict(variants())[name]
    prepared = model.prepare(data_for(model, 2, weighted))
    start = random_parameters(model, prepared, seed=5)
    problem = Problem(model, prepared, 1)
    state = StochasticGradientAscent(batch_size=0).init(problem, start, 0)
    assert isinstance(state, GradientState)
    batches = MiniBatches(0, prepared.units, 7)
    total = np.zeros_like(state.x)
    for count in range(batches.per_epoch):
        batch = batches.batch(count)
        estimate = batch_gradient(problem, state.chart, state.x, start, batch)
        total += len(batch) / prepared.units * estimate
    np.testing.assert_allclose(total, state.gradient / problem.total_weight, rtol=1e-10, atol=1e-13)
    assert problem.meter.passes == pytest.approx(2.0)


@pytest.mark.parametrize("algorithm", ON_BATCHES, ids=lambda each: each.name)
def test_batches_are_charged_their_share_and_the_measuring_nothing(algorithm: Any) -> None:
    beginning = faithful()
    units = beginning.problem().prepared.units
    batches = MiniBatches(0, units, 30)
    steps = beginning.steps(algorithm, tolerance=0.0, max_iterations=6)
    full = 1.0 if algorithm.name == "svrg" else 0.0
    for before, step in itertools.pairwise(steps):
        drawn = range(4 * before.iteration, 4 * step.iteration)
        shares = [len(batches.batch(count)) / units for count in drawn]
        expected = 1.0 + 2 * sum(shares[1:]) if full else sum(shares)
        assert step.passes - before.passes == pytest.approx(expected, rel=1e-12)
    assert steps[0].passes == full
    assert all(step.e_steps == step.log_likelihoods == 0 for step in steps)


@pytest.mark.parametrize("algorithm", ON_BATCHES, ids=lambda each: each.name)
def test_every_entry_has_the_log_likelihood_of_all_rows_at_its_own_parameters(algorithm: Algorithm) -> None:
    beginning = faithful()
    for step in beginning.steps(algorithm, tolerance=0.0, max_iterations=5):
        assert step.log_likelihood == beginning.problem().log_likelihood(step.parameters)
        assert isinstance(step.state, GradientState)
        expectation, natural = beginning.problem().gradient(step.parameters)
        assert step.log_likelihood == expectation.log_likelihood
        np.testing.assert_array_equal(step.state.gradient, step.state.chart.pull_back(step.state.x, natural))


@pytest.mark.parametrize("algorithm", ON_BATCHES, ids=lambda each: each.name)
def test_the_key_decides_the_batches_and_nothing_else_does(algorithm: Algorithm) -> None:
    def end(key: int) -> bytes:
        beginning = faithful()
        stop = Stop(tolerance=0.0, max_iterations=4)
        *_, last = run(beginning.problem(), Route(algorithm, key=key), beginning.start, stop)
        return last.parameters.vector.tobytes()

    assert end(0) == end(0)
    assert end(0) != end(1)


class OnSmallBatches(Combination):
    """The same combination with batches of seven rows, three of them an iteration."""

    @cached_property
    def algorithm(self) -> Algorithm:
        changes: dict[str, Any] = {"batch_size": 7, "updates": 3}
        return dataclasses.replace(super().algorithm, **changes)


BATCHED = [
    OnSmallBatches(case.chosen)
    for name in STOCHASTIC
    for case in [each for each in COVER if each.algorithm.name == name][:6]
]


@pytest.mark.parametrize("case", BATCHED, ids=str)
@pytest.mark.parametrize(
    "law",
    [
        laws.steps_are_pure_and_frozen,
        laws.a_position_has_its_own_log_likelihood,
        laws.keeping_coordinates_stay_inside_at_any_rate,
        laws.every_run_ends_with_one_status_and_a_sentence,
        laws.it_goes_on_and_is_replayed_bit_for_bit,
    ],
    ids=lambda law: law.__name__,
)
def test_the_laws_hold_on_mini_batches(law: Callable[[Combination], None], case: Combination) -> None:
    laws.obey(law, case)
