"""Quasi-Newton acceleration of EM from a few secants of its map."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, Position, State
from engine.algorithms.fixed_point import AcceleratedEM, Refusal, length_of, residual_length, rounding_hides
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class Secant:
    """Two EM steps in a row, u = F(theta) - theta and v = F(F(theta)) - F(theta): J u = v, nearly."""

    first: Array
    second: Array


@dataclass(frozen=True, slots=True, eq=False)
class QuasiNewtonState(State):
    """A position with the newest secants, oldest first, and EM's last step while they are collected.

    `image` is F at the position where it is known already.
    """

    secants: tuple[Secant, ...]
    last_step: Array | None
    image: Parameters | None

    @property
    def nbytes(self) -> int:
        return sum(each.first.nbytes + each.second.nbytes for each in self.secants)


@dataclass(frozen=True)
class QuasiNewtonEM(AcceleratedEM):
    """Learns from q pairs of EM steps how EM contracts, and solves for where it would end.

    With the pairs u = F(theta) - theta, v = F(F(theta)) - F(theta) as columns of U and V, the matrix
    V (U'U)^-1 U' has the secants J U = V, and Newton's method for theta = F(theta) with it in place of the
    Jacobian J gives

        theta <- F(theta) + V (U'U - U'V)^-1 U' (F(theta) - theta)

    (Zhou, Alexander & Lange 2011, section 2). First q + 1 EM steps collect q pairs; then each iteration takes
    two EM steps for a new pair, forgets the oldest, and jumps. A jump that leaves the constraints or lies below
    the first of the two EM steps is replaced by the second; so is one whose rise or fall rounding may explain,
    where its residual is longer than theirs. One iteration costs two E steps, a refused one three; how they are
    counted is told in `fixed_point`.

    The right one for many parameters of which a few directions are slow: q of them are caught.
    """

    name: ClassVar[str] = "quasi-newton-em"
    source: ClassVar[str] = "Zhou, Alexander & Lange (2011), Statist. Comput. 21, 261-273"
    formula: ClassVar[str] = r"""
        \theta_{t+1} = F(\theta_t) + V \left(U^\top U - U^\top V\right)^{-1} U^\top \left(F(\theta_t) - \theta_t\right)
    """
    promises: ClassVar[str | None] = "log-likelihood"

    order: int = setting(
        5,
        label="Order q",
        help="How many pairs of EM steps are remembered; at most the number of free parameters is used.",
        minimum=1,
        maximum=50,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return QuasiNewtonState(self.arrive(problem, parameters), (), None, None)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, QuasiNewtonState)
        layout, point = state.position.parameters.layout, state.position.parameters.vector
        order = min(self.order, max(1, problem.model.free_dimension(problem.prepared)))
        image = self.em_map(problem, state.position) if state.image is None else state.image
        once = self.arrive(problem, image)
        residual = once.parameters.vector - point
        residual.setflags(write=False)
        if len(state.secants) < order:
            secants = state.secants
            if state.last_step is not None:
                secants = (*secants, Secant(state.last_step, residual))
            return QuasiNewtonState(once, secants, residual, None), NOTHING_TO_TELL
        twice = self.em_map(problem, once)
        second = twice.vector - once.parameters.vector
        second.setflags(write=False)
        secants = (*state.secants, Secant(residual, second))[-order:]
        jumped = once.parameters.vector
        for share, each in zip(_shares(secants, residual), secants, strict=True):
            jumped = jumped + share * each.second
        found = self.kept(problem, self.extrapolated(problem, layout, jumped), once.log_likelihood)
        image_there = None
        if isinstance(found, Position) and rounding_hides(problem, once, found):
            image_there = self.em_map(problem, found)
            if residual_length(found, image_there) > length_of(second):
                found = Refusal("lies farther from a fixed point, and rounding hides whether it rose")
        if isinstance(found, Refusal):
            info = Info((found.event("two EM steps"),))
            return QuasiNewtonState(self.arrive(problem, twice), secants, None, None), info
        return QuasiNewtonState(found, secants, None, image_there), NOTHING_TO_TELL


def _shares(secants: tuple[Secant, ...], residual: Array) -> Array:
    """(U'U - U'V)^-1 U' times the residual; the shortest solution where secants repeat each other."""
    first = np.stack([each.first for each in secants], axis=1)
    second = np.stack([each.second for each in secants], axis=1)
    shares, *_ = np.linalg.lstsq(first.T @ (first - second), first.T @ residual, rcond=None)
    return np.asarray(shares)
