"""What happened in a lane: append-only columns, and any step's state looked up again."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.algorithms.base import Event, State
from engine.parameters import Array, Layout, Parameters

STATE_BUDGET_BYTES = 64 << 20

RUNNING = "running"
PAUSED = ("paused", "the cursor stands here")
STATUS_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "running": "The lane is at work: it computes ahead of the cursor.",
        "paused": "The cursor stands before the lane's end: it goes on when you run or step.",
        "converged": "The stopping rule holds, and no direction was found in which the log-likelihood rises.",
        "iteration-limit": "The lane took all the steps, or all the passes over the data, that the limits "
        "allow, and the stopping rule does not hold yet: this is where it was stopped, not a maximum.",
        "time-limit": "The lane used all the CPU time that its limit allows; how far it came depends on the "
        "machine.",
        "diverged": "A step landed where a number is not finite any more. The steps are too long: lower the "
        "learning rate, or choose a line search.",
        "left-constraints": "A step left what parameters may be: a weight below 0, weights that do not sum to 1, "
        "or a covariance that is not positive definite. What is climbed there is no likelihood. Choose "
        "coordinates that keep the constraints, or a shorter step.",
        "collapsed": "A component closed in on so few points that its covariance is singular: the likelihood has "
        "no maximum there and grows without end. A covariance floor, or another start, avoids it.",
        "refused": "The lane cannot work here, or cannot begin at this start; its sentence says why and what to "
        "choose instead.",
        "stuck": "The stopping rule holds, but the log-likelihood rises in some direction that the method "
        "cannot take from here: a saddle point, or a weight of 0 that it can never raise again.",
        "stopped": "The method itself has nothing more to do here, though this need not be a maximum, or the "
        "program ended the lane; its sentence says which.",
    }
)
"""What it means for a lane to have each of the statuses, with what to do about it."""
STATUSES = tuple(STATUS_MEANINGS)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One entry of a trace: the state that step `iteration` produced and what it has cost so far.

    `parameters` are the state's, except where the step landed without a likelihood: then `state` is the
    last one that has a likelihood, `parameters` are those that lost it, and `log_likelihood` is NaN.
    `is_likelihood` is false while the lane is outside the constraints.
    """

    iteration: int
    state: State | None
    parameters: Parameters
    log_likelihood: float
    stationarity: float
    e_steps: int
    gradients: int
    log_likelihoods: int
    m_steps: int
    trials: int
    quadratic_programs: int
    passes: float
    cpu_seconds: float
    is_likelihood: bool = True
    decreased: bool = False
    events: tuple[Event, ...] = ()
    status: str = RUNNING
    reason: str = ""


