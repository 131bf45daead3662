"""What online and mini-batch EM share: running statistics that move towards those of the next mini-batch.

With s the statistics of all units and s_t those of mini-batch t at the newest parameters, counted as often as
there are mini-batches,

    s <- (1 - share) s + share s_t,    theta <- the M step from s.

That is a stochastic gradient step, not in the parameters but in the mean of the statistics, where EM's own step
is the gradient step of length 1: it needs no learning rate to be guessed, and no step leaves the constraints
(Cappé & Moulines 2009). The members differ in how the share goes on, and in what is reported.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Info, State, unmeasured
from engine.algorithms.em_variant import EMVariant
from engine.algorithms.mini_batches import MiniBatches, refuse_one_sequence
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class StepwiseState(State):
    """A position, the newest parameters, the running statistics, and how many updates were made under a key.

    The position's parameters may be an average of the newest ones; statistics are None before the first update.
    """

    newest: Parameters
    statistics: Array | None
    updates: int
    key: int


@dataclass(frozen=True)
class StepwiseEM(EMVariant):
    """An algorithm that moves running statistics by mini-batches; one iteration is several updates."""

    requires: ClassVar[str] = "expectations of a few rows at a time and an M step"

    batch_size: int = setting(
        100,
        label="Batch size",
        help="How many rows one update looks at, at most.",
        minimum=1,
        maximum=10_000_000,
        logarithmic=True,
    )
    updates: int = setting(
        10,
        label="Updates",
        help="How many mini-batches make one iteration; the log-likelihood is measured after each iteration.",
        minimum=1,
        maximum=100_000,
        logarithmic=True,
    )

    @abstractmethod
    def share(self, update: int) -> float:
        """How far the running statistics move towards those of update number `update` (from 0): in (0, 1]."""

    def reported(self, average: Parameters, newest: Parameters, update: int) -> Parameters:
        """What becomes of the position's parameters with the newest ones, after update number `update`."""
        return newest

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        refuse_one_sequence(problem, self.name)
        return StepwiseState(unmeasured(parameters), parameters, None, 0, key)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, StepwiseState)
        newest, statistics, average = state.newest, state.statistics, state.position.parameters
        batches = MiniBatches(state.key, problem.prepared.units, self.batch_size)
        last = state.updates + self.updates
        for update in range(state.updates, last):
            problem.workspace.checkpoint()
            batch = batches.batch(update) if batches.per_epoch > 1 else None
            found = problem.expect(newest, batch)
            scale = 1.0 if batch is None else batches.scale(batch)
            share = 1.0 if statistics is None else self.share(update)
            moved = (share * scale) * found.statistics
            statistics = moved if statistics is None else (1.0 - share) * statistics + moved
            newest = problem.m_step(statistics, newest)
            average = self.reported(average, newest, update)
        if statistics is not None:
            statistics.setflags(write=False)
        return StepwiseState(unmeasured(average), newest, statistics, last, state.key), NOTHING_TO_TELL
