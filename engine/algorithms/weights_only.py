"""What algorithms share that move nothing but the weights, on the simplex as it is.

With every other block held, the log-likelihood is concave in the weights, and one number for each component
tells everything about a maximum: its multiplier, the mean of f_k/f over the rows (the gradient divided by n).
At a maximum it is 1 where a weight is above 0 and at most 1 where it is 0 (Lindsay 1983, Ann. Statist. 11,
86-94). Whatever the weights are, no others can raise the log-likelihood by more than
n (largest multiplier - 1): a certificate that needs no knowledge of the maximum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import Algorithm, Position
from engine.algorithms.gradient import GradientState
from engine.coordinates.base import Chart
from engine.coordinates.raw import Raw
from engine.models.base import Model, UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.wording import number_text


@dataclass(frozen=True)
class WeightsOnlyAlgorithm(Algorithm):
    """An algorithm for problems in which the weights are the only free block."""

    family: ClassVar[str] = "gradient"

    requires: ClassVar[str] = "a model whose weights are its only free block"

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        others = [name for name in free if name != "weights"]
        if others:
            return (
                f"{self.name} moves the weights only, and {' and '.join(others)} are free too; hold them fixed, or "
                "choose another algorithm."
            )
        return None if free else f"{self.name} has nothing to move: the weights are held fixed."

    def starting_state(self, problem: Problem, parameters: Parameters) -> GradientState:
        """The state at the start; raises CannotRun where this lane cannot work here."""
        self.check(problem)
        layout = parameters.layout
        chart = Chart(parameters, {layout.free[0]: Raw()}, True, self.name)
        return _state(problem, chart, parameters)

    def arrive(self, problem: Problem, chart: Chart, weights: Array) -> GradientState:
        """The state at other weights: value and gradient from one pass. Raises UndefinedLikelihood."""
        return _state(problem, chart, chart.read(weights))

    def attempt(self, problem: Problem, chart: Chart, weights: Array) -> GradientState | UndefinedLikelihood:
        """As `arrive`, but where there is no log-likelihood it is told why; the pass is charged either way."""
        problem.meter.trials += 1
        try:
            return self.arrive(problem, chart, weights)
        except UndefinedLikelihood as undefined:
            return undefined


def _state(problem: Problem, chart: Chart, parameters: Parameters) -> GradientState:
    expectation, natural = problem.gradient(parameters)
    weights, gradient = chart.write(parameters), chart.pull_back(chart.write(parameters), natural)
    weights.setflags(write=False)
    gradient.setflags(write=False)
    return GradientState(
        Position(parameters, expectation.log_likelihood, expectation), chart, weights, gradient
    )


def multipliers(state: GradientState, problem: Problem) -> Array:
    """The mean of f_k/f over the rows, (K,)."""
    return state.gradient / problem.total_weight


def left_to_gain(state: GradientState, problem: Problem) -> float:
    """What other weights could add to the log-likelihood at the most: n (largest multiplier - 1)."""
    return problem.total_weight * max(0.0, float(np.max(multipliers(state, problem))) - 1.0)


def told_multipliers(state: GradientState, problem: Problem) -> str:
    """How many weights are 0, what the multipliers say there and elsewhere, and what is left to gain at most."""
    found, weights = multipliers(state, problem), state.x
    zero = np.flatnonzero(weights == 0)
    off = number_text(float(np.max(np.abs(found[weights > 0] - 1.0))), 2)
    left = (
        f"no weights can raise the log-likelihood by more than {number_text(left_to_gain(state, problem), 2)}"
    )
    if not zero.size:
        return f"no weight is 0; the mean of f_k/f is within {off} of 1; {left}"
    highest = int(zero[np.argmax(found[zero])])
    return (
        f"{zero.size} of {weights.size} weights {'is' if zero.size == 1 else 'are'} exactly 0; the mean of f_k/f "
        f"there is at most {number_text(float(found[highest]), 7)} (weight {highest + 1}), and within {off} of 1 at "
        f"the others; {left}"
    )


def on_the_simplex(weights: Array) -> Array:
    """Weights that left it by rounding alone, brought back: none below 0, the sum 1."""
    clipped = np.maximum(weights, 0.0)
    return np.asarray(clipped / np.sum(clipped))
