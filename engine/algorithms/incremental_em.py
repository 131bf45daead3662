"""Incremental EM: an M step after every block of rows."""

import functools
import math
import operator
from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.em_variant import EMVariant, ObjectiveState, unmeasured
from engine.algorithms.mini_batches import MiniBatches
from engine.models.base import Expectation
from engine.objective import Problem
from engine.parameters import Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """A block's statistics under its own q, and the entropy of that q."""

    expectation: Expectation
    entropy: float


@dataclass(frozen=True, slots=True, eq=False)
class IncrementalState(ObjectiveState):
    """A position, the free energy there, what each block contributes, and their sum; the key dealt the rows."""

    contributions: tuple[Contribution, ...]
    total: Expectation
    key: int

    @property
    def nbytes(self) -> int:
        return sum(each.expectation.statistics.nbytes for each in self.contributions)


@dataclass(frozen=True)
class IncrementalEM(EMVariant):
    """Updates the parameters after every block of rows, not only after all of them.

    Every block of rows has its own distribution q_b of the latent variables. In turn, for each block:
    E step: q_b = p(z | its rows, theta), whose statistics s_b replace the old ones, s <- s - s_b(old) + s_b;
    M step: the theta that maximises Q(s, theta). Both climb the free energy F = Q(s, theta) + sum_b entropy(q_b),
    which lies below the log-likelihood and meets it at every maximum (Neal & Hinton 1998); the
    log-likelihood itself may fall for a moment. One iteration is one sweep over the blocks and one pass; the
    rows are dealt to the blocks at random, so that no block is a cluster. With one block it is EM.

    The right one where data are many and come in blocks that fit into memory together: it takes EM's number of
    passes a few times less at the beginning, and needs no step length.
    """

    name: ClassVar[str] = "incremental-em"
    source: ClassVar[str] = "Neal & Hinton (1998), Learning in Graphical Models, 355-368"
    formula: ClassVar[str] = r"""
        s \leftarrow s - s_b^{\mathrm{old}} + s_b^{\mathrm{new}}, \qquad \theta \leftarrow \arg\max_\theta Q(s, \theta)
        F(q, \theta) = Q(s, \theta) + \sum_b \mathrm{H}(q_b) \le \ell(\theta)
    """
    promises: ClassVar[str | None] = "free energy"

    blocks: int = setting(
        10,
        label="Blocks",
        help="How many parts the rows are dealt into; after each of them the parameters move. 1 is EM.",
        minimum=1,
        maximum=1000,
        logarithmic=True,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        places = range(self._dealt(problem, key).per_epoch)
        contributions = [self._contribution(problem, parameters, key, place) for place in places]
        total = functools.reduce(operator.add, [each.expectation for each in contributions])
        return self._state(problem, parameters, contributions, total, key)

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, IncrementalState)
        parameters, total = state.position.parameters, state.total
        contributions = list(state.contributions)
        for place, old in enumerate(contributions):
            parameters = problem.m_step(total.statistics, parameters)
            new = self._contribution(problem, parameters, state.key, place)
            contributions[place] = new
            alone = len(contributions) == 1
            total = new.expectation if alone else total + old.expectation.scaled(-1.0) + new.expectation
        return self._state(problem, parameters, contributions, total, state.key), NOTHING_TO_TELL

    def _dealt(self, problem: Problem, key: int) -> MiniBatches:
        units = problem.prepared.units
        return MiniBatches(key, units, -(-units // self.blocks))

    def _contribution(self, problem: Problem, parameters: Parameters, key: int, place: int) -> Contribution:
        """The E step over block number `place` and the entropy of its latent variables."""
        blocks = self._dealt(problem, key)
        found = problem.expect(parameters, blocks.batch(place) if blocks.per_epoch > 1 else None)
        q = problem.model.expected_log_likelihood(problem.prepared, found.statistics, parameters)
        return Contribution(found, found.log_likelihood - q)

    def _state(
        self,
        problem: Problem,
        parameters: Parameters,
        contributions: list[Contribution],
        total: Expectation,
        key: int,
    ) -> IncrementalState:
        q = problem.model.expected_log_likelihood(problem.prepared, total.statistics, parameters)
        free_energy = q + math.fsum(each.entropy for each in contributions)
        return IncrementalState(unmeasured(parameters), free_energy, tuple(contributions), total, key)
