"""Gradient ascent that multiplies the weights instead of adding to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine import catalogue
from engine.algorithms.arc import NO_STEP_RISES, backtracked
from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import GradientAlgorithm, GradientState, coordinates_for
from engine.coordinates.base import Coordinates
from engine.coordinates.raw import Raw
from engine.models.base import Model
from engine.objective import Problem
from engine.parameters import Array, Block, Parameters, Positive, PositiveDefinite, Simplex, UnitInterval
from engine.settings import setting


@dataclass(frozen=True)
class ExponentiatedGradient(GradientAlgorithm):
    """Multiplies each weight by the exponential of its gradient: the sum is kept, no weight reaches 0.

    pi_k <- pi_k exp(rate * m_k) / sum_j pi_j exp(rate * m_j), with m_k the mean of f_k/f (the gradient in the
    natural weight divided by n): ascent by the gradient where distance is measured by the Kullback-Leibler
    divergence. EM multiplies by m_k itself, and exp(m_k) is proportional to exp(m_k - 1), which is m_k + O((m_k -
    1)^2): at the rate 1 this is EM as long as no weight wants to move much. At a weight of 0 it stays there.

    Weights alone have such a step, and so have the transitions of hidden states, row by row. Other free blocks move by
    the plain gradient at the same rate, in the coordinates chosen for them. Backtracking halves the rate for all of
    them together until the log-likelihood rises by 1e-4 of grad'(step).

    The right one for many weights of which few matter: the number of steps grows with the logarithm of their
    number only.
    """

    name: ClassVar[str] = "exponentiated-gradient"
    source: ClassVar[str] = (
        "Kivinen & Warmuth (1997), Information and Computation 132, 1-63; Helmbold, Schapire, Singer & Warmuth "
        "(1997), Machine Learning 27, 97-119"
    )

    learning_rate: float = setting(
        0.5,
        label="Learning rate",
        help="Length of a step, as a multiple of the gradient of the mean log-likelihood.",
        above=0.0,
        maximum=1000.0,
        logarithmic=True,
        adjustable=True,
    )
    line_search: str = setting(
        "none",
        label="Line search",
        help="Backtracking halves a step until the log-likelihood rises enough.",
        choices=("none", "backtracking"),
        adjustable=True,
    )
    covariance_coordinates: str = setting(
        "log-cholesky",
        label="Covariances as",
        help="How the covariances are written for the gradient.",
        choices=lambda: coordinates_for(PositiveDefinite),
    )
    rate_coordinates: str = setting(
        "log",
        label="Rates as",
        help="How rates and other positive numbers are written for the gradient.",
        choices=lambda: coordinates_for(Positive),
    )
    probability_coordinates: str = setting(
        "logit",
        label="Probabilities as",
        help="How probabilities that stand alone, each between 0 and 1, are written for the gradient.",
        choices=lambda: coordinates_for(UnitInterval),
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood" if self.line_search == "backtracking" else None

    def writing(self, block: Block) -> Coordinates:
        chosen = block.support.coordinates_setting
        if chosen is None or not hasattr(self, chosen):
            return Raw()
        found: type[Coordinates] = catalogue.get("coordinates", getattr(self, chosen))
        return found.of(block)

    requires: ClassVar[str] = "free weights, a gradient, and coordinates for every other free block"

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        summing = ("weights", *model.rows_that_sum_to_one)
        if free and not any(name in free for name in summing):
            held = next((name for name in summing if name in model.own_blocks), None)
            if held is not None:
                return f"{self.name} is for {held}, which are held fixed here; free them, or choose gradient-ascent."
            return f"{self.name} is for weights, and {model.name} has none; choose gradient-ascent."
        return super().refusal(model, free)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        return self.starting_state(problem, parameters)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, GradientState)
        if self.line_search == "none":
            moved = self._moved(problem, state, self.learning_rate)
            return self.evaluate(problem, state.chart, moved), NOTHING_TO_TELL
        trial = backtracked(
            self,
            problem,
            state,
            lambda rate: self._moved(problem, state, rate),
            self.learning_rate,
            at_least=state.position.log_likelihood,
        )
        if isinstance(trial, GradientState):
            return trial, NOTHING_TO_TELL
        if trial is not None:
            raise trial
        return state, Info((Event("fallback", NO_STEP_RISES),), Ended("converged", NO_STEP_RISES))

    def _moved(self, problem: Problem, state: GradientState, rate: float) -> Array:
        """The point that a rate leads to: weights multiplied, everything else added to."""
        change = (rate / problem.total_weight) * state.gradient
        moved: Array = state.x + change
        for name in state.chart.layout.free:
            block, place = state.chart.layout.by_name[name], state.chart.place(name)
            if isinstance(block.support, Simplex):
                weights = state.x[place].reshape(block.shape)
                # A weight of 0 stays so, however steep its gradient.
                exponents = np.where(weights > 0, change[place].reshape(block.shape), -np.inf)
                grown = weights * np.exp(exponents - np.max(exponents, axis=-1, keepdims=True))
                moved[place] = np.ravel(grown / np.sum(grown, axis=-1, keepdims=True))
        return moved
