"""BFGS with the whole matrix and a strong Wolfe line search."""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.gradient import GradientState, slope_along
from engine.algorithms.more_thuente import Tolerances
from engine.algorithms.strong_wolfe import (
    StrongWolfeAlgorithm,
    rise_between,
    step_for_rise,
    supposed_rise,
)
from engine.objective import Problem
from engine.parameters import Array


@dataclass(frozen=True, slots=True, eq=False)
class BfgsState(GradientState):
    """A gradient state with the learnt inverse of the negative Hessian, and by how much the last step rose.

    `inverse` is (size, size), or None while it is the identity.
    """

    inverse: Array | None
    rise: float

    @property
    def nbytes(self) -> int:
        return 0 if self.inverse is None else self.inverse.nbytes


@dataclass(frozen=True)
class Bfgs(StrongWolfeAlgorithm):
    """Builds up the inverse of the whole curvature matrix step by step; soon its steps are Newton's.

    x <- x + step * H g along the inverse H of the negative Hessian as far as it is known, at first the identity.
    With s the step and y the fall of the gradient along it, H <- (I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y, the
    smallest change with which H y = s; a step of negative curvature teaches nothing. The line search (Moré &
    Thuente) begins with the step that would rise as much as the last one did if the rise were a parabola's, at most
    1. Identity, first trial and tolerances are those of scipy's BFGS, and both evaluate at the same points as long
    as every trial has a likelihood and rounding hides nothing.

    The right one where parameters are few, up to some hundred: one iteration costs their number squared, and as
    nothing is forgotten it converges superlinearly, where lbfgs does so linearly.
    """

    name: ClassVar[str] = "bfgs"
    source: ClassVar[str] = (
        "Broyden, Fletcher, Goldfarb, Shanno (1970); Nocedal & Wright (2006), Numerical Optimization, algorithm 6.1"
    )
    tolerances: ClassVar[Tolerances] = Tolerances(sufficient=1e-4, curvature=0.9, narrow=1e-14)

    def forgetful(self, state: GradientState) -> GradientState:
        return _with_inverse(state, None, supposed_rise(state))

    def has_learnt(self, state: GradientState) -> bool:
        assert isinstance(state, BfgsState)
        return state.inverse is not None

    def direction(self, state: GradientState) -> Array:
        assert isinstance(state, BfgsState)
        return state.gradient if state.inverse is None else state.inverse @ state.gradient

    def first_trial(self, state: GradientState, direction: Array) -> float:
        assert isinstance(state, BfgsState)
        return step_for_rise(state.rise, slope_along(state, direction)) if state.rise > 0.0 else 1.0

    def learnt(self, problem: Problem, before: GradientState, after: GradientState) -> GradientState:
        assert isinstance(before, BfgsState)
        rise = rise_between(problem, before, after)
        step, fall = after.x - before.x, before.gradient - after.gradient
        if float(np.dot(step, fall)) <= sys.float_info.epsilon * float(np.dot(before.gradient, step)):
            return _with_inverse(after, before.inverse, rise)
        inverse = np.eye(step.size) if before.inverse is None else before.inverse
        return _with_inverse(after, updated_inverse(inverse, step, fall), rise)


def updated_inverse(inverse: Array, step: Array, fall: Array) -> Array:
    """The BFGS update of an inverse (size, size), written so that it stays symmetric in every digit."""
    product = float(np.dot(step, fall))
    seen = inverse @ fall
    cross = np.outer(step / product, seen)
    length = (1.0 + float(np.dot(fall, seen)) / product) / product
    updated: Array = inverse - (cross + cross.T) + length * np.outer(step, step)
    updated.setflags(write=False)
    return updated


def _with_inverse(state: GradientState, inverse: Array | None, rise: float) -> BfgsState:
    return BfgsState(state.position, state.chart, state.x, state.gradient, inverse, rise)
