"""Newton's method with the whole Hessian, within a trust region or undamped."""

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
from engine.algorithms.hessian import checked, directions_of, hessian_by_differences, hessian_by_louis
from engine.algorithms.trust_region import highest_step, newton_step
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting

ACCEPTED = 1e-4
POOR, GOOD = 0.25, 0.75
AT_THE_EDGE = 0.99
FIRST_RADIUS, LARGEST_RADIUS = 1.0, 1e10
SMALLEST_SHARE = 2.0**-50
NO_STEP_RISES = "no step within the trust region raises the log-likelihood any more"


@dataclass(frozen=True, slots=True, eq=False)
class NewtonState(GradientState):
    """A gradient state with the radius within which the next step stays."""

    radius: float


@dataclass(frozen=True)
class Newton(CoordinateGradientAlgorithm):
    """Takes the log-likelihood for a parabola, with its whole curvature, and goes to the parabola's top.

    x <- x - H^-1 g, H the Hessian in the lane's coordinates. Near a maximum the digits double at each step. Far from
    it H may curve upwards, so `trust_region` looks for the parabola's highest point within a radius only (Moré &
    Sorensen 1983), which leaves saddles along their upward curvature; a step that rises by less than a quarter of
    what the parabola promised shrinks the radius to a quarter of the step, one that rises by more than three
    quarters at the edge doubles it (Nocedal & Wright 2006, algorithm 4.1). One iteration is one accepted step.
    Undamped it goes wherever there is no slope, be it a saddle or a minimum, and promises nothing.

    H comes from `louis`, complete less missing information, which costs one pass, where the model offers it, else
    from `differences` of gradients, which cost two passes for each coordinate.

    The right one where parameters are few and all digits are wanted, or the Hessian itself (standard errors).
    """

    name: ClassVar[str] = "newton"
    source: ClassVar[str] = (
        "Moré & Sorensen (1983), SIAM J. Sci. Statist. Comput. 4, 553-572; Louis (1982), J. Roy. Statist. Soc. B 44, "
        "226-233"
    )
    refuses_raw_weights: ClassVar[bool] = True
    requires: ClassVar[str] = (
        "a gradient, and coordinates for every free block, in which the weights sum to 1"
    )

    trust_region: bool = setting(
        True,
        label="Trust region",
        help="Go no further than the parabola has proved right; without it the step is Newton's, wherever it leads.",
        adjustable=True,
    )
    hessian: str = setting(
        "louis",
        label="Hessian",
        help="By Louis' formula, one pass, where the model offers it; or by differences, two passes for each coordinate.",
        choices=("louis", "differences"),
        adjustable=True,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.trust_region else None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return _with_radius(self.starting_state(problem, parameters), FIRST_RADIUS)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, NewtonState)
        directions = directions_of(state.chart, state.x)
        curvature = -self._hessian(problem, state, directions)
        gradient = directions.T @ state.gradient / problem.total_weight
        if not self.trust_region:
            step = directions @ newton_step(curvature, gradient)
            found = self.evaluate(problem, state.chart, state.x + step)
            return _with_radius(found, state.radius), NOTHING_TO_TELL
        start, undefined = state.position.log_likelihood, None
        bound = problem.roundoff_bound(start)
        radius = state.radius
        while radius >= SMALLEST_SHARE * state.radius:
            along = highest_step(curvature, gradient, radius)
            length = float(np.linalg.norm(along))
            promised = problem.total_weight * float(np.dot(gradient - 0.5 * curvature @ along, along))
            if not promised > 0.0:
                break
            step = directions @ along
            trial = self.attempt(problem, state.chart, state.x + step)
            if isinstance(trial, UndefinedLikelihood):
                undefined, radius = trial, POOR * length
                continue
            value = trial.position.log_likelihood
            share = (value - start) / promised
            slope, slope_there = slope_along(state, step), slope_along(trial, step)
            if within_roundoff(value, start, bound, slope_there, slope):
                share = 1.0
            if share < POOR:
                radius = POOR * length
            elif share > GOOD and length >= AT_THE_EDGE * radius:
                radius = min(2.0 * radius, LARGEST_RADIUS)
            if share > ACCEPTED:
                return _with_radius(trial, radius), NOTHING_TO_TELL
        if undefined is not None:
            raise undefined
        return state, Info((Event("fallback", NO_STEP_RISES),), Ended("converged", NO_STEP_RISES))

    def _hessian(self, problem: Problem, state: GradientState, directions: Array) -> Array:
        """The Hessian of the mean log-likelihood along directions of the coordinates."""
        found = hessian_by_louis(problem, state, directions) if self.hessian == "louis" else None
        if found is None:
            found = hessian_by_differences(problem, state.chart, state.x, directions)
        return checked(found, state)


def _with_radius(state: GradientState, radius: float) -> NewtonState:
    return NewtonState(state.position, state.chart, state.x, state.gradient, radius)
