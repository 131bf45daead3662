"""Deterministic annealing EM: the posterior is flat at first, and sharpened step by step."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, Position, State, unmeasured
from engine.algorithms.em_variant import EMVariant, ObjectiveState
from engine.models.posterior import Tempered
from engine.objective import Problem
from engine.parameters import Array, Parameters, Positive, Real, Simplex, UnitInterval
from engine.randomness import generator
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class AnnealedState(ObjectiveState):
    """A position, its annealed objective and statistics at `beta`, and how many steps were taken in all."""

    statistics: Array
    beta: float
    steps: int
    key: int

    @property
    def under_way(self) -> bool:
        return self.beta < 1.0


@dataclass(frozen=True)
class AnnealedEM(EMVariant):
    """Begins where all rows belong to all components and lets them part slowly; ends as EM.

    E step: q_ik proportional to (pi_k f_k(x_i))^beta; M step as EM's. At a fixed beta neither lowers the
    annealed objective sum_i w_i log(sum_k (pi_k f_k(x_i))^beta) / beta, which has fewer maxima than the
    log-likelihood for a small beta and is the log-likelihood at 1. beta begins at `first_beta`, is multiplied by
    `growth` after every `steps_each` steps and ends at 1 (Ueda & Nakano 1998). Below some beta all
    components become one, and nothing but rounding would part them again: so every new beta begins with a small
    random move (Rose 1998, Proc. IEEE 86, 2210-2239). No rule ends the lane before beta is 1. With a
    first beta of 1 it is EM.

    The right one where EM ends at poor maxima from most starts; it costs the passes of its schedule, and may
    still miss the best maximum.
    """

    name: ClassVar[str] = "annealed-em"
    source: ClassVar[str] = "Ueda & Nakano (1998), Neural Networks 11, 271-282"
    formula: ClassVar[str] = r"""
        q_{ik} \propto \left(\pi_k f_k(x_i)\right)^{\beta}
        \ell_\beta(\theta) = \frac{1}{\beta} \sum_{i=1}^{n} \log \sum_{k=1}^{K} \left(\pi_k f_k(x_i)\right)^{\beta}
    """
    try_it: ClassVar[str] = (
        "Start ten dimensions from random points, with EM beside it, and try several seeds."
    )
    promises: ClassVar[str | None] = "annealed objective"

    first_beta: float = setting(
        0.3,
        label="First beta",
        help="How sharp the posterior is at first: near 0 every row belongs to all components alike, 1 is EM.",
        above=0.0,
        maximum=1.0,
        logarithmic=True,
    )
    growth: float = setting(
        1.1,
        label="Growth",
        help="What beta is multiplied by at each stage, until it is 1.",
        above=1.0,
        maximum=10.0,
    )
    steps_each: int = setting(
        2,
        label="Steps a stage",
        help="How many EM steps are taken at each beta.",
        minimum=1,
        maximum=10_000,
        logarithmic=True,
    )
    perturbation: float = setting(
        0.01,
        label="Perturbation",
        help="How far means are moved at random at each new beta, in standard deviations of the data; 0 for not.",
        minimum=0.0,
        maximum=1.0,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self._e_step(problem, parameters, 0, key)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, AnnealedState)
        steps = state.steps + 1
        parameters = problem.m_step(state.statistics, state.position.parameters)
        if self.beta(steps) != state.beta and self.perturbation > 0.0:
            parameters = self._perturbed(parameters, generator(state.key, steps))
        return self._e_step(problem, parameters, steps, state.key), NOTHING_TO_TELL

    def beta(self, steps: int) -> float:
        """The beta of the E step after so many steps."""
        stages = steps // self.steps_each
        last = math.ceil(-math.log(self.first_beta) / math.log(self.growth))
        return 1.0 if stages >= last else self.first_beta * self.growth**stages

    def _perturbed(self, parameters: Parameters, random: np.random.Generator) -> Parameters:
        """The parameters with a random move of every free mean, and of every free rate or probability by that share.

        Probabilities move in the logarithms of their odds; weights stay.
        """
        moved: dict[str, Array] = {}
        for name in parameters.layout.free:
            support, values = parameters.layout.by_name[name].support, parameters[name]
            noise = self.perturbation * random.standard_normal(values.shape)
            if isinstance(support, Real):
                moved[name] = values + noise
            elif type(support) is Positive:
                moved[name] = values * np.exp(noise)
            elif isinstance(support, UnitInterval):
                moved[name] = values * np.exp(noise) / (1.0 - values + values * np.exp(noise))
            elif isinstance(support, Simplex) and name != "weights":
                grown = values * np.exp(noise)
                moved[name] = grown / np.sum(grown, axis=-1, keepdims=True)
        return parameters.replaced(moved)

    def _e_step(self, problem: Problem, parameters: Parameters, steps: int, key: int) -> AnnealedState:
        beta = self.beta(steps)
        found = problem.expect(parameters, posterior=Tempered(beta))
        exact = beta == 1.0
        position = Position(parameters, found.log_likelihood, found) if exact else unmeasured(parameters)
        return AnnealedState(position, found.log_likelihood, found.statistics, beta, steps, key)
