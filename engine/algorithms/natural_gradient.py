"""Gradient ascent in the metric of the complete data's Fisher information."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.arc import NO_STEP_RISES, backtracked
from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.algorithms.hessian import checked, complete_information, directions_of
from engine.algorithms.trust_region import newton_step
from engine.models.base import Model
from engine.models.exponential_family import CompleteExponentialFamily
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True)
class NaturalGradient(CoordinateGradientAlgorithm):
    """Measures the length of a step by how far it changes the distribution, not the numbers that write it.

    x <- x + rate * (F + damping I)^-1 g / n, with F the Fisher information of one complete observation (x, z) in the
    lane's coordinates: for a mixture diag(1/pi) in the weights, pi_k Sigma_k^-1 in the means, (pi_k / 2) Sigma_k^-1 (x)
    Sigma_k^-1 in the covariances, pulled back to the coordinates. Amari (1998) takes the information of the observed
    data, which is dear; that of the complete data comes without a pass (Titterington 1984). A short step is then the
    same in all coordinates, and the same as EM's: at the rate 1 it is an EM step but for what is curved, and with the
    counts n pi_k in place of those that the E step found. Where coordinates change no parameter (softmax can be
    shifted) F has no inverse, and the step no share. A step's length sqrt(s'F s), about the root of twice the
    Kullback-Leibler divergence of a complete observation, is cut to `longest_step`: where a covariance is far too small
    the log-likelihood would rise by a step that leads anywhere. Backtracking halves a step until it rises by 1e-4 of
    what the slope promises.

    The right one to see what EM's metric does for a gradient; where clusters overlap it crawls as EM does.
    """

    name: ClassVar[str] = "natural-gradient"
    source: ClassVar[str] = (
        "Amari (1998), Neural Computation 10, 251-276; Titterington (1984), J. Roy. Statist. Soc. B 46, 257-267"
    )
    refuses_raw_weights: ClassVar[bool] = True

    learning_rate: float = setting(
        1.0,
        label="Learning rate",
        help="Length of a step, as a multiple of the natural gradient; the first that is tried with backtracking.",
        above=0.0,
        maximum=100.0,
        logarithmic=True,
        adjustable=True,
    )
    damping: float = setting(
        0.0,
        label="Damping",
        help="Added to every eigenvalue of the information of one observation: the larger, the plainer the gradient.",
        minimum=0.0,
        maximum=1e6,
        adjustable=True,
    )
    longest_step: float = setting(
        1.0,
        label="Longest step",
        help="No step is longer than this in the information's metric, where 1 is about one standard deviation.",
        above=0.0,
        maximum=1e6,
        logarithmic=True,
        adjustable=True,
    )
    line_search: str = setting(
        "backtracking",
        label="Line search",
        help="Backtracking halves a step until the log-likelihood rises enough.",
        choices=("none", "backtracking"),
        adjustable=True,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.line_search == "backtracking" else None

    requires: ClassVar[str] = (
        "a gradient, coordinates for every free block, in which the weights sum to 1, and the information matrix of "
        "complete data"
    )

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if not isinstance(model, CompleteExponentialFamily):
            return (
                f"{self.name} needs the information matrix of complete data, which {model.name} does not offer; "
                "choose lbfgs, which learns a matrix of its own."
            )
        return super().refusal(model, free)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        step = self._longest_allowed(problem, state)
        if self.line_search == "none":
            return self.evaluate(problem, state.chart, state.x + step), NOTHING_TO_TELL
        here = state.position.log_likelihood
        found = backtracked(self, problem, state, lambda share: state.x + share * step, 1.0, at_least=here)
        if isinstance(found, GradientState):
            return found, NOTHING_TO_TELL
        if found is not None:
            raise found
        return state, Info((Event("fallback", NO_STEP_RISES),), Ended("converged", NO_STEP_RISES))

    def _longest_allowed(self, problem: Problem, state: GradientState) -> Array:
        """The rate times the natural gradient, cut where it is too long."""
        model = problem.model
        assert isinstance(model, CompleteExponentialFamily)
        statistics = model.mean_statistics(problem.prepared, state.position.parameters)
        directions = directions_of(state.chart, state.x)
        information = checked(
            complete_information(problem, model, state.chart, state.x, statistics, directions), state
        )
        damped = information + self.damping * np.eye(len(information))
        along = newton_step(
            damped, directions.T @ state.gradient * (self.learning_rate / problem.total_weight)
        )
        length = math.sqrt(max(0.0, float(along @ information @ along)))
        share = self.longest_step / length if length > self.longest_step else 1.0
        return np.asarray(directions @ (share * along))
