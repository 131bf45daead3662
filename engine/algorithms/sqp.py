"""Sequential quadratic programming in the weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import Ended, Event, Info, State
from engine.algorithms.gradient import GradientState, slope_along, within_roundoff
from engine.algorithms.weights_only import (
    WeightsOnlyAlgorithm,
    left_to_gain,
    multipliers,
    on_the_simplex,
    told_multipliers,
)
from engine.models.base import Model, UndefinedLikelihood
from engine.models.weight_curvature import DensityRatios
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.wording import number_text

SUFFICIENT_INCREASE = 1e-4
HIDDEN = 1e-6
FARTHEST = 100.0
"""With a multiplier above this the parabola sees but a sliver of the way, and a plain step goes ahead."""
PROXIMITY, SETTLED = 1e-4, 1e-13
"""Components may be alike, which makes the parabola flat somewhere: DAQP then adds so much curvature about where it
is, again and again, until it moves no more."""
ARRIVED = 1e-6
"""Where less log-likelihood than this is left to gain, the multipliers are told once more."""

EQUALITY = 5
"""DAQP's word for a constraint that holds with equality and is always active."""
UNBOUNDED = 1e30
"""DAQP's word for no bound."""


@dataclass(frozen=True)
class SequentialQuadraticProgramming(WeightsOnlyAlgorithm):
    """Newton's method with the constraints kept: each step maximises a parabola over the simplex.

    At the weights pi, with m the means of f_k/f (the gradient divided by n) and H the mean of f_k f_l/f^2
    (minus the Hessian divided by n), the step p maximises m'p - p'Hp/2 under sum p = 0 and pi + p >= 0; it is
    halved until the log-likelihood rises by 1e-4 of what the slope promises. The small quadratic program has
    K unknowns whatever n is and is solved by DAQP, a dual active-set method (Arnström, Bemporad & Axehill 2022,
    IEEE Trans. Automatic Control 67, 4362-4369): a weight whose bound is active becomes exactly 0, and it may
    rise again. An iteration costs a pass for H and one for each trial. Far away, where some m_k is above 100 and the
    parabola sees but a sliver of the way, or where it does not help, a plain step towards the component of the largest
    m_k goes ahead (the event `fallback`). The event `multipliers` tells, whenever other weights are 0 than before and
    once more at the end: at the maximum m_k is 1 where a weight is above 0 and at most 1 where it is 0.

    Kim, Carbonetto, Stephens & Anitescu (2020), section 3, who drop the constraint on the sum, which their
    problem then keeps by itself; here it is kept, so that every iterate is a mixture.

    The right one where the components are known: a few steps whatever the overlap, and exact zeros.
    """

    name: ClassVar[str] = "sqp"
    source: ClassVar[str] = (
        "Kim, Carbonetto, Stephens & Anitescu (2020), J. Comput. Graph. Statist. 29, 261-273"
    )

    requires: ClassVar[str] = "a model with components whose weights are its only free block"

    @property
    def promises(self) -> str | None:
        return "log-likelihood"

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if not isinstance(model, DensityRatios):
            return f"{self.name} needs the components' densities, which {model.name} has not; choose em."
        return super().refusal(model, free)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        slopes = multipliers(state, problem)
        events: tuple[Event, ...] = ()
        found: GradientState | UndefinedLikelihood | None = None
        if np.max(slopes) <= FARTHEST:
            curvature = problem.weight_curvature(state.position.parameters) / problem.total_weight
            problem.meter.quadratic_programs += 1
            target = best_of_parabola(state.x, slopes, curvature)
            found = self._searched(problem, state, target, SUFFICIENT_INCREASE)
        if not isinstance(found, GradientState) and self._not_there(problem, state):
            k = int(np.argmax(slopes))
            detail = f"a step towards component {k + 1} alone, whose mean of f_k/f is {number_text(float(slopes[k]))}"
            events = (Event("fallback", detail),)
            found = self._searched(problem, state, np.eye(len(slopes))[k], 0.0)
        if isinstance(found, GradientState):
            return found, Info(events + _news(state, found, problem))
        if found is not None:
            raise found
        reason = f"at working precision no step raises the log-likelihood any more; {told_multipliers(state, problem)}"
        return state, Info((), Ended("converged", reason))

    def _not_there(self, problem: Problem, state: GradientState) -> bool:
        """Whether other weights could still raise the log-likelihood by more than rounding hides."""
        bound = problem.roundoff_bound(state.position.log_likelihood)
        return left_to_gain(state, problem) > bound

    def _searched(
        self, problem: Problem, state: GradientState, target: Array, enough: float
    ) -> GradientState | UndefinedLikelihood | None:
        """The first trial on the way back from the target that rises enough; else why there is none.

        `enough` is the share of what the slope promises that counts as enough.
        """
        direction = target - state.x
        start, slope = state.position.log_likelihood, slope_along(state, direction)
        bound = problem.roundoff_bound(start)
        undefined: UndefinedLikelihood | None = None
        some_defined, share = False, 1.0
        # A shorter trial whose promised gain is far below rounding could only be accepted by chance.
        while slope > 0.0 and (share == 1.0 or share * slope > HIDDEN * bound):
            weights = target if share == 1.0 else on_the_simplex(state.x + share * direction)
            trial = self.attempt(problem, state.chart, weights)
            if isinstance(trial, UndefinedLikelihood):
                undefined = trial
            else:
                some_defined = True
                value, slope_there = trial.position.log_likelihood, slope_along(trial, direction)
                risen = value >= start + enough * share * slope
                if risen or within_roundoff(value, start, bound, slope_there, slope):
                    return trial
            share *= 0.5
        return None if some_defined else undefined


def best_of_parabola(weights: Array, slopes: Array, curvature: Array) -> Array:
    """The weights on the simplex at which slopes'p - p'curvature p/2 is largest, with p the way to them."""
    # Imported here, so that nobody waits for it who does not use it.
    import daqp

    count = len(weights)
    # In units of its own curvature no component is too steep for the solver's tolerances. One that produced
    # nothing has no curvature.
    diagonal = np.diagonal(curvature)
    units = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    sense = np.zeros(count + 1, dtype=np.int32)
    sense[count] = EQUALITY
    found, _, flag, told = daqp.solve(
        curvature * np.outer(units, units),
        -slopes * units,
        units[None, :].copy(),
        np.append(np.full(count, UNBOUNDED), 0.0),
        np.append(-weights / units, 0.0),
        sense,
        eps_prox=PROXIMITY,
        eta_prox=SETTLED,
    )
    if flag <= 0 or not np.all(np.isfinite(found)):
        return weights
    moved = weights + found * units
    # The sign of a multiplier tells which bound is active, and its weight is then 0 and not merely small.
    moved[np.asarray(told["lam"])[:count] < 0] = 0.0
    return on_the_simplex(moved)


def _news(before: GradientState, after: GradientState, problem: Problem) -> tuple[Event, ...]:
    """The multipliers, where other weights are 0 than before or nearly nothing is left to gain now."""
    changed = bool(np.any((after.x == 0) != (before.x == 0)))
    arrived = left_to_gain(after, problem) < ARRIVED <= left_to_gain(before, problem)
    return (Event("multipliers", told_multipliers(after, problem)),) if changed or arrived else ()
