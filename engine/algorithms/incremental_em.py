"""Incremental EM: an M step after every block of rows."""

import functools
import math
import operator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.algorithms.base import NOTHING_TO_TELL, Info, State
from engine.algorithms.em_variant import EMVariant, ObjectiveState, unmeasured
from engine.algorithms.mini_batches import MiniBatches
from engine.models.exact_sums import Pair
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.settings import setting


@dataclass(frozen=True, slots=True, eq=False)
class IncrementalState(ObjectiveState):
    """A position and the free energy there; of each block its statistics (B, 2, S) and its q's entropy (B,).

    The key dealt the rows to the blocks.
    """

    contributions: Array
    entropies: Array
    key: int

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

    The right one where EM is wanted for half its passes, without a step length and to the last digit: from ten
    blocks on it takes little more than half, because the parameters that a block sees are newer. Blocks of a few
    rows cost more time than they save.
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
        found = [
            self._e_step(problem, parameters, key, block)
            for block in range(self._dealt(problem, key).per_epoch)
        ]
        contributions = np.stack([statistics for statistics, _ in found])
        return self._state(
            problem, parameters, contributions, np.array([entropy for _, entropy in found]), key
        )

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, IncrementalState)
        parameters = state.position.parameters
        contributions, entropies = np.array(state.contributions), np.array(state.entropies)
        for block in range(len(contributions)):
            parameters = problem.m_step(_total(contributions), parameters)
            contributions[block], entropies[block] = self._e_step(problem, parameters, state.key, block)
        return self._state(problem, parameters, contributions, entropies, state.key), NOTHING_TO_TELL

    def _dealt(self, problem: Problem, key: int) -> MiniBatches:
        units = problem.prepared.units
        return MiniBatches(key, units, -(-units // self.blocks))

    def _e_step(self, problem: Problem, parameters: Parameters, key: int, block: int) -> tuple[Array, float]:
        """The statistics (2, S) of a block's rows and the entropy of their latent variables."""
        dealt = self._dealt(problem, key)
        found = problem.expect(parameters, dealt.batch(block) if dealt.per_epoch > 1 else None)
        q = problem.model.expected_log_likelihood(problem.prepared, found.statistics, parameters)
        return found.statistics.reshape(2, -1), found.log_likelihood - q

    def _state(
        self, problem: Problem, parameters: Parameters, contributions: Array, entropies: Array, key: int
    ) -> IncrementalState:
        for array in (contributions, entropies):
            array.setflags(write=False)
        total = _total(contributions)
        q = problem.model.expected_log_likelihood(problem.prepared, total, parameters)
        free_energy = q + math.fsum(entropies)
        return IncrementalState(unmeasured(parameters), free_energy, contributions, entropies, key)


def _total(contributions: Array) -> Array:
    """The statistics (2 S,) of all blocks.

    Summed anew, because a sum from which the old contribution is subtracted and to which the new one is added
    may come out below 0 for a component that has nearly vanished.
    """
    if contributions[:, 1].any():
        total = functools.reduce(operator.add, [Pair(each[0], each[1]) for each in contributions])
        return np.concatenate((total.high, total.low))
    return np.add.reduce(contributions, axis=0).reshape(-1)
