"""Stochastic gradients whose noise is taken out by a full gradient now and then."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.algorithms.mini_batches import MiniBatches, refuse_one_sequence
from engine.algorithms.stochastic_gradient import batch_gradient, drawn
from engine.objective import Problem
from engine.parameters import Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class SvrgState(GradientState):
    """A gradient state at a snapshot, and how many updates were made under a key."""

    updates: int
    key: int


@dataclass(frozen=True)
class Svrg(CoordinateGradientAlgorithm):
    """Takes the full gradient once, then many cheap steps that correct it by what a few rows say has changed.

    At a snapshot s the gradient G of the mean log-likelihood is known from all rows. Each update draws a mini-batch
    and steps along

        x <- x + rate * (g(x) - g(s) + G),

    g the batch's own gradient: right in the mean like g(x), but with less and less noise as x and s approach the
    maximum, so that a constant rate converges, linearly (Johnson & Zhang 2013, with their option I). After
    `updates` updates x is the next snapshot; that is one iteration, and it costs a pass and twice the batches'
    shares, but for the first, where x is the snapshot. Value and gradient at a snapshot are charged like any other.

    The right one where rows are many and more is wanted than a cloud around the maximum.
    """

    name: ClassVar[str] = "svrg"
    source: ClassVar[str] = (
        "Johnson & Zhang (2013), Advances in Neural Information Processing Systems 26, 315-323"
    )
    requires: ClassVar[str] = (
        "a gradient, of all rows and of a few at a time, and coordinates for every free block"
    )

    learning_rate: float = setting(
        0.1,
        label="Learning rate",
        help="Length of a step, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    batch_size: int = setting(
        100,
        label="Batch size",
        help="How many rows one update looks at, at most.",
        minimum=1,
        maximum=10_000_000,
        logarithmic=True,
    )
    updates: int = setting(
        0,
        label="Updates",
        help="How many mini-batches follow each full gradient; 0 for as many as see every row once.",
        minimum=0,
        maximum=100_000,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        refuse_one_sequence(problem, self.name)
        return _snapshot(self.starting_state(problem, parameters), 0, key)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, SvrgState)
        chart, x, parameters = state.chart, state.x, state.position.parameters
        batches = MiniBatches(state.key, problem.prepared.units, self.batch_size)
        direction = full = state.gradient / problem.total_weight
        last = state.updates + (self.updates or batches.per_epoch)
        for count in range(state.updates, last):
            if x is not state.x:
                problem.workspace.checkpoint()
                batch = drawn(batches, count)
                here = batch_gradient(problem, chart, x, parameters, batch)
                there = batch_gradient(problem, chart, state.x, state.position.parameters, batch)
                direction = here - there + full
            x = x + self.learning_rate * direction
            parameters = chart.read(x)
        return _snapshot(self.evaluate(problem, chart, x), last, state.key), NOTHING_TO_TELL


def _snapshot(state: GradientState, updates: int, key: int) -> SvrgState:
    return SvrgState(state.position, state.chart, state.x, state.gradient, updates, key)
