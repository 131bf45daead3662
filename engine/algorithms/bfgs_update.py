"""What the methods share that build up the inverse of the whole curvature matrix, by the BFGS update."""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.gradient import GradientState, slope_along
from engine.algorithms.more_thuente import Tolerances
from engine.algorithms.strong_wolfe import rise_between, step_for_rise, supposed_rise
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


class InverseCurvature:
    """Searches along H g, with H what the BFGS update has learnt of the inverse curvature; beside `StrongWolfeAlgorithm`.

    Tolerances and first trial are those of scipy's BFGS.
    """

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
        # Beside a collapse slopes overflow, and a product that is 0 or not a number tells nothing of curvature.
        least = sys.float_info.epsilon * abs(float(np.dot(before.gradient, step)))
        if not float(np.dot(step, fall)) > least:
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
