"""Gradient ascent in the natural parameters, projected back onto their supports."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.arc import NO_STEP_RISES, backtracked
from engine.algorithms.barzilai_borwein import SpectralState, with_first_rate, with_next_rate
from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import GradientAlgorithm, GradientState
from engine.coordinates.base import Chart, Coordinates
from engine.coordinates.raw import Raw
from engine.objective import Problem
from engine.parameters import Array, Block, Parameters, Positive, PositiveDefinite, UnitInterval
from engine.settings import setting

LEAST_SHARE = 0.1


@dataclass(frozen=True)
class ProjectedGradient(GradientAlgorithm):
    """Steps along the gradient, then back to the nearest parameters that are allowed.

    phi <- P(phi + rate * gradient / n) for the natural blocks phi, with P the Euclidean projection of each
    block onto its support: weights by sorting (Duchi, Shalev-Shwartz, Singer & Chandra 2008), covariances by
    clipping eigenvalues. Unlike a softmax it reaches a weight of exactly 0, and leaves it again.

    The line search `none` keeps the rate fixed. `backtracking` halves it until the log-likelihood rises by
    1e-4 of grad'(P(..) - phi), so it bends along the projection's arc and never goes down (Bertsekas 1976).
    `barzilai-borwein` takes the rate s's / s'y from the last step s and the fall y of the gradient / n along
    it, projects, and halves the way there until the log-likelihood is above the lowest of the last 10: the
    spectral projected gradient, whose value may fall for a while (Birgin, Martínez & Raydan 2000, SIAM J.
    Optim. 10, 1196-1211).

    Where the log-likelihood may have no value on a support's boundary (a covariance without a floor, a rate, a
    probability), there is no nearest point inside; there the projection is onto what lies at least a tenth of the way from
    the boundary to the old value. No maximum inside is changed by that.

    The right one where a weight of exactly 0 must be reachable, by barzilai-borwein where it should not take
    long.
    """

    name: ClassVar[str] = "projected-gradient"
    source: ClassVar[str] = (
        "Levitin & Polyak (1966), USSR Comput. Math. 6, 1-50; Duchi et al. (2008), ICML 25, 272-279"
    )
    formula: ClassVar[str] = r"""
        \phi_{t+1} = P\left(\phi_t + \frac{\eta}{n} \nabla\ell(\phi_t)\right)
        P(y) = \arg\min_{\phi}\, \left\|\phi - y\right\|_2
    """
    try_it: ClassVar[str] = (
        "Start with one component too many and watch the simplex: the path reaches the edge itself, "
        "where a softmax would only come closer for ever."
    )

    learning_rate: float = setting(
        0.05,
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

    def writing(self, block: Block) -> Coordinates:
        return Raw()

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return with_first_rate(self.starting_state(problem, parameters), self.learning_rate)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, SpectralState)
        if self.line_search == "none":
            found = self.evaluate(problem, state.chart, self._projected(problem, state, self.learning_rate))
            return with_next_rate(problem, state, found, self.learning_rate), NOTHING_TO_TELL
        here = state.position.log_likelihood
        if self.line_search == "backtracking":
            trial = backtracked(
                self,
                problem,
                state,
                lambda rate: self._projected(problem, state, rate),
                self.learning_rate,
                at_least=here,
            )
        else:
            way = self._projected(problem, state, state.rate) - state.x
            trial = backtracked(
                self, problem, state, lambda share: state.x + share * way, 1.0, at_least=min(state.recent)
            )
        if isinstance(trial, GradientState):
            return with_next_rate(problem, state, trial, self.learning_rate), NOTHING_TO_TELL
        if trial is not None:
            raise trial
        return state, Info((Event("fallback", NO_STEP_RISES),), Ended("converged", NO_STEP_RISES))

    def _projected(self, problem: Problem, state: GradientState, rate: float) -> Array:
        """x moved along the gradient by a rate, every block projected onto its support."""
        moved: Array = state.x + (rate / problem.total_weight) * state.gradient
        if np.all(np.isfinite(moved)):
            self._project(state.chart, moved, state.x)
        return moved

    def _project(self, chart: Chart, moved: Array, before: Array) -> None:
        """Projects every block of `moved` in place; `before` is where the step began."""
        for name in chart.layout.free:
            block, place = chart.layout.by_name[name], chart.place(name)
            values, old = moved[place].reshape(block.shape), before[place].reshape(block.shape)
            moved[place] = np.ravel(self._nearest(block, values, old))

    def _nearest(self, block: Block, values: Array, old: Array) -> Array:
        support = block.support
        unit = 1.0 if self.standardize else block.unit
        if isinstance(support, Positive):
            return np.asarray(
                np.maximum(values, support.lower * unit if support.lower else LEAST_SHARE * old)
            )
        if isinstance(support, UnitInterval):
            # The log-likelihood may have no slope at a probability of 0 or 1.
            return np.asarray(np.clip(values, LEAST_SHARE * old, 1.0 - LEAST_SHARE * (1.0 - old)))
        if isinstance(support, PositiveDefinite):
            floor = support.lower * unit * np.eye(block.shape[-1]) if support.lower else LEAST_SHARE * old
            excess = values - floor
            above = PositiveDefinite().project(excess)
            if above is excess:
                return values
            return 0.5 * (above + np.swapaxes(above, -1, -2)) + floor
        return support.project(values)
