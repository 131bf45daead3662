"""What every gradient method shares: an evaluated point, and the settings of its coordinates."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine import catalogue
from engine.algorithms.base import Algorithm, Position, State
from engine.coordinates.base import Chart, Coordinates
from engine.coordinates.raw import Raw
from engine.models.base import Expectation, Model, UndefinedLikelihood, Units
from engine.objective import Problem
from engine.parameters import (
    Array,
    Block,
    Parameters,
    Positive,
    PositiveDefinite,
    Simplex,
    Support,
    UnitInterval,
)
from engine.settings import setting


def coordinates_for(support: type[Support]) -> tuple[str, ...]:
    """Names of the coordinates that can write a support."""
    return tuple(name for name, each in catalogue.find("coordinates").items() if support in each.supports)


@dataclass(frozen=True, slots=True, eq=False)
class GradientState(State):
    """A position with its coordinates `x`, the gradient there (of the summed log-likelihood), and the chart."""

    chart: Chart
    x: Array
    gradient: Array


@dataclass(frozen=True)
class GradientAlgorithm(Algorithm):
    """A method that follows the gradient of the log-likelihood.

    The gradient comes from an E step's statistics by Fisher's identity, so it costs one pass.
    """

    family: ClassVar[str] = "gradient"
    requires: ClassVar[str] = "a gradient, and coordinates for every free block"

    standardize: bool = setting(
        True,
        label="Standardise",
        help="Work on centred and scaled columns, so that a learning rate means the same on any data.",
    )

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        return None if free else f"{self.name} has nothing to move: every block is held fixed; set one free."

    @property
    def fixed_rate(self) -> float | None:
        """The rate of x <- x + rate * gradient / n where that is the whole step; None for other methods."""
        return None

    @abstractmethod
    def writing(self, block: Block) -> Coordinates:
        """How a free block is written for the gradient."""

    def chart(self, parameters: Parameters, without: tuple[str, ...] = ()) -> Chart:
        """The coordinates of all free blocks but some; raises CannotRun where the start cannot be written."""
        free = [parameters.layout.by_name[name] for name in parameters.layout.free if name not in without]
        writing = {block.name: self.writing(block) for block in free}
        return Chart(parameters, writing, self.standardize, self.name, without)

    def uncharted(self, model: Model) -> tuple[str, ...]:
        """Free blocks of a model that have no coordinates, because the others decide them."""
        return ()

    def parameters_at(self, problem: Problem, chart: Chart, x: Array) -> Parameters:
        """The parameters that belong to coordinates x."""
        return chart.read(x)

    def evaluate(self, problem: Problem, chart: Chart, x: Array) -> GradientState:
        """The state at x, which is frozen: value and gradient from one pass. Raises UndefinedLikelihood."""
        parameters = self.parameters_at(problem, chart, x)
        return _state(chart, x, parameters, *block_gradient(problem, parameters))

    def attempt(self, problem: Problem, chart: Chart, x: Array) -> GradientState | UndefinedLikelihood:
        """The state at a trial point, or why there is no log-likelihood; the pass is charged either way.

        Coordinates that are no parameters at all are looked at by no pass, and are no trial.
        """
        before = problem.meter.gradients
        try:
            return self.evaluate(problem, chart, x)
        except UndefinedLikelihood as undefined:
            return undefined
        finally:
            problem.meter.trials += problem.meter.gradients - before

    def starting_state(self, problem: Problem, parameters: Parameters) -> GradientState:
        """The state at the start, whose parameters are the start's own and not those read back from x.

        Raises CannotRun where this lane cannot work here or start there.
        """
        self.check(problem)
        chart = self.chart(parameters, self.uncharted(problem.model))
        expectation, natural = problem.gradient(parameters)
        return _state(chart, chart.write(parameters), parameters, expectation, natural)


def block_gradient(
    problem: Problem, parameters: Parameters, units: Units = None
) -> tuple[Expectation, Array]:
    """The gradient in the natural blocks (flat), from one pass over all or some units; raises UndefinedLikelihood."""
    # An infinite variance has a density (of 0), so the model alone would not notice that a step ran away.
    if not np.isfinite(parameters.vector).all():
        raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
    try:
        return problem.gradient(parameters, units)
    except np.linalg.LinAlgError:
        sentence = "a covariance is singular to working precision"
        raise UndefinedLikelihood("not-finite", sentence, parameters) from None


def _state(
    chart: Chart, x: Array, parameters: Parameters, expectation: Expectation, natural: Array
) -> GradientState:
    gradient = chart.pull_back(x, natural)
    x.setflags(write=False)
    gradient.setflags(write=False)
    return GradientState(Position(parameters, expectation.log_likelihood, expectation), chart, x, gradient)


@dataclass(frozen=True)
class CoordinateGradientAlgorithm(GradientAlgorithm):
    """A gradient method without constraints, in coordinates that the user chooses for each kind of block."""

    weight_coordinates: str = setting(
        "softmax",
        label="Weights as",
        help="How the weights are written for the gradient.",
        choices=lambda: coordinates_for(Simplex),
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

    refuses_raw_weights: ClassVar[bool] = False
    """Whether it wants a maximum, which raw weights have not: the value grows without end with their sum."""

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        sums_free = any(name in free for name in ("weights", *model.rows_that_sum_to_one))
        if self.refuses_raw_weights and sums_free and self.weight_coordinates == "raw":
            return (
                f"{self.name} cannot climb in raw weights: there is no maximum, because the value grows without "
                "end with the sum of the weights; choose softmax or drop-last."
            )
        return super().refusal(model, free)

    def writing(self, block: Block) -> Coordinates:
        chosen = block.support.coordinates_setting
        if chosen is None or not hasattr(self, chosen):
            return Raw()
        found: type[Coordinates] = catalogue.get("coordinates", getattr(self, chosen))
        return found.of(block)


NOT_TURNED = 0.9


def within_roundoff(
    value: float, start: float, bound: float, slope: float, start_slope: float, curvature: float = math.inf
) -> bool:
    """Whether a trial counts as risen although rounding hides by how much.

    Where a value differs from the start's by rounding alone, comparing the two says nothing, but their
    slopes along the direction still do: the rise is taken for enough where the slope has not turned
    downwards by as much as it pointed upwards, and is at most `curvature` times what it was, if that is asked
    for. Hager & Zhang (2005), SIAM J. Optim. 16, 170-192, equation (4.1), the approximate Wolfe condition.
    """
    lowest = -min(NOT_TURNED, curvature) * start_slope
    return abs(value - start) <= bound and lowest <= slope <= curvature * start_slope


def slope_along(state: GradientState, direction: Array) -> float:
    """The derivative of the summed log-likelihood along a direction of the coordinates."""
    return float(np.dot(state.gradient, direction))
