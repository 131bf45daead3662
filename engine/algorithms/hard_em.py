"""Hard EM, or classification EM: every row belongs to one component."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Ended, Info, State, unmeasured
from engine.algorithms.em_variant import EMVariant, ObjectiveState
from engine.models.base import Model
from engine.models.posterior import Hard
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.wording import number_text


@dataclass(frozen=True, slots=True, eq=False)
class HardState(ObjectiveState):
    """A position, the classification log-likelihood there, and the statistics of the rows as assigned there."""

    statistics: Array


@dataclass(frozen=True)
class HardEM(EMVariant):
    """Gives every row wholly to its likeliest component, as k-means does, and fits each to its own rows.

    E step: z_i = argmax_k pi_k f_k(x_i). M step: the theta that maximises the classification log-likelihood
    C(theta, z) = sum_i w_i log(pi_z f_z(x_i)), z = z_i. Neither lowers C, and there are finitely many
    assignments, so it ends after a few iterations, where no row moves (Celeux & Govaert 1992; with
    equal weights and one spherical covariance it is k-means). Where it ends the log-likelihood still has a
    slope: clusters are cut off where they overlap, so their covariances are too small and their means too far
    apart, however many data there are (Bryant & Williamson 1978, Biometrika 65, 273-281).

    The right one where only the assignment is wanted, clusters hardly overlap, and speed counts.
    """

    name: ClassVar[str] = "hard-em"
    source: ClassVar[str] = "Celeux & Govaert (1992), Comput. Statist. Data Anal. 14, 315-332"
    formula: ClassVar[str] = r"""
        z_i = \arg\max_k\; \pi_k f_k(x_i)
        C(\theta, z) = \sum_{i=1}^{n} \log \pi_{z_i} f_{z_i}(x_i)
    """
    try_it: ClassVar[str] = "Race it with EM on overlapping clusters: it ends first, and lower."
    promises: ClassVar[str | None] = "classification likelihood"
    requires: ClassVar[str] = "latent variables that take few values, and an M step"

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if model.latents_take_few_values:
            return None
        return (
            f"{self.name} gives every row to one component, and {model.name} has none: at the densest values of its "
            "latent variables the completed data's likelihood grows without end; choose em."
        )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        return self._assigned(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, HardState)
        parameters = problem.m_step(state.statistics, state.position.parameters)
        found = self._assigned(problem, parameters)
        if not np.array_equal(found.statistics, state.statistics):
            return found, NOTHING_TO_TELL
        reason = (
            f"no row changes its component any more, so the classification log-likelihood stays at "
            f"{number_text(found.objective, 10)}, which is in general no maximum of the log-likelihood"
        )
        return found, Info(ended=Ended("stopped", reason))

    def _assigned(self, problem: Problem, parameters: Parameters) -> HardState:
        found = problem.expect(parameters, posterior=Hard())
        return HardState(unmeasured(parameters), found.log_likelihood, found.statistics)
