"""ECME: some blocks maximise the bound, the others the log-likelihood itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.algorithms.base import NOTHING_TO_TELL, Algorithm, Info, Position, State
from engine.models.base import Expectation, Model, UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting

SMALLEST_SLOPE = 1e-10
"""The log-likelihood counts as maximised where its slope per row, in the logarithm of the block, is below this."""

LONGEST_STEP = 2.0
"""No secant step changes a number by a larger factor than exp of this."""


@dataclass(frozen=True)
class ExpectationConditionalMaximizationEither(Algorithm):
    """Maximises some blocks over the bound, as EM does, and then the others over the log-likelihood itself.

    E step as EM's, then a CM step over all blocks but those of which the model says that the bound is a poor guide: for
    Student t distributions the degrees of freedom. Those are moved by the log-likelihood given the newest values of the
    others (Liu & Rubin 1994): EM's own step first, with a new E step, and then secant steps on the gradient in their
    logarithms, each kept only if the log-likelihood rises. So an iteration costs some passes more, and there are far
    fewer of them. The order, bound first, is what keeps the log-likelihood from falling (Meng & van Dyk 1997).

    The right one where one block is what makes EM slow and has few numbers.
    """

    name: ClassVar[str] = "ecme"
    source: ClassVar[str] = "Liu & Rubin (1994), Biometrika 81, 633-648"
    formula: ClassVar[str] = r"""
        \theta_1 \leftarrow \arg\max_{\theta_1}\; Q(\theta_1, \theta_2)
        \theta_2 \leftarrow \arg\max_{\theta_2}\; \ell(\theta_1, \theta_2)
    """
    family: ClassVar[str] = "em"
    promises: ClassVar[str | None] = "log-likelihood"
    requires: ClassVar[str] = "a model that names blocks for which the bound is a poor guide"

    most_trials: int = setting(
        4,
        label="Trials",
        help="How many values of the second blocks are tried in an iteration, a pass each.",
        minimum=1,
        maximum=50,
        adjustable=True,
    )

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        if not model.likelihood_blocks:
            return (
                f"{self.name} needs a model with a block that is better maximised over the log-likelihood itself, as "
                f"student-t-mixture has; choose em or ecm for {model.name}."
            )
        if not any(name in free for name in model.likelihood_blocks):
            blocks = " and ".join(name.replace("_", " ") for name in model.likelihood_blocks)
            return f"{self.name} has nothing to choose by the log-likelihood: the {blocks} are held fixed; choose em."
        return None

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        self.check(problem)
        expectation = problem.expect(parameters)
        return State(Position(parameters, expectation.log_likelihood, expectation))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        here, free = state.position, problem.layout.free
        second = tuple(name for name in free if name in problem.model.likelihood_blocks)
        first = tuple(name for name in free if name not in second)
        parameters = problem.m_step(here.expectation.statistics, here.parameters, first)
        return State(self._climbed(problem, parameters, second)), NOTHING_TO_TELL

    def _climbed(self, problem: Problem, parameters: Parameters, blocks: tuple[str, ...]) -> Position:
        """The highest position among the trials, the parameters themselves included."""
        places = _places(parameters, blocks)
        expectation, slopes = _evaluated(problem, parameters, places)
        best = Position(parameters, expectation.log_likelihood, expectation)
        logs = np.log(parameters.vector[places])
        # EM's own step cannot fall, for the E step was taken here.
        reached = problem.m_step(expectation.statistics, parameters, blocks)
        step = np.log(reached.vector[places]) - logs
        for _ in range(self.most_trials):
            if np.max(np.abs(slopes)) <= SMALLEST_SLOPE * problem.total_weight or not np.any(step):
                break
            vector = np.array(best.parameters.vector)
            vector[places] = np.exp(logs + step)
            vector.setflags(write=False)
            trial = Parameters(parameters.layout, vector)
            try:
                expectation, slopes_there = _evaluated(problem, trial, places)
            except UndefinedLikelihood:
                step = 0.5 * step
                continue
            if not expectation.log_likelihood >= best.log_likelihood:
                step = 0.5 * step
                continue
            best = Position(trial, expectation.log_likelihood, expectation)
            logs, step, slopes = logs + step, _secant_step(step, slopes, slopes_there), slopes_there
        return best


def _places(parameters: Parameters, blocks: tuple[str, ...]) -> npt.NDArray[np.intp]:
    """Where the numbers of some blocks stand in the flat vector."""
    everything = np.arange(parameters.layout.size)
    return np.concatenate([everything[parameters.layout.places[name]] for name in blocks])


def _evaluated(
    problem: Problem, parameters: Parameters, places: npt.NDArray[np.intp]
) -> tuple[Expectation, Array]:
    """One pass: the expectation, and the slope in the logarithms of the numbers at `places`."""
    expectation, gradient = problem.gradient(parameters)
    return expectation, np.asarray(gradient[places] * parameters.vector[places])


def _secant_step(moved: Array, slopes: Array, slopes_there: Array) -> Array:
    """Number by number to where the slope would vanish; where it does not fall, uphill by as much as the last step."""
    fallen = slopes - slopes_there
    with np.errstate(divide="ignore", invalid="ignore"):
        secant = slopes_there * moved / fallen
    uphill = np.sign(slopes_there) * np.abs(moved)
    falls = (moved != 0) & (fallen * moved > 0)
    return np.clip(np.where(falls, secant, uphill), -LONGEST_STEP, LONGEST_STEP)
