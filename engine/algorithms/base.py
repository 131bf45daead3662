"""What every algorithm shares: the position it holds, the state, what a step tells, the interface."""

import dataclasses
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.errors import CannotRun
from engine.models.base import Expectation, Model
from engine.objective import Problem
from engine.parameters import Parameters, frozen
from engine.settings import Setting, settings_of


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Parameters with their own log-likelihood and the expectation that was computed there."""

    parameters: Parameters
    log_likelihood: float
    expectation: Expectation


UNMEASURED = Expectation(math.nan, frozen([]))


def unmeasured(parameters: Parameters) -> Position:
    """Parameters whose log-likelihood nobody knows yet: it is NaN."""
    return Position(parameters, math.nan, UNMEASURED)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What the next step needs; every algorithm's state begins with its position."""

    position: Position

    @property
    def under_way(self) -> bool:
        """Whether a schedule of the algorithm's own goes on, so that the stopping rule must wait for its end."""
        return False

    @property
    def nbytes(self) -> int:
        """Memory of what the state holds beside its position, where that is more than a few vectors."""
        return 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a mark on the timeline, in words with its numbers."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Why an algorithm itself has nothing more to do."""

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Info:
    """What an observer wants to know of a step."""

    events: tuple[Event, ...] = ()
    ended: Ended | None = None


NOTHING_TO_TELL = Info()


@dataclass(frozen=True)
class Algorithm(ABC):
    """A way to climb the log-likelihood: settings, `init` and a pure `step`.

    `family` is 'em' or 'gradient'.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    formula: ClassVar[str] = ""
    """LaTeX, one display a line; '' where words are enough."""
    try_it: ClassVar[str] = ""
    """One sentence that says what to try in the window; '' where there is nothing special."""
    family: ClassVar[str]
    requires: ClassVar[str] = "expectations of the latent variables and an M step"
    """What it needs of a model and of its coordinates."""

    @property
    def promises(self) -> str | None:
        """What a step never decreases as it is set, 'log-likelihood' or another objective; None: nothing."""
        return None

    def refusal(self, model: Model, free: Sequence[str]) -> str | None:
        """Why it cannot run on a model of which these blocks are free, as a sentence; None where it can."""
        return None

    def check(self, problem: Problem) -> None:
        """Raises CannotRun, with the sentence, where it cannot run on a problem."""
        refused = self.refusal(problem.model, problem.layout.free)
        if refused is not None:
            raise CannotRun(refused)

    @abstractmethod
    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        """The state at the start. Raises CannotRun where this lane cannot work here or start there."""

    @abstractmethod
    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        """One iteration. Raises UndefinedLikelihood where it lands without a likelihood."""

    def measured(self, problem: Problem, state: State) -> State:
        """The state with its log-likelihood on all the data, computed for display and never charged.

        A method that looks at all the data has it already; one that draws mini-batches overrides this.
        """
        return state


def promise_of(cls: type[Algorithm]) -> str:
    """What a class promises never to decrease, as it comes and with its settings chosen otherwise, as a sentence."""
    usual = cls()
    told = [_promise(usual.promises)]
    for each in settings_of(cls):
        for value in _extremes(each):
            changed = dataclasses.replace(usual, **{each.name: value}).promises
            if changed != usual.promises:
                told.append(f"with {each.name} = {json.dumps(value).strip(chr(34))} {_promise(changed)}")
    sentence = "; ".join(told)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _extremes(each: Setting) -> tuple[Any, ...]:
    """The choices of a setting; of a number 0, where that switches something off."""
    if isinstance(each.default, str):
        return each.choices
    if isinstance(each.default, bool):
        return True, False
    return (0.0,) if isinstance(each.default, float) and each.minimum == 0 else ()


def _promise(objective: str | None) -> str:
    return "nothing is promised" if objective is None else f"the {objective} never decreases"
