"""Frank & Wolfe's steps towards vertices of the simplex, which statisticians know as vertex directions."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import GradientState, slope_along
from engine.algorithms.weights_only import (
    WeightsOnlyAlgorithm,
    left_to_gain,
    multipliers,
    on_the_simplex,
    told_multipliers,
)
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting

FLAT = 0.1
MOST_TRIALS = 40
NARROWEST = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class FrankWolfeState(GradientState):
    """A gradient state with the number of steps taken, which sets the length of a step without a line search."""

    steps: int


@dataclass(frozen=True)
class FrankWolfe(WeightsOnlyAlgorithm):
    """Moves weight to the component that the gradient likes best; no projection, no parabola, few weights.

    With m_k the mean of f_k/f, each step goes towards the vertex of the largest m_k:

    - `towards`: pi <- pi + g (e_best - pi) with the best g in [0, 1] (Frank & Wolfe 1956; the vertex direction
      method of Fedorov 1972 and Lindsay 1983). It zigzags, so the gap falls like 1/t;
    - `harmonic`: the same with g = 2/(t + 3) and no line search; it may fall (Jaggi 2013, ICML 28, 427-435);
    - `away`: towards the best vertex or away from the worst one that has weight, whichever slope is steeper
      (Guélat & Marcotte 1986; Lacoste-Julien & Jaggi 2015);
    - `exchange`: weight moves from the worst to the best component (Böhning 1986, Metrika 33, 337-347; pairwise
      steps of Lacoste-Julien & Jaggi 2015).

    The last two take the whole weight of a component where the line search allows it, so that it becomes exactly
    0. The line search narrows an interval by secants of the slope until the slope is a tenth of what it was;
    every trial costs a pass. n (largest m_k - 1) bounds what is left to gain, whatever the weights: at the end
    it is told with the multipliers.

    The right one for very many known components, of which a step touches two.
    """

    name: ClassVar[str] = "frank-wolfe"
    source: ClassVar[str] = (
        "Frank & Wolfe (1956), Naval Research Logistics Quarterly 3, 95-110; Böhning (1986), Metrika 33, 337-347"
    )

    variant: str = setting(
        "exchange",
        label="Direction",
        help="Which way weight moves, and how far.",
        choices=("exchange", "away", "towards", "harmonic"),
        adjustable=True,
    )

    @property
    def promises(self) -> str | None:
        return None if self.variant == "harmonic" else "log-likelihood"

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return _counted(self.starting_state(problem, parameters), 0)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, FrankWolfeState)
        if left_to_gain(state, problem) <= 0.0:
            return state, _ended(problem, state, "no component wants more weight than it has")
        direction, longest = self._way(problem, state)
        if self.variant == "harmonic":
            moved = on_the_simplex(state.x + 2.0 / (state.steps + 3.0) * direction)
            found: GradientState | UndefinedLikelihood | None = self.arrive(problem, state.chart, moved)
        else:
            found = self._searched(problem, state, direction, longest)
        if isinstance(found, GradientState):
            return _counted(found, state.steps + 1), NOTHING_TO_TELL
        if found is not None:
            raise found
        return state, _ended(
            problem, state, "at working precision no step raises the log-likelihood any more"
        )

    def _way(self, problem: Problem, state: GradientState) -> tuple[Array, float]:
        """The direction (K,) and how far along it no weight is below 0."""
        slopes, weights = multipliers(state, problem), state.x
        vertices = np.eye(len(weights))
        best = int(np.argmax(slopes))
        worst = int(np.argmin(np.where(weights > 0, slopes, np.inf)))
        if self.variant == "exchange":
            return vertices[best] - vertices[worst], float(weights[worst])
        if self.variant == "away" and 1.0 - slopes[worst] > slopes[best] - 1.0 and weights[worst] < 1.0:
            return weights - vertices[worst], float(weights[worst] / (1.0 - weights[worst]))
        return vertices[best] - weights, 1.0

    def _searched(
        self, problem: Problem, state: GradientState, direction: Array, longest: float
    ) -> GradientState | UndefinedLikelihood | None:
        """The state where the slope along the direction is a tenth of what it was, or the last one allowed."""
        start, slope = state.position.log_likelihood, slope_along(state, direction)
        bound = problem.roundoff_bound(start)
        low, low_slope, high, high_slope = 0.0, slope, longest, -math.inf
        best: GradientState | None = None
        undefined: UndefinedLikelihood | None = None
        reach = longest
        for _ in range(MOST_TRIALS):
            if not slope * reach > 0.0:
                break
            trial = self.attempt(problem, state.chart, _moved(state.x, direction, reach, longest))
            there = -math.inf
            if isinstance(trial, UndefinedLikelihood):
                undefined = trial
            else:
                there = slope_along(trial, direction)
                # Concave along the line: where the slope still points upwards, the value has risen for sure.
                if there >= 0.0 or trial.position.log_likelihood >= start - bound:
                    best = trial
                if (abs(there) <= FLAT * slope and best is trial) or (reach == longest and there >= 0.0):
                    return best
            if there >= 0.0:
                low, low_slope = reach, there
            else:
                high, high_slope = reach, there
            reach = _secant(low, low_slope, high, high_slope)
        return best if best is not None else undefined


def _moved(weights: Array, direction: Array, reach: float, longest: float) -> Array:
    """The weights so far along the direction; at its end the weight that it took is exactly 0."""
    moved = weights + reach * direction
    if reach == longest:
        moved[(direction < 0) & (moved < 1e-15)] = 0.0
    return on_the_simplex(moved)


def _secant(low: float, low_slope: float, high: float, high_slope: float) -> float:
    """Where the line through two slopes of different sign is 0, kept away from the interval's ends."""
    width = high - low
    share = low_slope / (low_slope - high_slope) if math.isfinite(high_slope) else 0.5
    return low + min(max(share, NARROWEST), 1.0 - NARROWEST) * width


def _ended(problem: Problem, state: GradientState, reason: str) -> Info:
    told = told_multipliers(state, problem)
    return Info((Event("multipliers", told),), Ended("converged", f"{reason}; {told}"))


def _counted(state: GradientState, steps: int) -> FrankWolfeState:
    return FrankWolfeState(state.position, state.chart, state.x, state.gradient, steps)
