"""What the variants of EM share that never hold the exact E step at their parameters.

They take expectations of a part of the data, or under another posterior than the exact one, and climb something
else than the log-likelihood on their way, or nothing. They are judged by the log-likelihood all the same: `run`
has it measured for display at every iteration, and nobody is charged for that.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import Algorithm, Position, State
from engine.objective import Problem


@dataclass(frozen=True, slots=True, eq=False)
class ObjectiveState(State):
    """A state with the value of what the algorithm climbs in place of the log-likelihood."""

    objective: float


@dataclass(frozen=True)
class EMVariant(Algorithm):
    """A variant of EM whose steps end at a position without its log-likelihood."""

    family: ClassVar[str] = "em"

    def measured(self, problem: Problem, state: State) -> State:
        here = state.position
        if not math.isnan(here.log_likelihood):
            return state
        expectation = problem.expect(here.parameters)
        position = Position(here.parameters, expectation.log_likelihood, expectation)
        return dataclasses.replace(state, position=position)
