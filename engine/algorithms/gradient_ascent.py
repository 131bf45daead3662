"""Plain gradient ascent, with a fixed learning rate or one that a line search finds."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.arc import NO_STEP_RISES, backtracked
from engine.algorithms.barzilai_borwein import SpectralState, with_first_rate, with_next_rate
from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.objective import Problem
from engine.parameters import Parameters
from engine.settings import setting


@dataclass(frozen=True)
class GradientAscent(CoordinateGradientAlgorithm):
    """Moves along the gradient; the learning rate decides whether it climbs, creeps or stumbles.

    x <- x + rate * gradient / n, with the gradient of the log-likelihood. With `backtracking` the rate is halved
    until the log-likelihood rises by at least 1e-4 of what the slope promises (Armijo 1966), so it never goes down.
    With `barzilai-borwein` the rate is s's / s'y of the last step s and the fall y of the gradient along it, and is
    halved only where the log-likelihood falls below the lowest of the last 10 (Raydan 1997): it stumbles for a
    while and is much faster. Each trial is one pass that gives value and gradient together, so the accepted one is
    not paid twice.

    The right one to understand what a gradient does; by barzilai-borwein where speed matters and memory is short,
    otherwise take lbfgs.
    """

    name: ClassVar[str] = "gradient-ascent"
    source: ClassVar[str] = (
        "Cauchy (1847); Armijo (1966), Pacific J. Math. 16, 1-3; Barzilai & Borwein (1988), IMA J. Numer. Anal. 8, "
        "141-148"
    )
    formula: ClassVar[str] = r"""
        x_{t+1} = x_t + \frac{\eta}{n} \nabla\ell(x_t)
        \eta_{t+1} = \frac{s^\top s}{s^\top y}, \qquad s = x_{t+1} - x_t
        y = \frac{1}{n}\left(\nabla\ell(x_t) - \nabla\ell(x_{t+1})\right)
    """
    try_it: ClassVar[str] = (
        "Move the learning rate across the tick on its slider, the largest stable rate: below it the "
        "curve climbs, above it it jumps back and forth."
    )

    learning_rate: float = setting(
        0.2,
        label="Learning rate",
        help="Length of a step, as a multiple of the gradient of the mean log-likelihood; the first with a line search.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    line_search: str = setting(
        "none",
        label="Line search",
        help="Backtracking halves a step until it rises; Barzilai-Borwein learns its length from the last one.",
        choices=("none", "backtracking", "barzilai-borwein"),
        adjustable=True,
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.line_search == "backtracking" else None

    @property
    def fixed_rate(self) -> float | None:
        return self.learning_rate if self.line_search == "none" else None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        if self.line_search == "none":
            x = state.x + (self.learning_rate / problem.total_weight) * state.gradient
            return self.evaluate(problem, state.chart, x), NOTHING_TO_TELL
        rate, at_least, spectral = self.learning_rate, state.position.log_likelihood, None
        if self.line_search == "barzilai-borwein":
            spectral = state if isinstance(state, SpectralState) else with_first_rate(state, rate)
            rate, at_least = spectral.rate, min(spectral.recent)
        direction = state.gradient / problem.total_weight
        found = backtracked(
            self, problem, state, lambda share: state.x + share * direction, rate, at_least=at_least
        )
        if isinstance(found, GradientState):
            if spectral is not None:
                found = with_next_rate(problem, spectral, found, self.learning_rate)
            return found, NOTHING_TO_TELL
        if found is not None:
            raise found
        return state, Info((Event("fallback", NO_STEP_RISES),), Ended("converged", NO_STEP_RISES))
