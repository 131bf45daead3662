"""Expectation-maximization."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.objective import Problem
from engine.parameters import Parameters


@dataclass(frozen=True)
class ExpectationMaximization(Algorithm):
    """Fills in the latent variables, then maximises as if they were known; never goes down.

    E step: q(z) = p(z | x, theta) makes the bound Q(theta') + entropy touch the log-likelihood at theta.
    M step: the theta' that maximises the bound. Dempster, Laird & Rubin (1977), J. Roy. Statist. Soc. B 39.

    The right one where clusters are separated (a few steps) and where the M step has a closed form; it
    needs no learning rate. It crawls where much information is missing (overlapping clusters).
    """

    name: ClassVar[str] = "em"
    source: ClassVar[str] = "Dempster, Laird & Rubin (1977), J. Roy. Statist. Soc. B 39, 1-38"
    formula: ClassVar[str] = r"""
        q_t(z) = p(z \mid x, \theta_t)
        \theta_{t+1} = \arg\max_{\theta}\; \mathrm{E}_{q_t}\left[\log p(x, z; \theta)\right]
        \ell(\theta) = \mathrm{E}_{q}[\log p(x, z; \theta)] + \mathrm{H}(q) + \mathrm{KL}(q \,\|\, p(z \mid x, \theta))
    """
    try_it: ClassVar[str] = (
        "Go on by half steps and zoom into the log-likelihood: each stair is what the M step climbs on "
        "the bound, and the gap that the next E step closes."
    )
    family: ClassVar[str] = "em"
    promises: ClassVar[str | None] = "log-likelihood"

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return State(self._e_step(problem, parameters))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        found = state.position.expectation
        parameters = problem.m_step(found.statistics, state.position.parameters)
        return State(self._e_step(problem, parameters)), NOTHING_TO_TELL

    def _e_step(self, problem: Problem, parameters: Parameters) -> Position:
        expectation = problem.expect(parameters)
        return Position(parameters, expectation.log_likelihood, expectation)
