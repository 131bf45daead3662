"""The stationary law of a Markov chain, its derivatives, and the transitions that are best where sequences begin in it.

A chain that has run for long is in state k with probability delta_k, where delta = delta Gamma and sum delta = 1. Where
sequences begin in that law, the M step maximises sum_k g_k log delta_k(Gamma) + sum_ij x_ij log Gamma_ij for g_k
sequences that begin in k and x_ij transitions. It has no closed form, because every delta_k depends on all of Gamma.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.parameters import Array
from engine.roundoff import EPSILON

Places = npt.NDArray[np.intp]

RAREST = 1e-150
"""A state that is left with less probability has no share in a law that numbers could hold beside those of others."""

INNER_STEPS = 50
"""More than an inner Newton method ever needs."""

LONGEST_STEP = 5.0
"""No inner step changes the logarithm of a transition by more."""

ARRIVED = 1e-18
"""An inner Newton step that promises less, for one transition in all, is the last: its error is that of rounding."""

FLATTEST = 1e-10
"""Where the curvature is a smaller share of what one logarithm alone has, an inner step takes this share for it."""

ENOUGH_RISE = 1e-4
HALVINGS = 40


class NotOneLaw(Exception):
    """A chain has no stationary law of its own, in words."""


@dataclass(frozen=True, eq=False)
class StationaryLaw:
    """The stationary law `probabilities` (K,) of `transitions` (K, K), and how it moves with them."""

    probabilities: Array
    transitions: Array

    @cached_property
    def responses(self) -> Array:
        """Z_jk - Z_ik (K, K, K), where d delta = delta dGamma Z for changes dGamma (K, K) whose rows sum to 0.

        Z is a generalised inverse of I - Gamma (Meyer 1975, SIAM Review 17, 443-464). The differences come from the
        expected number of visits of k on the way from j to i, and have their digits also where states are hardly ever
        left and Z is huge. They are 0 for a state i without a share in the law.
        """
        law, states = self.probabilities, np.arange(len(self.probabilities))
        orders = (states + states[:, None]) % len(states)
        places = orders[:, :, None], orders[:, None, :]
        rates = self.transitions[places]
        entered, visits = np.broadcast_to(np.eye(len(states)), rates.shape).copy(), np.zeros_like(rates)
        with np.errstate(all="ignore"):
            leaving = _take_out(rates)
            for state in states[:0:-1]:
                share = rates[:, :state, state] / leaving[:, None, state]
                entered[:, :state] += share[:, :, None] * entered[:, None, state]
            for state in states[1:]:
                onwards = np.einsum("il,ilk->ik", rates[:, state, :state], visits[:, :state])
                visits[:, state] = (entered[:, state] + onwards) / leaving[:, None, state]
            found = np.empty_like(visits)
            found[states[:, None, None], *places] = visits
            # visits - delta sum visits, where a probability near 1 must not be taken from 1.
            others = 1.0 - np.eye(len(law))
            found = found * (others @ law) - (found @ others) * law
        return np.where(np.isfinite(found) & (law > 0.0)[:, None, None], found, 0.0)

    def slope(self, by_probability: Array) -> Array:
        """The gradient (K, K) in the transitions of what has the gradient (K,) in the law.

        It is that of moving a transition out of the diagonal, which itself has no slope.
        """
        return np.asarray(self.probabilities[:, None] * (self.responses @ by_probability))

    def slopes(self) -> Array:
        """The gradient (K, K) of each probability in the transitions, (K, K, K)."""
        return np.moveaxis(self.probabilities[:, None, None] * self.responses, 2, 0)


def stationary_law(transitions: Array) -> StationaryLaw:
    """The stationary law of transitions (K, K), of which those out of the diagonal count and none may be negative.

    What takes states out of a chain adds, multiplies and divides positive numbers and subtracts nothing, so that a
    probability of 1e-100 has all its digits (Grassmann, Taksar & Heyman 1985, Operations Research 33, 1107-1116).
    Raises NotOneLaw where two states never lead to a common one, for then there are several laws.
    """
    order = np.roll(np.arange(len(transitions)), -_reached_by_all(transitions))
    rates = transitions[np.ix_(order, order)]
    leaving = _take_out(rates[None])[0]
    if not np.min(leaving) > RAREST:
        state = int(order[np.argmin(leaving)])
        raise NotOneLaw(f"state {state + 1} is left too rarely for numbers to tell how often")
    law = np.ones(len(order))
    for state in range(1, len(order)):
        law[state] = law[:state] @ rates[:state, state] / leaving[state]
    probabilities = np.empty_like(law)
    probabilities[order] = law / np.add.reduce(law)
    return StationaryLaw(probabilities, transitions)


def _take_out(rates: Array) -> Array:
    """Takes states out of chains (m, K, K) one by one, from the last to the second, in place.

    Then each row and column has the transitions between states that were left when it was taken out. Returns how
    probable it was to go on from each state to one of those before it, (m, K), 1 for the first.
    """
    leaving = np.ones(rates.shape[:2])
    for state in range(rates.shape[1] - 1, 0, -1):
        leaving[:, state] = np.add.reduce(rates[:, state, :state], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = rates[:, state, :state] / leaving[:, state, None]
        rates[:, :state, :state] += rates[:, :state, state, None] * shares[:, None]
    return leaving


def _reached_by_all(transitions: Array) -> int:
    """The first state that all others lead to; raises NotOneLaw where there is none."""
    leads = (transitions > 0.0) | np.eye(len(transitions), dtype=bool)
    if np.all(leads):
        return 0
    for _ in range(len(leads).bit_length()):
        leads = leads @ leads
    reached = np.flatnonzero(np.all(leads, axis=0))
    if reached.size:
        return int(reached[0])
    one, other = _apart(leads)
    raise NotOneLaw(f"states {one + 1} and {other + 1} never lead to a common state")


def _apart(leads: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Two states from which no state can be reached in common, given what leads where (K, K); there are such."""
    common = leads.astype(int) @ leads.T.astype(int)
    one, other = np.argwhere(common == 0)[0]
    return int(one), int(other)


