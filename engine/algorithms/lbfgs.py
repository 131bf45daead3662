"""Limited-memory BFGS with a strong Wolfe line search."""

import math
import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import (
    CoordinateGradientAlgorithm,
    GradientState,
    slope_along,
    within_roundoff,
)
from engine.algorithms.more_thuente import ACCEPTED, TRIAL, advance, begin, shortened
from engine.errors import CannotRun
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters, Simplex
from engine.roundoff import roundoff_bound
from engine.settings import setting

MOST_TRIALS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """One step s and the fall y of the gradient along it, with their product s'y > 0."""

    step: Array
    fall: Array
    product: float


@dataclass(frozen=True, slots=True, eq=False)
class LbfgsState(GradientState):
    """A gradient state with the newest corrections, oldest first."""

    memory: tuple[Correction, ...]


@dataclass(frozen=True)
class LimitedMemoryBfgs(CoordinateGradientAlgorithm):
    """Learns the curvature from its own last steps and takes nearly Newton's step.

    Two-loop recursion (Nocedal 1980, Math. Comp. 35, 773-782), scaled by s'y/y'y, and the line search of
    Moré & Thuente; constants and the rule for skipping a correction are those of L-BFGS-B 3.0 (Morales &
    Nocedal 2011, ACM Trans. Math. Software 38, 7), so that without bounds both evaluate at the same points,
    with two exceptions: a steepest-ascent step is never begun longer than 1, nor longer than the gradient
    itself, and a change that rounding could explain is judged by the slopes. One iteration is one accepted
    step; every trial costs a gradient. Where a trial has no likelihood the step is halved, and if nothing is
    found before it, the step is lost there.

    The right one where clusters overlap and EM crawls; it needs no learning rate.
    """

    name: ClassVar[str] = "lbfgs"
    source: ClassVar[str] = "Nocedal (1980), Math. Comp. 35, 773-782; Moré & Thuente (1994)"
    promises: ClassVar[str | None] = "log-likelihood"

    memory: int = setting(
        10,
        label="Memory",
        help="How many of the last steps the curvature is learnt from.",
        minimum=1,
        maximum=100,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        layout = parameters.layout
        free_weights = any(isinstance(layout.by_name[name].support, Simplex) for name in layout.free)
        if free_weights and self.weight_coordinates == "raw":
            raise CannotRun(
                "L-BFGS cannot climb in raw weights: there is no maximum, because the value grows without "
                "end with the sum of the weights; choose softmax or drop-last."
            )
        return _with_memory(self.starting_state(problem, parameters), ())

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, LbfgsState)
        direction = _two_loop(state.memory, state.gradient)
        found = self._searched(problem, state, direction, 1.0 if state.memory else _first_step(direction))
        memory, info = state.memory, NOTHING_TO_TELL
        if not isinstance(found, GradientState) and memory:
            memory = ()
            info = Info((Event("fallback", "no step along the learnt direction rises: it was forgotten"),))
            direction = state.gradient
            found = self._searched(problem, state, direction, _first_step(direction))
        if isinstance(found, GradientState):
            return _with_memory(found, self._updated(memory, state, found)), info
        if found is not None:
            raise found
        reason = "at working precision no step raises the log-likelihood any more"
        return state, Info(info.events, Ended("converged", reason))

    def _searched(
        self, problem: Problem, state: LbfgsState, direction: Array, first: float
    ) -> GradientState | UndefinedLikelihood | None:
        """The state that the line search accepts; otherwise the last trial without likelihood, or None."""
        start, slope = state.position.log_likelihood, slope_along(state, direction)
        if not (slope > 0.0 and math.isfinite(slope)):
            return None
        bound = roundoff_bound(start, problem.total_weight)
        search = begin(-start, -slope, first)
        tried: dict[float, GradientState] = {}
        undefined: UndefinedLikelihood | None = None
        for _ in range(MOST_TRIALS):
            trial = self.attempt(problem, state.chart, state.x + search.step * direction)
            if isinstance(trial, UndefinedLikelihood):
                undefined, search = trial, shortened(search)
                continue
            value, slope_there = trial.position.log_likelihood, slope_along(trial, direction)
            if not math.isfinite(slope_there):
                search = shortened(search)
                continue
            tried[search.step] = trial
            search = advance(search, -value, -slope_there)
            if search.outcome == ACCEPTED or within_roundoff(value, start, bound, slope_there, slope):
                return trial
            if search.outcome != TRIAL:
                break
        return tried.get(search.step, undefined) if search.outcome != TRIAL else undefined

    def _updated(
        self, memory: tuple[Correction, ...], old: GradientState, new: GradientState
    ) -> tuple[Correction, ...]:
        """The memory with the newest correction, unless its curvature is not positive beyond rounding."""
        step, fall = new.x - old.x, old.gradient - new.gradient
        product = float(np.dot(step, fall))
        if product <= sys.float_info.epsilon * float(np.dot(old.gradient, step)):
            return memory
        step.setflags(write=False)
        fall.setflags(write=False)
        return (*memory, Correction(step, fall, product))[-self.memory :]


def _with_memory(state: GradientState, memory: tuple[Correction, ...]) -> LbfgsState:
    return LbfgsState(state.position, state.chart, state.x, state.gradient, memory)


def _first_step(gradient: Array) -> float:
    """The first trial along the gradient itself: it moves by at most 1."""
    length = float(np.linalg.norm(gradient))
    return 1.0 / length if length > 1.0 else 1.0


def _two_loop(memory: tuple[Correction, ...], gradient: Array) -> Array:
    """The inverse of the learnt curvature times the gradient (Nocedal & Wright 2006, algorithm 7.4)."""
    if not memory:
        return gradient
    direction = np.array(gradient)
    shares = []
    for each in reversed(memory):
        share = float(np.dot(each.step, direction)) / each.product
        direction -= share * each.fall
        shares.append(share)
    newest = memory[-1]
    direction *= newest.product / float(np.dot(newest.fall, newest.fall))
    for each, share in zip(memory, reversed(shares), strict=True):
        direction += (share - float(np.dot(each.fall, direction)) / each.product) * each.step
    return direction
