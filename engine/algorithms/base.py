"""What every algorithm shares: the position it holds, the state, what a step tells, the interface."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from engine.models.base import Expectation
from engine.objective import Problem
from engine.parameters import Parameters


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Parameters with their own log-likelihood and the expectation that was computed there."""

    parameters: Parameters
    log_likelihood: float
    expectation: Expectation


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

    @property
    def promises(self) -> str | None:
        """What a step never decreases as it is set, 'log-likelihood' or another objective; None: nothing."""
        return None

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