def best_transitions(transitions: Array, begun: Array, moved: Array, steps: int = INNER_STEPS) -> Array:
    """The transitions (K, K) that maximise sum_k g_k log delta_k + sum_ij x_ij log Gamma_ij; g (K,), x (K, K) >= 0.

    Newton's method in the logarithms of each row, from the given transitions or from x made to sum to 1, whichever is
    better, for at most so many steps. Where the curvature has a wrong sign its size is taken, and a step is halved
    until the sum rises, so the result is never worse than the transitions given. As with a free initial law a
    transition of 0 stays 0. What is negative has no maximum: then the answer is x made to sum to 1, which tells so.
    """
    totals = np.sum(moved, axis=1, keepdims=True)
    alone = np.divide(moved, totals, out=np.zeros_like(moved), where=totals > 0)
    alone = np.where(totals > 0, alone, transitions)
    if len(transitions) == 1 or np.sum(begun) == 0.0 or min(np.min(moved), np.min(begun)) < 0.0:
        return np.asarray(alone)
    here = _Place(transitions, begun, moved)
    if np.array_equal(alone > 0.0, transitions > 0.0):
        other = _Place(alone, begun, moved)
        here = other if other.value > here.value else here
    enough = ARRIVED * float(np.sum(begun) + np.sum(moved))
    for _ in range(steps):
        if not math.isfinite(here.value):
            break
        step, promised = here.newton_step()
        following = here.risen(step, promised)
        if following is None:
            break
        here = following
        if promised <= enough:
            break
    return here.transitions


