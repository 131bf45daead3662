"""Anderson acceleration of EM: damped, restarted and nearly monotone (DAAREM)."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.fixed_point import AcceleratedEM, Refusal, length_of
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting

MOST_NEWTON_STEPS = 100
LARGEST_EXPONENT = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """How the parameters and their residual F(theta) - theta changed between two positions."""

    parameters: Array
    residual: Array


@dataclass(frozen=True, slots=True, eq=False)
class AndersonState(State):
    """A position, the one before it with its residual, and what the mixing and its damping go by.

    `differences` are the newest ones, oldest first; `age` counts the steps of this cycle; `taken` is s, how
    many extrapolations were taken so far less what lost cycles took back; `cycle_began` is the
    log-likelihood with which this cycle began.
    """

    before: Array | None
    residual_before: Array | None
    differences: tuple[Difference, ...]
    age: int
    taken: int
    cycle_began: float

    @property
    def nbytes(self) -> int:
        return sum(each.parameters.nbytes + each.residual.nbytes for each in self.differences)


@dataclass(frozen=True)
class Anderson(AcceleratedEM):
    """Mixes the last EM steps so that their residual vanishes as nearly as it can.

    With f = F(theta) - theta, and X, D the last changes of theta and of f as columns, the next point is
    theta + f - (X + D) g, where g minimises |f - D g|^2 + lambda |g|^2. Damping: lambda is such that |g|^2 is
    1 / (1 + alpha^(kappa - s)) of what it is at lambda = 0; s grows by 1 with every point that is taken.
    Restarts: after `order` steps X and D are empty again; where the log-likelihood fell over that cycle, s is
    set back by its length. Monotonicity: a point that lies more than `allowed_decrease` below the one before is
    refused, and the EM step taken. Henderson & Varadhan (2019), who call it DAAREM; the
    defaults are those of their R package daarem, and so is the order's limit, half the free parameters.

    One iteration costs one E step, a refused one two; how they are counted is told in `fixed_point`.

    The right one where EM crawls along several directions at once, and for many parameters.
    """

    name: ClassVar[str] = "anderson"
    source: ClassVar[str] = "Henderson & Varadhan (2019), J. Comput. Graph. Statist. 28, 834-846"
    formula: ClassVar[str] = r"""
        f_t = F(\theta_t) - \theta_t
        g = \arg\min_{g}\; \|f_t - D g\|^2 + \lambda \|g\|^2
        \theta_{t+1} = \theta_t + f_t - (X + D)\, g
    """

    order: int = setting(
        10,
        label="Order",
        help="From how many of the last steps the mixture is made; at most half the free parameters are used.",
        minimum=1,
        maximum=50,
    )
    restart: bool = setting(
        True, label="Restarts", help="Forget all steps after as many as the order; otherwise the oldest one."
    )
    damping: bool = setting(
        True,
        label="Damping",
        help="Mix timidly at first; without it this is Anderson's plain method of 1965.",
    )
    kappa: float = setting(
        25.0,
        label="Damping lasts (kappa)",
        help="After how many steps that were taken the mixture has half of its undamped size.",
        minimum=0.0,
        maximum=1000.0,
    )
    alpha: float = setting(
        1.2,
        label="Damping fades by (alpha)",
        help="How fast the damping fades with every step that is taken.",
        above=1.0,
        maximum=10.0,
    )
    allowed_decrease: float = setting(
        0.01,
        label="Allowed decrease",
        help="The log-likelihood may fall by this much in an iteration, as in the paper; 0 keeps it strictly "
        "monotone.",
        minimum=0.0,
        maximum=1e6,
        adjustable=True,
    )
    cycle_decrease: float = setting(
        0.0,
        label="Allowed decrease of a cycle",
        help="Where the log-likelihood falls by more than this between two restarts, damping grows again.",
        minimum=0.0,
        maximum=1e6,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.allowed_decrease == 0.0 else None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        position = self.arrive(problem, parameters)
        return AndersonState(position, None, None, (), 0, 0, position.log_likelihood)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, AndersonState)
        here = state.position
        image = self.em_map(problem, here)
        point = here.parameters.vector
        residual = image.vector - point
        residual.setflags(write=False)
        if state.before is None or state.residual_before is None:
            position = self.arrive(problem, image)
            return AndersonState(
                position, point, residual, (), 0, 0, position.log_likelihood
            ), NOTHING_TO_TELL
        order = min(self.order, max(1, math.ceil(problem.model.free_dimension(problem.prepared) / 2)))
        newest = Difference(point - state.before, residual - state.residual_before)
        newest.parameters.setflags(write=False)
        newest.residual.setflags(write=False)
        differences, age, taken = (*state.differences, newest)[-order:], state.age + 1, state.taken
        mixed = image.vector
        for share, each in zip(self._shares(differences, residual, taken), differences, strict=True):
            mixed = mixed - share * (each.parameters + each.residual)
        found = self.extrapolated(problem, here.parameters.layout, mixed)
        undefined = isinstance(found, Refusal)
        found = self.kept(problem, found, here.log_likelihood, self.allowed_decrease)
        info = NOTHING_TO_TELL
        if isinstance(found, Refusal):
            info = Info((found.event("an EM step"),))
            position = self.arrive(problem, image)
        else:
            position, taken = found, taken + 1
        cycle_began = state.cycle_began
        if undefined:
            differences, age = (), 0
        elif age >= order:
            if position.log_likelihood < cycle_began - self.cycle_decrease:
                taken = max(taken - order, -2 * math.ceil(self.kappa))
            differences, age = () if self.restart else differences, 0
            cycle_began = position.log_likelihood
        return AndersonState(position, point, residual, differences, age, taken, cycle_began), info

    def _shares(self, differences: tuple[Difference, ...], residual: Array, taken: int) -> Array:
        """g, by the singular values of D; 0 in the directions in which D says nothing beyond rounding."""
        columns = np.stack([each.residual for each in differences], axis=1)
        left, singular, right = np.linalg.svd(columns, full_matrices=False)
        known = singular > max(columns.shape) * np.finfo(float).eps * singular[0]
        left, singular, right = left[:, known], singular[known], right[known]
        target = left.T @ residual
        penalty = 0.0
        if self.damping and singular.size:
            exponent = (self.kappa - taken) * math.log(self.alpha)
            penalty = _penalty(singular, target, 1.0 / (1.0 + math.exp(min(exponent, LARGEST_EXPONENT))))
        return np.asarray(right.T @ (singular * target / (singular**2 + penalty)))


def _penalty(singular: Array, target: Array, kept: float) -> float:
    """The lambda at which |g(lambda)|^2 is `kept` of |g(0)|^2, by Newton's method on 1 / |g(lambda)|.

    That function is nearly straight and concave, so Newton's method rises to the root from 0 (Moré & Sorensen
    1983, SIAM J. Sci. Statist. Comput. 4, 553-572, section 3).
    """
    wanted = math.sqrt(kept) * length_of(target / singular)
    penalty = 0.0
    if wanted == 0.0:
        return penalty
    for _ in range(MOST_NEWTON_STEPS):
        damped = singular**2 + penalty
        shares = singular * target / damped
        size = length_of(shares)
        step = (size / wanted - 1.0) * size**2 / float(np.dot(shares**2, 1.0 / damped))
        penalty += step
        if step <= 1e-12 * penalty:
            break
    return penalty
