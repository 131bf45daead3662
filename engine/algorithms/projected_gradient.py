"""Gradient ascent in the natural parameters, projected back onto their supports."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.gradient import GradientAlgorithm, GradientState
from engine.coordinates.base import Chart, Coordinates
from engine.coordinates.raw import Raw
from engine.objective import Problem
from engine.parameters import Array, Block, Parameters, Positive, PositiveDefinite
from engine.settings import setting

LEAST_SHARE = 0.1


@dataclass(frozen=True)
class ProjectedGradient(GradientAlgorithm):
    """Steps along the gradient, then back to the nearest parameters that are allowed.

    phi <- P(phi + rate * gradient / n) for the natural blocks phi, with P the Euclidean projection of each
    block onto its support: weights by sorting (Duchi, Shalev-Shwartz, Singer & Chandra 2008), covariances by
    clipping eigenvalues. Unlike a softmax it reaches a weight of exactly 0, and leaves it again.

    Where the log-likelihood has no value on a support's boundary (a covariance without a floor, a rate),
    there is no nearest point inside; there the projection is onto what lies at least a tenth of the way from
    the boundary to the old value. No maximum inside is changed by that.
    """

    name: ClassVar[str] = "projected-gradient"
    source: ClassVar[str] = (
        "Levitin & Polyak (1966), USSR Comput. Math. 6, 1-50; Duchi et al. (2008), ICML 25, 272-279"
    )

    learning_rate: float = setting(
        0.05,
        label="Learning rate",
        help="Length of a step, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )

    def writing(self, block: Block) -> Coordinates:
        return Raw()

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        moved = state.x + (self.learning_rate / problem.total_weight) * state.gradient
        if np.all(np.isfinite(moved)):
            self._project(state.chart, moved, state.x)
        return self.evaluate(problem, state.chart, moved), NOTHING_TO_TELL

    def _project(self, chart: Chart, moved: Array, before: Array) -> None:
        """Projects every block of `moved` in place; `before` is where the step began."""
        for name in chart.layout.free:
            block, place = chart.layout.by_name[name], chart.place(name)
            values, old = moved[place].reshape(block.shape), before[place].reshape(block.shape)
            moved[place] = np.ravel(self._projected(block, values, old))

    def _projected(self, block: Block, values: Array, old: Array) -> Array:
        support = block.support
        unit = 1.0 if self.standardize else block.unit
        if isinstance(support, Positive):
            return np.asarray(
                np.maximum(values, support.lower * unit if support.lower else LEAST_SHARE * old)
            )
        if isinstance(support, PositiveDefinite):
            floor = support.lower * unit * np.eye(block.shape[-1]) if support.lower else LEAST_SHARE * old
            excess = values - floor
            above = PositiveDefinite().project(excess)
            if above is excess:
                return values
            return 0.5 * (above + np.swapaxes(above, -1, -2)) + floor
        return support.project(values)
