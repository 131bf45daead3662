"""Parabolic EM: a line search along the parabola of three EM iterates."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Info, Position, State
from engine.algorithms.fixed_point import AcceleratedEM, Refusal, residual_length, rounding_hides
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting

MOST_TRIALS = 100


@dataclass(frozen=True, slots=True, eq=False)
class ParabolicState(State):
    """The third control point, which is the position, and the two before it (None until there are three)."""

    first: Array | None
    middle: Array | None


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The best point on a curve, F there where it is known already, and why the search went no further."""

    best: Position
    image: Parameters | None
    end: Refusal


@dataclass(frozen=True)
class ParabolicEM(AcceleratedEM):
    """Follows the parabola of its last three points for as long as the log-likelihood rises.

    The points P0, P1, P2 are the control points of a Bézier curve, P(t) = (1-t)^2 P0 + 2t(1-t) P1 + t^2 P2,
    with P(1) = P2. The curve is tried ahead of P2 at t = 1 + h a^i, i = 0, 1, 2, ..., and the last point before
    the log-likelihood stops rising is kept (where rounding hides that: before the residual stops shrinking).
    Two EM steps from there give the new P2; P0 and P1 are the old P1 and P2. Where already the first trial does
    not rise, two EM steps from P2 give three new points (Berlinet & Roland 2009, the geometric search). One
    iteration costs two E steps and one for each trial; how they are counted is told in `fixed_point`.

    The right one where an E step is cheap beside an M step: it spends E steps on a search.
    """

    name: ClassVar[str] = "parabolic-em"
    source: ClassVar[str] = "Berlinet & Roland (2009), Statist. Comput. 19, 35-47"
    formula: ClassVar[str] = r"""
        P(s) = (1-s)^2 P_0 + 2 s (1-s) P_1 + s^2 P_2, \qquad s = 1 + h a^i
    """
    promises: ClassVar[str | None] = "log-likelihood"

    first_step: float = setting(
        0.1,
        label="First step h",
        help="How far ahead of the newest point the search begins, in the curve's parameter t.",
        above=0.0,
        maximum=10.0,
        logarithmic=True,
    )
    growth: float = setting(
        1.5,
        label="Growth a",
        help="By how much each trial goes further ahead than the last.",
        above=1.0,
        maximum=10.0,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return ParabolicState(self.arrive(problem, parameters), None, None)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, ParabolicState)
        newest = state.position
        if state.first is None or state.middle is None:
            position = self.arrive(problem, self.em_map(problem, newest))
            return ParabolicState(position, state.middle, newest.parameters.vector), NOTHING_TO_TELL
        found = self._searched(problem, state.first, state.middle, newest)
        image = self.em_map(problem, found.best) if found.image is None else found.image
        once = self.arrive(problem, image)
        twice = self.arrive(problem, self.em_map(problem, once))
        if found.best is newest:
            info = Info((found.end.event("two EM steps"),))
            return ParabolicState(twice, newest.parameters.vector, once.parameters.vector), info
        return ParabolicState(twice, state.middle, newest.parameters.vector), NOTHING_TO_TELL

    def _searched(self, problem: Problem, first: Array, middle: Array, newest: Position) -> Search:
        """The last point of the curve before the log-likelihood stops rising."""
        last, layout = newest.parameters.vector, newest.parameters.layout
        # P(1 + s) about P2, in differences: what does not move between the three points does not move here.
        slope, bend = last - middle, (last - middle) - (middle - first)
        best, image, ahead = newest, None, self.first_step
        for _ in range(MOST_TRIALS):
            found = self.extrapolated(problem, layout, last + 2.0 * ahead * slope + ahead**2 * bend)
            found = self.kept(problem, found, newest.log_likelihood)
            if isinstance(found, Refusal):
                return Search(best, image, found)
            image_there = None
            if rounding_hides(problem, best, found):
                image = self.em_map(problem, best) if image is None else image
                image_there = self.em_map(problem, found)
                if residual_length(found, image_there) >= residual_length(best, image):
                    end = Refusal("lies farther from a fixed point, and rounding hides whether it rose")
                    return Search(best, image, end)
            elif found.log_likelihood < best.log_likelihood:
                return Search(best, image, Refusal("did not raise the log-likelihood"))
            best, image = found, image_there
            ahead *= self.growth
        return Search(best, image, Refusal(f"was the last of {MOST_TRIALS} trials"))
