"""Generalised EM: the M step raises Q without maximising it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.models.base import Blocks, Model
from engine.models.inner_iteration import inner_iteration_of
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class GeneralizedState(State):
    """A position, and how many steps were taken, which says whose block's turn it is."""

    steps: int


@dataclass(frozen=True)
class GeneralizedEM(Algorithm):
    """EM with a partial M step: some of the way to the best parameters, or one block of them at a time.

    E step as EM's. M step: theta <- theta + way (theta+ - theta), with theta+ the maximiser of Q over all blocks,
    or over one block whose turn it is, or, where the M step itself iterates, what `inner_steps` of its steps reach.
    Between theta and theta+ Q rises all the way, for mixtures of Gaussians or of counts in their natural blocks, so
    the log-likelihood never falls (Dempster, Laird & Rubin 1977, section 2 and theorem 1, where EM's generalisation
    is defined by just that).

    The right one where the M step has no closed form, as for gamma distributions, and its maximum would cost many
    inner steps; where it has one, it shows that EM needs no full maximum, and what half a step costs.
    """

    name: ClassVar[str] = "generalized-em"
    source: ClassVar[str] = "Dempster, Laird & Rubin (1977), J. Roy. Statist. Soc. B 39, 1-38, section 2"
    formula: ClassVar[str] = r"""
        \theta_{t+1} = \theta_t + w \left(\arg\max_\theta Q(\theta) - \theta_t\right), \qquad 0 < w \le 1
    """
    family: ClassVar[str] = "em"
    promises: ClassVar[str | None] = "log-likelihood"

    way: float = setting(
        0.5,
        label="Way",
        help="How far the parameters go towards the maximiser of the M step; 1 is the whole way.",
        above=0.0,
        maximum=1.0,
        adjustable=True,
    )
    moving: str = setting(
        "all",
        label="Moving blocks",
        help="Whether all blocks of parameters move at each step, or one block in turn.",
        choices=("all", "in-turn"),
    )

    inner_steps: int = setting(
        0,
        label="Inner steps",
        help="Where the M step has no closed form: how many inner steps it may take; 0 lets it arrive.",
        minimum=0,
        maximum=100,
        adjustable=True,
    )

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if self.inner_steps and inner_iteration_of(model) is None:
            return (
                f"The M step of {model.name} has a closed form, so there are no inner steps to cut short; set inner_steps "
                "to 0."
            )
        return super().refusal(model, free)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        return self._e_step(problem, parameters, 0)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GeneralizedState)
        here, free = state.position.parameters, problem.layout.free
        chosen = (free[state.steps % len(free)],) if self.moving == "in-turn" and free else None
        best = self._best(problem, state.position.expectation.statistics, here, chosen)
        parameters = best if self.way == 1.0 else self._between(here, best)
        return self._e_step(problem, parameters, state.steps + 1), NOTHING_TO_TELL

    def _best(self, problem: Problem, statistics: Array, here: Parameters, chosen: Blocks) -> Parameters:
        """Where the M step leads, as far as its inner steps may go."""
        # Changed in flight the setting is not refused; a closed form has no inner steps that it could cut short.
        model = inner_iteration_of(problem.model)
        if not self.inner_steps or model is None:
            return problem.m_step(statistics, here, chosen)
        problem.meter.m_steps += 1
        return model.partial_m_step(statistics, here, chosen, self.inner_steps)

    def _between(self, here: Parameters, best: Parameters) -> Parameters:
        vector: Array = np.asarray(here.vector + self.way * (best.vector - here.vector))
        vector.setflags(write=False)
        return Parameters(here.layout, vector)

    def _e_step(self, problem: Problem, parameters: Parameters, steps: int) -> GeneralizedState:
        expectation = problem.expect(parameters)
        return GeneralizedState(Position(parameters, expectation.log_likelihood, expectation), steps)
