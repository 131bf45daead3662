"""Limited-memory BFGS with a strong Wolfe line search."""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.gradient import GradientState
from engine.algorithms.strong_wolfe import StrongWolfeAlgorithm
from engine.objective import Problem
from engine.parameters import Array
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """One step s and the fall y of the gradient along it, with their product s'y > 0."""

    step: Array
    fall: Array
    product: float


@dataclass(frozen=True, slots=True, eq=False)
class LbfgsState(GradientState):
    """A gradient state with the newest corrections, oldest first."""

    memory: tuple[Correction, ...]


@dataclass(frozen=True)
class LimitedMemoryBfgs(StrongWolfeAlgorithm):
    """Learns the curvature from its own last steps and takes nearly Newton's step.

    Two-loop recursion (Nocedal 1980, Math. Comp. 35, 773-782), scaled by s'y/y'y, and the line search of
    Moré & Thuente; constants and the rule for skipping a correction are those of L-BFGS-B 3.0 (Morales &
    Nocedal 2011, ACM Trans. Math. Software 38, 7), so that without bounds both evaluate at the same points,
    with two exceptions: a steepest-ascent step is never begun longer than 1, nor longer than the gradient
    itself, and a change that rounding could explain is judged by the slopes. One iteration is one accepted
    step; every trial costs a gradient. Where a trial has no likelihood the step is halved, and if nothing is
    found before it, the step is lost there.

    The right one where clusters overlap and EM crawls; it needs no learning rate.
    """

    name: ClassVar[str] = "lbfgs"
    source: ClassVar[str] = "Nocedal (1980), Math. Comp. 35, 773-782; Moré & Thuente (1994)"
    formula: ClassVar[str] = r"""
        x_{t+1} = x_t + \alpha_t H_t \nabla\ell(x_t)
        H_{t+1} = V_t^\top H_t V_t + \frac{s_t s_t^\top}{s_t^\top y_t}, \qquad V_t = I - \frac{y_t s_t^\top}{s_t^\top y_t}
        s_t = x_{t+1} - x_t, \qquad y_t = \nabla\ell(x_t) - \nabla\ell(x_{t+1})
    """
    try_it: ClassVar[str] = (
        "Push the clusters together until EM crawls, and count by passes: every trial of the line "
        "search costs one."
    )

    memory: int = setting(
        10,
        label="Memory",
        help="How many of the last steps the curvature is learnt from.",
        minimum=1,
        maximum=100,
    )

    def forgetful(self, state: GradientState) -> GradientState:
        return _with_memory(state, ())

    def has_learnt(self, state: GradientState) -> bool:
        assert isinstance(state, LbfgsState)
        return bool(state.memory)

    def direction(self, state: GradientState) -> Array:
        assert isinstance(state, LbfgsState)
        return _two_loop(state.memory, state.gradient)

    def learnt(self, problem: Problem, before: GradientState, after: GradientState) -> GradientState:
        assert isinstance(before, LbfgsState)
        return _with_memory(after, self._updated(before.memory, before, after))

    def _updated(
        self, memory: tuple[Correction, ...], old: GradientState, new: GradientState
    ) -> tuple[Correction, ...]:
        """The memory with the newest correction, unless its curvature is not positive beyond rounding."""
        step, fall = new.x - old.x, old.gradient - new.gradient
        product = float(np.dot(step, fall))
        if product <= max(0.0, sys.float_info.epsilon * float(np.dot(old.gradient, step))):
            return memory
        step.setflags(write=False)
        fall.setflags(write=False)
        return (*memory, Correction(step, fall, product))[-self.memory :]


def _with_memory(state: GradientState, memory: tuple[Correction, ...]) -> LbfgsState:
    return LbfgsState(state.position, state.chart, state.x, state.gradient, memory)


def _two_loop(memory: tuple[Correction, ...], gradient: Array) -> Array:
    """The inverse of the learnt curvature times the gradient (Nocedal & Wright 2006, algorithm 7.4)."""
    if not memory:
        return gradient
    direction = np.array(gradient)
    shares = []
    for each in reversed(memory):
        share = float(np.dot(each.step, direction)) / each.product
        direction -= share * each.fall
        shares.append(share)
    newest = memory[-1]
    direction *= newest.product / float(np.dot(newest.fall, newest.fall))
    for each, share in zip(memory, reversed(shares), strict=True):
        direction += (share - float(np.dot(each.fall, direction)) / each.product) * each.step
    return direction
