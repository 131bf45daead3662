"""SQUAREM: squared extrapolation of two EM steps."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, Position, State
from engine.algorithms.fixed_point import AcceleratedEM, Refusal
from engine.objective import Problem
from engine.parameters import Array, Layout, Parameters
from engine.settings import setting

NEARLY_EM = 0.01
"""A step length this near to 1 is taken for 1: two EM steps, which need neither check nor stabilising."""


@dataclass(frozen=True, slots=True, eq=False)
class SquaremState(State):
    """A position and the longest step that the next extrapolation may take."""

    longest: float


@dataclass(frozen=True)
class Squarem(AcceleratedEM):
    """Looks at two EM steps, jumps along their curve, and takes one more EM step from there.

    With r = F(theta) - theta and v = F(F(theta)) - F(theta) - r, the jump leads to
    theta + 2 a r + a^2 v, and the iteration ends at F of that. The step length a is, by scheme,
    1: -r'v / v'v, 2: -r'r / r'v, 3: |r| / |v| (Varadhan & Roland 2008, schemes S1 to S3; a is their -alpha,
    and a = 1 is two EM steps). It stays between 1 and a bound: a jump that reached the bound multiplies it by
    `bound_factor`, or divides it where the jump was refused, as in their R package SQUAREM. A refused jump is
    replaced by the two EM steps. One iteration costs three E steps, a refused one up to one more; how they are
    counted is told in `fixed_point`.

    The right one where EM crawls and one would rather keep its code: a few lines around the same E and M step
    save most of its iterations.
    """

    name: ClassVar[str] = "squarem"
    source: ClassVar[str] = "Varadhan & Roland (2008), Scand. J. Statist. 35, 335-353"
    formula: ClassVar[str] = r"""
        r = F(\theta_t) - \theta_t, \qquad v = F(F(\theta_t)) - F(\theta_t) - r
        a = \|r\| / \|v\|
        \theta_{t+1} = F\left(\theta_t + 2 a\, r + a^2 v\right)
    """

    scheme: int = setting(
        3,
        label="Scheme",
        help="How the step length is had from two EM steps: 1 by minimal residual, 2 by minimal error, 3 by "
        "the ratio of their lengths, which is the stablest.",
        minimum=1,
        maximum=3,
    )
    allowed_decrease: float = setting(
        0.0,
        label="Allowed decrease",
        help="The log-likelihood may fall by this much in an iteration; 0 keeps it strictly monotone, the R "
        "package SQUAREM allows 1.",
        minimum=0.0,
        maximum=1e6,
        adjustable=True,
    )
    first_bound: float = setting(
        1.0,
        label="First bound",
        help="The longest step of the first extrapolation, and the least that the bound ever is; 1 is EM.",
        minimum=1.0,
        maximum=1e6,
        logarithmic=True,
    )
    bound_factor: float = setting(
        4.0,
        label="Bound's factor",
        help="By how much the longest step grows when it was reached, and shrinks when it failed.",
        above=1.0,
        maximum=100.0,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.allowed_decrease == 0.0 else None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return SquaremState(self.arrive(problem, parameters), self.first_bound)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, SquaremState)
        begin = state.position
        once = self.arrive(problem, self.em_map(problem, begin))
        twice = self.em_map(problem, once)
        start = begin.parameters.vector
        residual = once.parameters.vector - start
        bend = (twice.vector - once.parameters.vector) - residual
        length = max(1.0, min(state.longest, self._length(residual, bend)))
        if length - 1.0 <= NEARLY_EM:
            longest = self._next_bound(state.longest, length, refused=False)
            return SquaremState(self.arrive(problem, twice), longest), NOTHING_TO_TELL
        jumped = start + 2.0 * length * residual + length**2 * bend
        found = self._stabilised(problem, begin.parameters.layout, jumped)
        found = self.kept(problem, found, begin.log_likelihood, self.allowed_decrease)
        longest = self._next_bound(state.longest, length, refused=isinstance(found, Refusal))
        if isinstance(found, Refusal):
            info = Info((found.event("two EM steps"),))
            return SquaremState(self.arrive(problem, twice), longest), info
        return SquaremState(found, longest), NOTHING_TO_TELL

    def _length(self, residual: Array, bend: Array) -> float:
        """The step length a of the scheme; 1 where the two EM steps say nothing about it."""
        squares, product = float(np.dot(residual, residual)), float(np.dot(residual, bend))
        bends = float(np.dot(bend, bend))
        parts = {1: (-product, bends), 2: (squares, -product), 3: (math.sqrt(squares), math.sqrt(bends))}
        above, below = parts[self.scheme]
        length = above / below if below != 0.0 else 1.0
        return length if math.isfinite(length) else 1.0

    def _stabilised(self, problem: Problem, layout: Layout, vector: Array) -> Position | Refusal:
        """The position one EM step behind an extrapolated point."""
        found = self.extrapolated(problem, layout, vector)
        return found if isinstance(found, Refusal) else self.attempt(problem, self.em_map(problem, found))

    def _next_bound(self, longest: float, length: float, refused: bool) -> float:
        """The longest step of the next iteration; a refused step was in the end one of length 1."""
        if refused:
            if length == longest:
                longest = max(self.first_bound, longest / self.bound_factor)
            length = 1.0
        return longest * self.bound_factor if length == longest else longest
