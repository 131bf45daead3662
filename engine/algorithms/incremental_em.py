"""Incremental EM: an M step after every block of rows."""

import functools
import math
import operator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, State, unmeasured
from engine.algorithms.em_variant import EMVariant, ObjectiveState
from engine.algorithms.mini_batches import MiniBatches, refuse_one_sequence
from engine.models.base import Units
from engine.models.exact_sums import Pair
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class IncrementalState(ObjectiveState):
    """A position and the free energy there; of each block its rows, its statistics (B, 2, S), its entropy (B,)."""

    blocks: tuple[Units, ...]
    contributions: Array
    entropies: Array

    @property
    def nbytes(self) -> int:
        return self.contributions.nbytes


@dataclass(frozen=True)
class IncrementalEM(EMVariant):
    """Updates the parameters after every block of rows, not only after all of them.

    Every block of rows has its own distribution q_b of the latent variables. In turn, for each block:
    E step: q_b = p(z | its rows, theta), whose statistics s_b replace the old ones, s <- s - s_b(old) + s_b;
    M step: the theta that maximises Q(s, theta). Both climb the free energy F = Q(s, theta) + sum_b entropy(q_b),
    which lies below the log-likelihood and meets it at every maximum (Neal & Hinton 1998); the
    log-likelihood itself may fall for a moment. One iteration is one sweep over the blocks and one pass; the
    rows are dealt to the blocks at random, so that no block is a cluster. With one block it is EM.

    The right one where a pass is dear: the parameters that a block meets are newer, so that from ten blocks on
    little more than half of EM's passes are needed. Where rows are at hand, as here, picking a block out of
    them costs more time than that saves.
    """

    name: ClassVar[str] = "incremental-em"
    source: ClassVar[str] = "Neal & Hinton (1998), Learning in Graphical Models, 355-368"
    formula: ClassVar[str] = r"""
        s \leftarrow s - s_b^{\mathrm{old}} + s_b^{\mathrm{new}}, \qquad \theta \leftarrow \arg\max_\theta Q(s, \theta)
        F(q, \theta) = Q(s, \theta) + \sum_b \mathrm{H}(q_b) \le \ell(\theta)
    """
    promises: ClassVar[str | None] = "free energy"
    requires: ClassVar[str] = "expectations of a block of rows at a time and an M step"

    blocks: int = setting(
        10,
        label="Blocks",
        help="How many parts the rows are dealt into; after each of them the parameters move. 1 is EM.",
        minimum=1,
        maximum=1000,
        logarithmic=True,
    )

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        if self.blocks > 1:
            refuse_one_sequence(problem, self.name)
        units = problem.prepared.units
        dealt = MiniBatches(key, units, -(-units // self.blocks))
        blocks: tuple[Units, ...] = (None,)
        if dealt.per_epoch > 1:
            blocks = tuple(dealt.batch(block) for block in range(dealt.per_epoch))
        for rows in blocks:
            if rows is not None:
                rows.setflags(write=False)
        found = [self._e_step(problem, parameters, rows) for rows in blocks]
        contributions = np.stack([statistics for statistics, _ in found])
        return self._state(
            problem, parameters, blocks, contributions, np.array([entropy for _, entropy in found])
        )

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, IncrementalState)
        parameters = state.position.parameters
        contributions, entropies = np.array(state.contributions), np.array(state.entropies)
        for block, rows in enumerate(state.blocks):
            parameters = problem.m_step(_total(contributions), parameters)
            contributions[block], entropies[block] = self._e_step(problem, parameters, rows)
        return self._state(problem, parameters, state.blocks, contributions, entropies), NOTHING_TO_TELL

    def _e_step(self, problem: Problem, parameters: Parameters, rows: Units) -> tuple[Array, float]:
        """The statistics (2, S) of some rows and the entropy of their latent variables."""
        found = problem.expect(parameters, rows)
        q = problem.model.expected_log_likelihood(problem.prepared, found.statistics, parameters)
        return found.statistics.reshape(2, -1), found.log_likelihood - q

    def _state(
        self,
        problem: Problem,
        parameters: Parameters,
        blocks: tuple[Units, ...],
        contributions: Array,
        entropies: Array,
    ) -> IncrementalState:
        for array in (contributions, entropies):
            array.setflags(write=False)
        q = problem.model.expected_log_likelihood(problem.prepared, _total(contributions), parameters)
        free_energy = q + math.fsum(entropies)
        return IncrementalState(unmeasured(parameters), free_energy, blocks, contributions, entropies)


def _total(contributions: Array) -> Array:
    """The statistics (2 S,) of all blocks.

    Summed anew, because a sum from which the old contribution is subtracted and to which the new one is added
    may come out below 0 for a component that has nearly vanished.
    """
    if contributions[:, 1].any():
        total = functools.reduce(operator.add, [Pair(each[0], each[1]) for each in contributions])
        return np.concatenate((total.high, total.low))
    return np.asarray(np.add.reduce(contributions, axis=0)).reshape(-1)
