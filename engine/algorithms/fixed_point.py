"""What the accelerated EM algorithms share: EM as a map, and the check of a point that was extrapolated.

One EM step is a map, F(theta) = M step(E step(theta)), and EM looks for its fixed point by repeating it. Near
the limit F is linear: F(theta) - theta* = J (theta - theta*), with eigenvalues of J between 0 and 1, the
fractions of missing information (Dempster, Laird & Rubin 1977, section 3). Who has seen a few residuals
F(theta) - theta can therefore guess where they lead and go there at once. Every algorithm here is

- a rule that makes an extrapolated point of a few points and their images under F: its own file;
- the map and its residuals, in the free natural blocks and the model's frame, as one flat vector. A block that
  is held has a residual of exactly 0, so it stays. A sum of points whose factors sum to 1 stays in the affine
  hull of the supports (weights sum to 1, matrices are symmetric) but for rounding, which is taken out;
- a check: outside the supports, where there is no likelihood, or below the log-likelihood that the algorithm
  must keep, the point is refused and EM's own step is taken, which never loses. The event `fallback` says so.

Cost: a position carries its E step, so F there costs an M step and no pass. To know the log-likelihood of an
extrapolated point takes an E step, and where the point is taken it is the very E step that F needs next. On the
meter `e_steps` counts both, and `log_likelihoods` stays 0: evaluations of the map are `m_steps`, and the E steps
that no M step followed were spent on checks of refused points (and, at the end, on the last position).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import Algorithm, Event, Position
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Layout, Parameters, PositiveDefinite, Simplex


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an extrapolated point is not taken, as the predicate of a sentence."""

    reason: str

    def event(self, instead: str) -> Event:
        """The fallback in words; `instead` names what was done, such as 'an EM step'."""
        return Event("fallback", f"the extrapolated point {self.reason}: {instead} instead")


@dataclass(frozen=True)
class AcceleratedEM(Algorithm):
    """An algorithm that repeats the EM map and extrapolates from what it has seen."""

    family: ClassVar[str] = "em"

    def em_map(self, problem: Problem, position: Position) -> Parameters:
        """F at a position: the M step from the E step that the position carries; no pass."""
        return problem.m_step(position.expectation.statistics, position.parameters)

    def arrive(self, problem: Problem, parameters: Parameters) -> Position:
        """The position at parameters that EM itself led to: one E step. Raises UndefinedLikelihood."""
        expectation = problem.expect(parameters)
        return Position(parameters, expectation.log_likelihood, expectation)

    def attempt(self, problem: Problem, parameters: Parameters) -> Position | Refusal:
        """The position at parameters that extrapolation led to, or why there is no likelihood: one E step."""
        problem.meter.trials += 1
        try:
            return self.arrive(problem, parameters)
        except UndefinedLikelihood as undefined:
            return Refusal(f"has no likelihood ({undefined.detail})")

    def extrapolated(self, problem: Problem, layout: Layout, vector: Array) -> Position | Refusal:
        """The position at a flat vector in the frame; outside the supports it is refused without a pass."""
        vector = within_affine_hull(layout, vector)
        violation = layout.violation(vector)
        if violation is not None:
            return Refusal(f"left the constraints ({violation})")
        lifted = onto_floors(layout, vector)
        lifted.setflags(write=False)
        return self.attempt(problem, Parameters(layout, lifted))

    def kept(
        self, problem: Problem, found: Position | Refusal, before: float, allowed_decrease: float = 0.0
    ) -> Position | Refusal:
        """The position unless it lies further below `before` than is allowed and rounding explains."""
        if isinstance(found, Refusal):
            return found
        fall = before - found.log_likelihood
        if fall > allowed_decrease + problem.roundoff_bound(found.log_likelihood):
            return Refusal(f"lost {fall:.3g} of log-likelihood")
        return found


def within_affine_hull(layout: Layout, vector: Array) -> Array:
    """A copy whose free weights sum to 1 and whose free matrices are symmetric to the last digit.

    The EM map does not repeat an error in these directions, so an extrapolation multiplies it, step after step.
    """
    within = np.array(vector)
    for block in layout.constrained:
        if block.held:
            continue
        values = within[layout.places[block.name]].reshape(block.shape)
        if isinstance(block.support, Simplex):
            values /= np.sum(values, axis=-1, keepdims=True)
        elif isinstance(block.support, PositiveDefinite):
            values[...] = block.support.tangent(values)
    return within


def onto_floors(layout: Layout, vector: Array) -> Array:
    """A copy of a vector inside the supports, where no floor is undercut by as little as their tolerance.

    Below the floor lies log-likelihood that the next EM step would have to give back.
    """
    lifted = np.array(vector)
    for block in layout.constrained:
        if block.held or isinstance(block.support, Simplex):
            continue
        values = lifted[layout.places[block.name]].reshape(block.shape)
        values[...] = block.support.project(values)
    return lifted


def rounding_hides(problem: Problem, one: Position, other: Position) -> bool:
    """Whether rounding may explain by how much the log-likelihoods of two positions differ.

    Then they do not tell which position is the better one, but the residuals still do: near the limit an error
    in the parameters shows in the log-likelihood only by its square.
    """
    bound = problem.roundoff_bound(other.log_likelihood)
    return abs(other.log_likelihood - one.log_likelihood) <= bound


def residual_length(position: Position, image: Parameters) -> float:
    """|F(theta) - theta| of a position and its image under F."""
    return length_of(image.vector - position.parameters.vector)


def length_of(vector: Array) -> float:
    """The Euclidean length of a flat vector."""
    return math.sqrt(float(np.dot(vector, vector)))
