"""What the gradient methods share that may look at a few rows at a time.

With all rows (batch size 0) one iteration is one update: value and gradient come from one pass, as in every gradient
method. With mini-batches one iteration is `updates` updates, each from the gradient of a few rows, scaled so that its
mean over all batches is the gradient of the mean log-likelihood; each is charged its share of a pass. Nobody knows the
log-likelihood then: it is measured after each iteration, for display, and nobody is charged for that.
"""

import dataclasses
import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, Position, State, unmeasured
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState, block_gradient
from engine.algorithms.mini_batches import MiniBatches, refuse_one_sequence
from engine.coordinates.base import Chart
from engine.models.base import Units
from engine.objective import Problem
from engine.parameters import Array, Parameters, frozen
from engine.settings import setting

Moments = tuple[Array, ...]
"""What an update remembers of earlier gradients, each (size,)."""


@dataclass(frozen=True, slots=True, eq=False)
class StochasticState(GradientState):
    """A gradient state with moments of earlier gradients, and how many updates were made under a key.

    After mini-batches the gradient is NaN until it is measured; the next step does not look at it.
    """

    moments: Moments
    updates: int
    key: int


def batch_size_setting(default: int) -> Any:
    """The field for how many rows one update looks at."""
    return setting(
        default,
        label="Batch size",
        help="How many rows one update looks at, at most; 0 for all of them.",
        minimum=0,
        maximum=10_000_000,
    )


@dataclass(frozen=True)
class StochasticGradientAlgorithm(CoordinateGradientAlgorithm):
    """A gradient method that keeps moments of the gradients it has seen, on all rows or on mini-batches."""

    requires: ClassVar[str] = (
        "a gradient, of a few rows at a time where there is a batch size, and coordinates for every free block"
    )

    batch_size: int = batch_size_setting(0)
    updates: int = setting(
        10,
        label="Updates",
        help="How many mini-batches make one iteration, after which the log-likelihood is measured; "
        "on all rows an iteration is one update.",
        minimum=1,
        maximum=100_000,
        logarithmic=True,
    )

    @abstractmethod
    def at_rest(self, x: Array) -> Moments:
        """The moments before the first update from x."""

    @abstractmethod
    def update(self, gradient: Array, moments: Moments, count: int) -> tuple[Array, Moments]:
        """The step that update number `count` (from 0) takes, and the moments after it.

        `gradient` is that of the mean log-likelihood, or its estimate from a mini-batch.
        """

    def ends(self, count: int) -> Info:
        """What there is to tell after so many updates in all."""
        return NOTHING_TO_TELL

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        if self.batch_size == 0:
            state = self.starting_state(problem, parameters)
            return _with_moments(state, self.at_rest(state.x), 0, key)
        self.check(problem)
        refuse_one_sequence(problem, self.name)
        chart = self.chart(parameters)
        x = frozen(chart.write(parameters))
        return _with_moments(_unmeasured(parameters, chart, x), self.at_rest(x), 0, key)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, StochasticState)
        if self.batch_size == 0:
            gradient = state.gradient / problem.total_weight
            step, moments = self.update(gradient, state.moments, state.updates)
            found = self.evaluate(problem, state.chart, state.x + step)
            return _with_moments(found, moments, state.updates + 1, state.key), self.ends(state.updates + 1)
        x, moments, parameters = state.x, state.moments, state.position.parameters
        batches = MiniBatches(state.key, problem.prepared.units, self.batch_size)
        last = state.updates + self.updates
        for count in range(state.updates, last):
            problem.workspace.checkpoint()
            gradient = batch_gradient(problem, state.chart, x, parameters, drawn(batches, count))
            step, moments = self.update(gradient, moments, count)
            x = x + step
            parameters = state.chart.read(x)
        x.setflags(write=False)
        found = _unmeasured(parameters, state.chart, x)
        return _with_moments(found, moments, last, state.key), self.ends(last)

    def measured(self, problem: Problem, state: State) -> State:
        assert isinstance(state, StochasticState)
        if not math.isnan(state.position.log_likelihood):
            return state
        parameters = state.position.parameters
        expectation, natural = block_gradient(problem, parameters)
        gradient = frozen(state.chart.pull_back(state.x, natural))
        position = Position(parameters, expectation.log_likelihood, expectation)
        return dataclasses.replace(state, position=position, gradient=gradient)


def drawn(batches: MiniBatches, count: int) -> Units:
    """The rows of update number `count`; None where a batch is all of them."""
    return batches.batch(count) if batches.per_epoch > 1 else None


def batch_gradient(problem: Problem, chart: Chart, x: Array, parameters: Parameters, units: Units) -> Array:
    """The gradient (size,) of the mean log-likelihood at x, estimated from some rows without bias.

    `parameters` are those at x. Costs the rows' share of a pass; raises UndefinedLikelihood.
    """
    _, natural = block_gradient(problem, parameters, units)
    scale = 1.0 if units is None else problem.prepared.units / len(units)
    return chart.pull_back(x, natural) * (scale / problem.total_weight)


def _unmeasured(parameters: Parameters, chart: Chart, x: Array) -> GradientState:
    return GradientState(unmeasured(parameters), chart, x, frozen(np.full_like(x, math.nan)))


def _with_moments(state: GradientState, moments: Moments, updates: int, key: int) -> StochasticState:
    for each in moments:
        each.setflags(write=False)
    return StochasticState(state.position, state.chart, state.x, state.gradient, moments, updates, key)