COLUMNS: dict[str, type] = {
    "log_likelihood": np.float64,
    "stationarity": np.float64,
    "e_steps": np.int64,
    "gradients": np.int64,
    "log_likelihoods": np.int64,
    "m_steps": np.int64,
    "trials": np.int64,
    "quadratic_programs": np.int64,
    "passes": np.float64,
    "cpu_seconds": np.float64,
    "is_likelihood": np.bool_,
    "decreased": np.bool_,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is kept of every `stride`-th step. Exchanged as a whole, so that a reader sees it whole."""

    stride: int
    count: int
    states: list[State | None]
    vectors: Array


class Trace:
    """Steps of one lane, written by one thread and read by others up to `count`.

    Columns keep every step. States and parameter vectors keep every 2^k-th within a memory budget; what
    lies between is computed again by `replay` (given a kept iteration, its state and the one wanted).
    """

    def __init__(self, layout: Layout, budget_bytes: int = STATE_BUDGET_BYTES) -> None:
        self.layout = layout
        self.count = 0
        self.status = RUNNING
        self.reason = ""
        self.events: list[tuple[int, Event]] = []
        self.replay: Callable[[int, State, int], Parameters] | None = None
        self._budget = budget_bytes
        self._columns: dict[str, npt.NDArray[Any]] = {
            name: np.empty(64, dtype=kind) for name, kind in COLUMNS.items()
        }
        self._kept = _Kept(1, 0, [], np.empty((64, layout.size)))
        self._last: Step | None = None

    def append(self, step: Step) -> None:
        """Adds the next step; its iteration must be `count`."""
        if step.iteration != self.count:
            raise ValueError(f"step {step.iteration} cannot follow {self.count} steps")
        index = self.count
        if index == len(self._columns["passes"]):
            self._columns = {
                name: np.concatenate((column, np.empty_like(column)))
                for name, column in self._columns.items()
            }
        for name, column in self._columns.items():
            column[index] = getattr(step, name)
        if index % self._kept.stride == 0:
            self._keep(step)
        self._last = step
        self.events.extend((index, event) for event in step.events)
        self.count = index + 1
        # Last of all: who sees that a trace has ended sees all of it.
        self.status, self.reason = step.status, step.reason

    def _keep(self, step: Step) -> None:
        kept = self._kept
        stride, count, states, vectors = kept.stride, kept.count, kept.states, kept.vectors
        if count == len(vectors):
            vectors = np.concatenate((vectors, np.empty_like(vectors)))
        vectors[count] = step.parameters.vector
        states.append(step.state)
        count += 1
        statistics = 0 if step.state is None else step.state.position.expectation.statistics.nbytes
        beside = 0 if step.state is None else step.state.nbytes
        size = 4 * step.parameters.vector.nbytes + 2 * statistics + beside + 1000
        if count * size > self._budget and count > 64:
            vectors, states = np.array(vectors[:count:2]), states[:count:2]
            count, stride = len(states), 2 * stride
        self._kept = _Kept(stride, count, states, vectors)

    def fail(self, reason: str) -> None:
        """Ends the trace where it is, for a reason that no step gave."""
        self.status, self.reason = "stopped", reason

    @property
    def stride(self) -> int:
        """Every how many steps a state is kept."""
        return self._kept.stride

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of `COLUMNS` up to now; a view, to be read only."""
        return self._columns[name][: self.count]

    def floats(self, name: str) -> Array:
        """A column of floats."""
        return np.asarray(self.column(name), dtype=np.float64)

    @property
    def last(self) -> Step:
        """The newest step."""
        if self._last is None:
            raise IndexError("the trace is empty")
        return self._last

    @property
    def ended(self) -> bool:
        return self.status != RUNNING

    def path(self, name: str, until: int | None = None) -> tuple[npt.NDArray[np.intp], Array]:
        """Iterations that are kept and the block `name` at each (m, *shape), in frame units."""
        last = self.count - 1 if until is None else min(until, self.count - 1)
        kept = self._kept
        count = min(kept.count, last // kept.stride + 1)
        vectors = kept.vectors[:count, self.layout.places[name]]
        block = self.layout.by_name[name]
        return np.arange(count) * kept.stride, vectors.reshape(count, *block.shape)

    def nearest_state(self, iteration: int) -> tuple[int, State]:
        """The newest kept state at or before an iteration, and its iteration."""
        last = self._last
        if last is not None and iteration == last.iteration:
            state = last.state
            if state is not None and last.parameters is state.position.parameters:
                return iteration, state
        kept = self._kept
        place = min(iteration // kept.stride, kept.count - 1)
        while (state := kept.states[place]) is None or not _landed(state, kept.vectors[place]):
            place -= 1
        return place * kept.stride, state

    def parameters(self, iteration: int) -> Parameters:
        """The parameters that step `iteration` produced, computed again where they were not kept."""
        if not 0 <= iteration < self.count:
            raise IndexError(f"iteration {iteration} is not among the {self.count} of this trace")
        last = self._last
        if last is not None and iteration == last.iteration:
            return last.parameters
        kept = self._kept
        if iteration % kept.stride == 0:
            vector = np.array(kept.vectors[iteration // kept.stride])
            vector.setflags(write=False)
            return Parameters(self.layout, vector)
        place, state = self.nearest_state(iteration)
        if self.replay is None:
            raise LookupError(f"iteration {iteration} was not kept and there is nothing to replay it with")
        return self.replay(place, state, iteration)

    def events_before(self, count: int) -> tuple[tuple[int, Event], ...]:
        """Events of the first `count` steps with their iterations, also while the trace grows in another thread."""
        events = tuple(self.events)
        end = len(events)
        while end and events[end - 1][0] >= count:
            end -= 1
        return events[:end]

    def events_at(self, iteration: int) -> tuple[Event, ...]:
        """What happened at an iteration."""
        return tuple(event for place, event in self.events if place == iteration)

    @property
    def nbytes(self) -> int:
        """Memory of the columns and vectors."""
        return sum(sys.getsizeof(column) for column in self._columns.values()) + self._kept.vectors.nbytes

    def step_at(self, iteration: int, state: State) -> Step:
        """The entry `iteration` again, from the columns and the state that the caller looked up."""
        columns = {name: column[iteration].item() for name, column in self._columns.items()}
        parameters = state.position.parameters
        return Step(iteration, state, parameters, events=self.events_at(iteration), **columns)

    def copied_until(self, iteration: int, state: State) -> "Trace":
        """The entries 0 to `iteration`, whose state is given, as a running trace to be continued."""
        other = Trace(self.layout, self._budget)
        kept = self._kept
        count = iteration // kept.stride + 1
        other.count = iteration + 1
        other._columns = {name: np.array(column) for name, column in self._columns.items()}
        other._kept = _Kept(kept.stride, count, kept.states[:count], np.array(kept.vectors))
        other._last = self.step_at(iteration, state)
        other.events = [(place, event) for place, event in self.events if place <= iteration]
        other.replay = self.replay
        return other

    def until(self, iteration: int) -> "Trace":
        """What is known at an iteration, to be read only: its entries 0 to `iteration`, paused there.

        The whole of a trace that has ended stays ended. It does not change while this one grows on.
        """
        whole = self.ended and iteration == self.last.iteration
        columns, kept = self._columns, self._kept
        other = Trace(self.layout, self._budget)
        other.count = iteration + 1
        other._columns = columns
        count = iteration // kept.stride + 1
        other._kept = _Kept(kept.stride, count, kept.states[:count], kept.vectors)
        entry = {name: column[iteration].item() for name, column in columns.items()}
        other._last = Step(iteration, None, self.parameters(iteration), **entry)
        other.events = [(place, event) for place, event in self.events if place <= iteration]
        other.replay = self.replay
        other.status, other.reason = (self.status, self.reason) if whole else PAUSED
        return other


def _landed(state: State, vector: Array) -> bool:
    """Whether the kept parameters are the state's own, and not those of a step that lost its likelihood."""
    return bool(np.array_equal(vector, state.position.parameters.vector, equal_nan=True))
