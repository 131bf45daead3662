"""What the methods share that choose a direction and then step where both strong Wolfe conditions hold."""

import math
from abc import abstractmethod
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
from engine.algorithms.more_thuente import (
    ACCEPTED,
    FOR_QUASI_NEWTON,
    TRIAL,
    Tolerances,
    advance,
    begin,
    shortened,
)
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters

MOST_TRIALS = 20
LITTLE_MORE = 1.01


@dataclass(frozen=True)
class StrongWolfeAlgorithm(CoordinateGradientAlgorithm):
    """A method that learns directions from its own steps and searches along them (Moré & Thuente 1994).

    One iteration is one accepted step; every trial costs a gradient. Where a trial has no likelihood the step
    is halved. Where no step along the learnt direction rises, it is forgotten and the gradient itself is tried;
    if that does not rise either, the step is lost where there was no likelihood, or the method has converged.
    """

    promises: ClassVar[str | None] = "log-likelihood"
    refuses_raw_weights: ClassVar[bool] = True
    requires: ClassVar[str] = (
        "a gradient, and coordinates for every free block, in which the weights sum to 1"
    )
    tolerances: ClassVar[Tolerances] = FOR_QUASI_NEWTON

    @abstractmethod
    def forgetful(self, state: GradientState) -> GradientState:
        """This method's state at a point, with nothing learnt."""

    @abstractmethod
    def has_learnt(self, state: GradientState) -> bool:
        """Whether the direction is another one than the gradient."""

    @abstractmethod
    def direction(self, state: GradientState) -> Array:
        """Where to search: the gradient while nothing is learnt."""

    @abstractmethod
    def learnt(self, problem: Problem, before: GradientState, after: GradientState) -> GradientState:
        """This method's state at the end of a step, with what the step taught."""

    def first_trial(self, state: GradientState, direction: Array) -> float:
        """The first step to try: 1 along a learnt direction."""
        return 1.0 if self.has_learnt(state) else first_along_gradient(direction)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.forgetful(self.starting_state(problem, parameters))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        before, info = state, NOTHING_TO_TELL
        found = self._searched(problem, before)
        if not isinstance(found, GradientState) and self.has_learnt(before):
            info = Info((Event("fallback", "no step along the learnt direction rises: it was forgotten"),))
            before = self.forgetful(state)
            found = self._searched(problem, before)
        if isinstance(found, GradientState):
            return self.learnt(problem, before, found), info
        if found is not None:
            raise found
        reason = "at working precision no step raises the log-likelihood any more"
        return state, Info(info.events, Ended("converged", reason))

    def _searched(self, problem: Problem, state: GradientState) -> GradientState | UndefinedLikelihood | None:
        """The state that the line search accepts or the best it found; else the last trial without likelihood."""
        direction = self.direction(state)
        start, slope = state.position.log_likelihood, slope_along(state, direction)
        if not (slope > 0.0 and math.isfinite(slope)):
            return None
        bound = problem.roundoff_bound(start)
        first = self.first_trial(state, direction)
        search = begin(-start, -slope, first, tolerances=self.tolerances)
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
            # Where rounding hides the rise, the slopes at both ends still tell it, by the trapezium between them.
            hidden = abs(value - start) <= bound
            told = start + 0.5 * search.step * (slope + slope_there) if hidden else value
            search = advance(search, -told, -slope_there)
            curvature = search.tolerances.curvature
            if search.outcome == ACCEPTED or within_roundoff(
                value, start, bound, slope_there, slope, curvature
            ):
                return trial
            if search.outcome != TRIAL:
                break
        if search.outcome != TRIAL:
            return tried.get(search.step, undefined)
        best = tried.get(search.best.step)
        return best if best is not None and best.position.log_likelihood > start + bound else undefined


def first_along_gradient(gradient: Array) -> float:
    """The first trial along the gradient itself: it moves by at most 1."""
    length = float(np.linalg.norm(gradient))
    return 1.0 / length if length > 1.0 else 1.0


def step_for_rise(rise: float, slope: float) -> float:
    """A little more than the step with which a parabola of this slope at 0 rises so far to its top, at most 1.

    With the rise of the step before it is a first trial that needs no scale (Nocedal & Wright 2006, equation 3.60
    and below it).
    """
    return min(1.0, LITTLE_MORE * 2.0 * rise / slope)


def supposed_rise(state: GradientState) -> float:
    """A rise for the first trial of all, with which it moves along the gradient by about 1."""
    return 0.5 * float(np.linalg.norm(state.gradient))


def rise_between(problem: Problem, before: GradientState, after: GradientState) -> float:
    """By how much a step rose; from the slopes at its ends where rounding hides the difference of the values."""
    start = before.position.log_likelihood
    rise = after.position.log_likelihood - start
    if rise > problem.roundoff_bound(start):
        return rise
    return max(0.0, 0.5 * float(np.dot(before.gradient + after.gradient, after.x - before.x)))