class _Place:
    """Transitions, and what the M step maximises there: -inf where they have no stationary law."""

    def __init__(self, transitions: Array, begun: Array, moved: Array) -> None:
        self.transitions, self.begun, self.moved = transitions, begun, moved
        self.value, self.rounding = -math.inf, 0.0
        try:
            self.law = stationary_law(transitions)
        except NotOneLaw:
            return
        terms = np.concatenate(
            (_weighted_logs(begun, self.law.probabilities), _weighted_logs(moved, transitions))
        )
        self.value = float(np.sum(terms))
        self.rounding = 8.0 * EPSILON * float(np.sum(np.abs(terms)))

    def newton_step(self) -> tuple[Array, float]:
        """The step (K, K) in the logarithms of the transitions, and the rise that its slope promises.

        It is found in units of 1 / sqrt(Gamma), in which a row of x tells as much in all directions.
        """
        root = np.sqrt(self.transitions)
        gradient, information = self._slope_and_information(root)
        table = information.reshape(root.size, root.size)
        # Transitions that are nearly 0 are far more curved than others, which must not drown beside them.
        units = np.sqrt(np.abs(np.diagonal(table)))
        units = np.divide(1.0, units, out=np.ones_like(units), where=units > 0)
        values, vectors = np.linalg.eigh(units[:, None] * table * units)
        sizes = np.maximum(np.abs(values), FLATTEST)
        step = (units * (vectors @ ((vectors.T @ (units * gradient.ravel())) / sizes))).reshape(root.shape)
        in_logarithms = np.divide(step, root, out=np.zeros_like(root), where=root > 0)
        share = LONGEST_STEP / max(LONGEST_STEP, float(np.max(np.abs(in_logarithms))))
        return share * in_logarithms, share * float(np.sum(gradient * step))

    def _slope_and_information(self, root: Array) -> tuple[Array, Array]:
        """The gradient (K, K) and minus the second derivatives (K, K, K, K), in units of 1 / sqrt(Gamma).

        With d delta = delta dGamma Z the second derivative of delta along U and V is delta U Z V Z + delta V Z U Z.
        """
        law, responses, kept = self.law.probabilities, self.law.responses, root > 0
        same = np.eye(len(law))
        ratios = np.divide(self.begun, law, out=np.zeros_like(law), where=self.begun > 0)
        weights = np.divide(ratios, law, out=np.zeros_like(law), where=self.begun > 0)
        slope = self.law.slope(ratios)
        slope = np.where(kept, slope - np.sum(self.transitions * slope, axis=1, keepdims=True), 0.0)
        totals = np.sum(self.moved, axis=1, keepdims=True)
        excess = self.moved - totals * self.transitions
        gradient = np.divide(excess, root, out=np.zeros_like(root), where=kept) + root * slope
        # How Gamma_ij moves with unit a of row i is along[i, j, a]; how delta_k does is shift[i, a, k].
        within = same - root[:, :, None] * root[:, None, :]
        along = root[:, :, None] * within
        shift = law[:, None, None] * np.einsum("ija,ijk->iak", along, responses)
        crossed = np.einsum("iam,mb->iamb", shift, np.einsum("mjb,mj->mb", along, responses @ ratios))
        information = np.einsum("iak,k,mbk->iamb", shift, weights, shift)
        information -= crossed + crossed.transpose(2, 3, 0, 1)
        bent = (root * slope)[:, :, None] * root[:, None, :]
        rows = np.arange(len(law))
        information[rows, :, rows, :] += (
            totals[:, :, None] * within - slope[:, :, None] * same + bent + bent.transpose(0, 2, 1)
        )
        return gradient, information

    def risen(self, step: Array, promised: float) -> "_Place | None":
        """Where the step, or the first half or quarter of it that rises enough, leads; None where none does."""
        share = 1.0
        for _ in range(HALVINGS):
            grown = self.transitions * np.exp(share * step)
            there = _Place(grown / np.sum(grown, axis=1, keepdims=True), self.begun, self.moved)
            if there.value >= self.value + ENOUGH_RISE * share * promised - self.rounding:
                return there
            share *= 0.5
        return None


def _weighted_logs(counts: Array, probabilities: Array) -> Array:
    """counts times the logarithms of probabilities, where anything is counted."""
    seen = counts > 0
    with np.errstate(divide="ignore"):
        return np.asarray(counts[seen] * np.log(probabilities[seen]))
