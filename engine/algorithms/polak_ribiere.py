"""Conjugate directions, for the methods that climb along them."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.gradient import GradientState, slope_along
from engine.algorithms.more_thuente import Tolerances
from engine.algorithms.strong_wolfe import (
    StrongWolfeAlgorithm,
    first_along_gradient,
    rise_between,
    step_for_rise,
    supposed_rise,
)
from engine.objective import Problem
from engine.parameters import Array

LEAST_ASCENT = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class ConjugateState(GradientState):
    """A gradient state with the direction to search next (None: the gradient), and by how much the last step rose."""

    bent: Array | None
    rise: float


@dataclass(frozen=True)
class PolakRibiere(StrongWolfeAlgorithm):
    """A method that bends the gradient by its last direction, d <- g + beta d, and searches closely along it."""

    tolerances: ClassVar[Tolerances] = Tolerances(sufficient=1e-4, curvature=0.4, narrow=1e-14)

    @abstractmethod
    def along(self, state: GradientState, bent: Array | None, rise: float) -> ConjugateState:
        """This method's state at a point, with the direction to search next and the rise of the last step."""

    def forgetful(self, state: GradientState) -> GradientState:
        return self.along(state, None, supposed_rise(state))

    def has_learnt(self, state: GradientState) -> bool:
        assert isinstance(state, ConjugateState)
        return state.bent is not None

    def direction(self, state: GradientState) -> Array:
        assert isinstance(state, ConjugateState)
        return state.gradient if state.bent is None else state.bent

    def first_trial(self, state: GradientState, direction: Array) -> float:
        assert isinstance(state, ConjugateState)
        if state.rise > 0.0:
            return step_for_rise(state.rise, slope_along(state, direction))
        return first_along_gradient(direction)

    def learnt(self, problem: Problem, before: GradientState, after: GradientState) -> GradientState:
        assert isinstance(before, ConjugateState)
        rise, gradient = rise_between(problem, before, after), after.gradient
        change = gradient - before.gradient
        beta = float(np.dot(gradient, change)) / float(np.dot(before.gradient, before.gradient))
        if beta <= 0.0:
            return self.along(after, None, rise)
        bent = gradient + beta * self.direction(before)
        if slope_along(after, bent) < LEAST_ASCENT * slope_along(after, gradient):
            return self.along(after, None, rise)
        bent.setflags(write=False)
        return self.along(after, bent, rise)
