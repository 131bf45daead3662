"""Mini-batches of units for algorithms that look at a part of the data at a time."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.errors import CannotRun
from engine.objective import Problem
from engine.randomness import generator

Places = npt.NDArray[np.intp]

ROUNDS = 6


@dataclass(frozen=True, slots=True)
class MiniBatches:
    """Which units take part in which update: every epoch is a new shuffle, cut into equal parts.

    Within an epoch each of the `units` units is drawn exactly once. Its batches are of equal size but for 1,
    the largest size that is at most `size`. A batch is a function of the key and the update's number alone,
    so a state that has these two needs nothing more. For finite sums, shuffling converges faster than drawing
    with replacement: Gürbüzbalaban, Ozdaglar & Parrilo (2021), Math. Program. 186, 49-84.
    """

    key: int
    units: int
    size: int

    @property
    def per_epoch(self) -> int:
        """How many batches see all units once."""
        return -(-self.units // self.size)

    def batch(self, update: int) -> Places:
        """The units of update number `update` (from 0), ascending."""
        epoch, place = divmod(update, self.per_epoch)
        if self.per_epoch == 1:
            return np.arange(self.units)
        first, last = (round(each * self.units / self.per_epoch) for each in (place, place + 1))
        return np.sort(_shuffled(self.key, epoch, self.units, np.arange(first, last)))

    def scale(self, batch: Places) -> float:
        """What a sum over the batch is multiplied by to estimate, without bias, the sum over all units."""
        return self.units / len(batch)


def refuse_one_sequence(problem: Problem, lane: str) -> None:
    """Raises CannotRun where all rows are one sequence, of which no part says what the whole would."""
    dataset = problem.prepared.dataset
    if problem.prepared.units == 1 and dataset.rows > 1:
        raise CannotRun(
            f"{lane} looks at a few sequences at a time, and {dataset.name} is a single one; choose a method that looks "
            "at all rows, such as em or lbfgs."
        )


def _shuffled(key: int, epoch: int, units: int, places: Places) -> Places:
    """What stands at these places of a shuffle of 0 ... units - 1, without shuffling the others.

    Shuffling a million units costs as much as an E step over them, of which the first batch needs a
    ten-thousandth. A number below side^2 is written as two digits, and each round adds to one of them a random
    function of the other: that can be undone, so it is a permutation (Luby & Rackoff 1988, SIAM J. Comput. 17,
    373-386). Where it leads to `units` or above it is repeated until it does not (Black & Rogaway 2002,
    CT-RSA, 114-130).
    """
    side = math.isqrt(units - 1) + 1
    result = np.array(places)
    pending = np.arange(len(places))
    while pending.size:
        left, right = np.divmod(result[pending], side)
        for table in _round_functions(key, epoch, side):
            left, right = right, (left + table[right]) % side
        result[pending] = left * side + right
        pending = pending[result[pending] >= units]
    return result


@lru_cache(maxsize=16)
def _round_functions(key: int, epoch: int, side: int) -> Places:
    """A random function of 0 ... side - 1 into the same for each round, (ROUNDS, side)."""
    return generator(key, epoch).integers(side, size=(ROUNDS, side), dtype=np.intp)
