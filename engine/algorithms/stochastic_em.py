"""Stochastic EM: the latent variables are drawn instead of averaged over."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Event, Info, State, unmeasured
from engine.algorithms.em_variant import EMVariant
from engine.models.base import UndefinedLikelihood
from engine.models.posterior import Sampled
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting
from engine.wording import number_text


@dataclass(frozen=True, slots=True, eq=False)
class DrawnState(State):
    """A position, the statistics of the rows as drawn there, and the key and number of that draw."""

    statistics: Array
    key: int
    draw: int


@dataclass(frozen=True)
class StochasticEM(EMVariant):
    """Draws every row's component at random from its posterior, then fits each component to its rows.

    S step: z_i drawn from p(z | x_i, theta). M step: the theta that maximises sum_i w_i log p(x_i, z_i | theta).
    The parameters become a Markov chain that wanders around a maximum, by about a standard error where the
    sample is large, and may leave a saddle or a poor maximum (Celeux & Diebolt 1985; Nielsen 2000, Bernoulli 6,
    457-489). As they advise, a draw that leaves a component with too few rows is not used; EM's own step is
    taken from there, for one more pass.

    The right one where EM's result depends on its start. It promises nothing, and stops by itself only where
    every draw is refused, or comes out the same, so that the steps left are EM's.
    """

    name: ClassVar[str] = "stochastic-em"
    source: ClassVar[str] = "Celeux & Diebolt (1985), Comput. Statist. Quarterly 2, 73-82"
    formula: ClassVar[str] = r"""
        z_i \sim p(z \mid x_i, \theta_t), \qquad \theta_{t+1} = \arg\max_\theta \sum_{i=1}^{n} \log p(x_i, z_i; \theta)
    """
    try_it: ClassVar[str] = "Begin at the symmetric start, where EM stays for ever."

    smallest_count: float = setting(
        5.0,
        label="Smallest count",
        help="A draw that leaves a component with fewer rows than this is replaced by EM's own step.",
        minimum=0.0,
        maximum=1e6,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self._drawn(problem, parameters, key, 0)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, DrawnState)
        here, draw = state.position.parameters, state.draw + 1
        parameters = problem.m_step(state.statistics, here)
        refusal = self._too_few(problem, parameters)
        if refusal is None:
            try:
                return self._drawn(problem, parameters, state.key, draw), NOTHING_TO_TELL
            except UndefinedLikelihood as undefined:
                refusal = undefined.detail
        parameters = problem.m_step(problem.expect(here).statistics, here)
        event = Event("fallback", f"the draw was not used ({refusal}): an EM step instead")
        return self._drawn(problem, parameters, state.key, draw), Info((event,))

    def _too_few(self, problem: Problem, parameters: Parameters) -> str | None:
        """Which component has too few rows, in words; weights that are held fixed say nothing of that."""
        if "weights" not in problem.layout.free:
            return None
        counts = problem.total_weight * parameters["weights"]
        smallest = int(np.argmin(counts))
        # The count is a product of a quotient, so a whole number may come out just below itself.
        if counts[smallest] * (1 + 1e-9) >= self.smallest_count:
            return None
        return f"component {smallest + 1} has {number_text(float(counts[smallest]))} rows"

    def _drawn(self, problem: Problem, parameters: Parameters, key: int, draw: int) -> DrawnState:
        found = problem.expect(parameters, posterior=Sampled(key, draw))
        return DrawnState(unmeasured(parameters), found.statistics, key, draw)
