"""Discrete Markov chains that are seen through noise: forward-backward, Viterbi's path and random paths.

A recursion over time is sequential, and a loop over time in Python takes a hundred times as long as its arithmetic.
So every sequence is cut into pieces of about the square root of its length, and all pieces of all sequences go
through the recursion side by side, position by position:

1. the product of a piece's transitions and emissions, (K, K), says what a piece does to whatever enters it;
2. with the products the message that enters each piece is found from piece to piece, forwards and backwards;
3. with the entering messages the recursion runs through all pieces at once.

That is the two-level scan (Blelloch 1990; for hidden Markov models Särkkä & García-Fernández 2021, IEEE Trans. Signal
Processing 69), with as many steps in Python as twice the square root of the length. It works for any sums and
products that are associative and distributive: `LINEAR` for posterior probabilities, `LOGARITHMS` where those would
underflow, `MAXIMA` for the most probable path.

Arrays over rows are (K, n) with the rows in `Partition.order`: position by position, so that the pieces at one
position stand side by side.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.models.posterior import EXACT, Hard, Posterior, Sampled, Tempered
from engine.parameters import Array
from engine.randomness import generator

Places = npt.NDArray[np.intp]

WHOLE_UP_TO = 16
"""Sequences of at most so many rows are not cut."""
RESCALED_EVERY = 8
LOWEST_TOTAL = 1e-150
"""A message that sums to less has lost states which may still matter: then everything is done in logarithms."""
LARGEST_LOG_RATIO = 690.0


@dataclass(frozen=True, eq=False)
class Partition:
    """Sequences cut into pieces, longest pieces first, for sweeps over all pieces at once.

    `order` (n,) has the rows (of the sequences one after the other) position by position; those at position l of
    their piece are the columns `edges[l]` to `edges[l + 1]`, in the order of the pieces, of which the first
    `edges[l + 1] - edges[l]` are that long. `first` (B,) says which pieces begin a sequence, `ends` (B,) is the
    column of each piece's last row. `waves[j]` are the pieces that are number j of their sequences; sequences of
    more pieces stand before others, and the same in every wave.
    """

    order: Places
    edges: tuple[int, ...]
    first: npt.NDArray[np.bool_]
    ends: Places
    waves: tuple[Places, ...]

    @property
    def rows(self) -> int:
        return len(self.order)

    @property
    def pieces(self) -> int:
        return len(self.ends)

    @property
    def longest(self) -> int:
        """How many rows the longest piece has."""
        return len(self.edges) - 1

    @cached_property
    def later(self) -> Places:
        """The pieces that do not begin a sequence."""
        return np.flatnonzero(~self.first)

    @cached_property
    def last(self) -> Places:
        """The pieces that end a sequence, in the order of the sequences in the waves."""
        found = np.array(self.waves[0])
        for wave in self.waves[1:]:
            found[: len(wave)] = wave
        return found

    @cached_property
    def by_wave(self) -> Places:
        """All pieces, wave by wave."""
        return np.concatenate(self.waves)

    def position(self, place: int) -> slice:
        """The columns of the rows at a position of their pieces."""
        return slice(self.edges[place], self.edges[place + 1])

    def going_on(self, place: int) -> slice:
        """The columns at a position whose pieces have a row at the next one too."""
        following = self.edges[place + 2] - self.edges[place + 1] if place + 1 < self.longest else 0
        return slice(self.edges[place], self.edges[place] + following)


def partition(lengths: Places) -> Partition:
    """The partition of sequences of these lengths, each at least 1; it follows from the lengths alone."""
    longest = int(np.max(lengths))
    size = longest if longest <= WHOLE_UP_TO else max(8, math.ceil(0.8 * math.sqrt(longest)))
    counts = -(-lengths // size)
    of_sequence = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(len(of_sequence)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = number * lengths[of_sequence] // counts[of_sequence]
    ends = (number + 1) * lengths[of_sequence] // counts[of_sequence]
    sizes, begins = ends - begins, begins + (np.cumsum(lengths) - lengths)[of_sequence]
    by_size = np.argsort(-sizes, kind="stable")
    sizes, begins, number = sizes[by_size], begins[by_size], number[by_size]
    active = len(sizes) - np.searchsorted(sizes[::-1], np.arange(sizes[0]), side="right")
    edges = np.concatenate(([0], np.cumsum(active)))
    order = np.concatenate([begins[:count] + place for place, count in enumerate(active.tolist())])
    place_of = np.empty(len(by_size), dtype=np.intp)
    place_of[by_size] = np.arange(len(by_size))
    sequences = np.argsort(-counts, kind="stable")
    first_piece = (np.cumsum(counts) - counts)[sequences]
    waves = tuple(
        place_of[first_piece[: int(np.count_nonzero(counts > wave))] + wave]
        for wave in range(int(counts.max()))
    )
    return Partition(
        order,
        tuple(edges.tolist()),
        number == 0,
        edges[sizes - 1] + np.arange(len(sizes)),
        waves,
    )


class TooFaint(Exception):
    """A message underflowed; see `LOWEST_TOTAL`."""


class Ring(ABC):
    """Sums and products of messages: vectors (.., K, m) over states, for m pieces side by side."""

    zero: float
    one: float

    @abstractmethod
    def of_logarithms(self, logs: Array) -> Array:
        """Numbers as this ring writes them, from their logarithms."""

    @abstractmethod
    def through(self, messages: Array, transitions: Array, out: Array | None = None) -> Array:
        """sum_i messages[.., i, :] transitions[i, j], (.., K, m)."""

    @abstractmethod
    def times(self, messages: Array, factors: Array, out: Array) -> None:
        """Products of messages and factors, elementwise."""

    @abstractmethod
    def rescale(self, messages: Array) -> Array:
        """Divides messages (.., K, m) by their sums over states, in place; the logarithms of the sums (.., m)."""

    @abstractmethod
    def scaled_products(self, products: Array, logs: Array) -> Array:
        """Products (K, K, B) with what their rows were divided by, logs (K, B), but for a common factor of each."""

    @abstractmethod
    def applied(self, vectors: Array, matrices: Array) -> Array:
        """sum_i vectors[m, i] matrices[m, i, j], (m, K)."""


class Linear(Ring):
    """The numbers themselves. Raises TooFaint where they underflow."""

    zero, one = 0.0, 1.0

    def of_logarithms(self, logs: Array) -> Array:
        return np.exp(logs)

    def through(self, messages: Array, transitions: Array, out: Array | None = None) -> Array:
        return np.matmul(transitions.T, messages, out=out)

    def times(self, messages: Array, factors: Array, out: Array) -> None:
        np.multiply(messages, factors, out=out)

    def rescale(self, messages: Array) -> Array:
        totals = np.add.reduce(messages, axis=-2)
        if not totals.min() >= LOWEST_TOTAL:
            raise TooFaint
        messages /= totals[..., None, :]
        return np.asarray(np.log(totals))

    def scaled_products(self, products: Array, logs: Array) -> Array:
        return np.asarray(products * np.exp(logs - np.max(logs, axis=0))[:, None])

    def applied(self, vectors: Array, matrices: Array) -> Array:
        return np.asarray(np.matmul(vectors[:, None, :], matrices)[:, 0])


class _InLogarithms(Ring):
    """Logarithms of numbers, -inf for 0."""

    zero, one = -math.inf, 0.0

    @abstractmethod
    def total(self, terms: Array, axis: int) -> Array:
        """What stands for the sum of terms along an axis."""

    def of_logarithms(self, logs: Array) -> Array:
        return logs

    def through(self, messages: Array, transitions: Array, out: Array | None = None) -> Array:
        found = self.total(messages[..., :, None, :] + transitions[:, :, None], -3)
        if out is None:
            return found
        out[...] = found
        return out

    def times(self, messages: Array, factors: Array, out: Array) -> None:
        np.add(messages, factors, out=out)

    def rescale(self, messages: Array) -> Array:
        totals = self.total(messages, -2)
        messages -= np.where(np.isfinite(totals), totals, 0.0)[..., None, :]
        return totals

    def scaled_products(self, products: Array, logs: Array) -> Array:
        # A row that leads nowhere was not divided by anything.
        return products + np.where(np.isfinite(logs), logs, 0.0)[:, None]

    def applied(self, vectors: Array, matrices: Array) -> Array:
        return self.total(vectors[:, :, None] + matrices, 1)


class Logarithms(_InLogarithms):
    """Sums of exponentials: what `Linear` does, where numbers themselves would underflow."""

    def total(self, terms: Array, axis: int) -> Array:
        highest = np.max(terms, axis=axis, keepdims=True)
        shift = np.where(np.isfinite(highest), highest, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.sum(np.exp(terms - shift), axis=axis)) + np.squeeze(shift, axis))


class Maxima(_InLogarithms):
    """The largest of terms in place of their sum: the most probable path (Viterbi 1967)."""

    def total(self, terms: Array, axis: int) -> Array:
        return np.asarray(np.max(terms, axis=axis))


LINEAR, LOGARITHMS, MAXIMA = Linear(), Logarithms(), Maxima()


@dataclass(frozen=True, eq=False)
class Chains:
    """Sequences with the probabilities of their chains, as a ring writes them.

    `initial` (K,), `transitions` (K, K) and `emissions` (K, n), each row's divided by its largest.
    """

    ring: Ring
    cut: Partition
    initial: Array
    transitions: Array
    emissions: Array

    @cached_property
    def products(self) -> Array:
        """(B, K, K) in the order of `Partition.by_wave`: row i is what a piece makes of a chain that enters in i.

        Each product lacks a factor of its own.
        """
        ring, cut, states = self.ring, self.cut, len(self.initial)
        messages = np.full((states, states, cut.pieces), ring.zero)
        diagonal = np.arange(states)
        messages[diagonal, diagonal] = self.emissions[:, cut.position(0)]
        whole, logs = np.empty_like(messages), np.zeros((states, cut.pieces))
        for place in range(1, cut.longest):
            here = cut.position(place)
            count = here.stop - here.start
            if count < messages.shape[2]:
                whole[..., count : messages.shape[2]] = messages[..., count:]
            messages = ring.through(messages[..., :count], self.transitions)
            ring.times(messages, self.emissions[:, here], messages)
            if place % RESCALED_EVERY == 0:
                logs[:, :count] += ring.rescale(messages)
        whole[..., : messages.shape[2]] = messages
        logs += ring.rescale(whole)
        scaled = ring.scaled_products(whole, logs)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[cut.by_wave])

    @cached_property
    def entering(self) -> tuple[Array, Array]:
        """What enters each piece before its first emission, and what left the one before it, both (K, B).

        Nothing left one before a piece that begins a sequence, and its column is not to be looked at.
        """
        cut, ring = self.cut, self.ring
        enters = np.repeat(self.initial[:, None], cut.pieces, axis=1)
        left = np.full_like(enters, ring.one)
        if len(cut.waves) == 1:
            return enters, left
        messages, begin = np.repeat(self.initial[None], len(cut.waves[0]), axis=0), 0
        for wave, following in zip(cut.waves[:-1], cut.waves[1:], strict=True):
            count, products = len(following), self.products[begin : begin + len(following)]
            leaving = ring.applied(messages[:count], products)
            ring.rescale(leaving.T)
            messages = ring.through(leaving.T, self.transitions).T
            left[:, following], enters[:, following] = leaving.T, messages.T
            begin += len(wave)
        return enters, left

    @cached_property
    def returning(self) -> Array:
        """(K, B): what all that comes after a piece says of the state in its last row."""
        cut, ring = self.cut, self.ring
        backwards = np.ascontiguousarray(self.transitions.T)
        returns = np.full((len(self.initial), cut.pieces), ring.one)
        begin = cut.pieces
        for number in range(len(cut.waves) - 1, 0, -1):
            wave = cut.waves[number]
            begin -= len(wave)
            products = self.products[begin : begin + len(wave)]
            here = ring.applied(returns[:, wave].T, products.transpose(0, 2, 1))
            ring.rescale(here.T)
            returns[:, cut.waves[number - 1][: len(wave)]] = ring.through(here.T, backwards)
        return returns

    @cached_property
    def forward(self) -> tuple[Array, Array, Array]:
        """Messages (K, n) before and after each row's own emission, and the log total of each piece (B,).

        Every column of messages lacks a factor of its own; the totals lack nothing.
        """
        ring, cut = self.ring, self.cut
        before, after = np.empty_like(self.emissions), np.empty_like(self.emissions)
        totals = np.zeros(cut.pieces)
        for place in range(cut.longest):
            here = cut.position(place)
            if place == 0:
                before[:, here] = self.entering[0]
            else:
                ring.through(after[:, cut.going_on(place - 1)], self.transitions, before[:, here])
            ring.times(before[:, here], self.emissions[:, here], after[:, here])
            if place and place % RESCALED_EVERY == 0:
                totals[: here.stop - here.start] += ring.rescale(after[:, here])
        totals += ring.rescale(np.array(after[:, cut.ends]))
        return before, after, totals

    @cached_property
    def backward(self) -> Array:
        """Messages (K, n) of each row and all after it, its own emission included; each column lacks a factor."""
        ring, cut = self.ring, self.cut
        backwards = np.ascontiguousarray(self.transitions.T)
        found = np.empty_like(self.emissions)
        for place in range(cut.longest - 1, -1, -1):
            here, on = cut.position(place), cut.going_on(place)
            count = on.stop - on.start
            if count:
                ring.through(found[:, cut.position(place + 1)], backwards, found[:, on])
            found[:, on.stop : here.stop] = self.returning[:, count : here.stop - here.start]
            ring.times(found[:, here], self.emissions[:, here], found[:, here])
            if place % RESCALED_EVERY == 0:
                ring.rescale(found[:, here])
        return found

    def neighbours(self) -> Iterator[tuple[Array, slice | Places]]:
        """What left the earlier (K, m) of two neighbouring rows, and the columns of the later ones."""
        cut, after = self.cut, self.forward[1]
        for place in range(1, cut.longest):
            yield after[:, cut.going_on(place - 1)], cut.position(place)
        if cut.later.size:
            yield self.entering[1][:, cut.later], cut.later

    def smoothed(self) -> tuple[Array, Array, Array]:
        """Posterior probabilities (K, n) of the states, expected numbers and ratios, both (1 + K, K).

        The numbers are those of sequences that begin in each state, and below of transitions. The ratios are the
        derivatives of the log-likelihood in these probabilities, which are finite where one is 0. Raises TooFaint.
        """
        if isinstance(self.ring, Linear):
            return self._smoothed_numbers()
        return self._smoothed_logarithms()

    def _smoothed_numbers(self) -> tuple[Array, Array, Array]:
        before, ahead = self.forward[0], self.backward
        shares = before * ahead
        totals = np.add.reduce(shares, axis=0)
        if not totals.min() >= LOWEST_TOTAL**2:
            raise TooFaint
        shares /= totals
        later = ahead / totals
        ratios = np.zeros((1 + len(shares), len(shares)))
        ratios[0] = np.add.reduce(later[:, np.flatnonzero(self.cut.first)], axis=1)
        for earlier, columns in self.neighbours():
            ratios[1:] += earlier @ later[:, columns].T
        return shares, np.concatenate((self.initial[None], self.transitions)) * ratios, ratios

    def _smoothed_logarithms(self) -> tuple[Array, Array, Array]:
        joint = self.forward[0] + self.backward
        totals = LOGARITHMS.total(joint, 0)
        later = self.backward - totals
        ratios, counts = np.zeros((2, 1 + len(joint), len(joint)))

        def add(rows: slice, logs: Array, probabilities: Array) -> None:
            ratios[rows] += np.sum(np.exp(np.minimum(logs, LARGEST_LOG_RATIO)), axis=-1)
            counts[rows] += np.sum(np.exp(logs + probabilities[..., None]), axis=-1)

        add(slice(1), later[None, :, np.flatnonzero(self.cut.first)], self.initial[None])
        for earlier, columns in self.neighbours():
            add(slice(1, None), earlier[:, None] + later[None, :, columns], self.transitions)
        return np.exp(joint - totals), counts, ratios


@dataclass(frozen=True, eq=False)
class Found:
    """What an E step over chains found: the objective that its posterior serves, and expected numbers.

    `shares` (K, n) are posterior probabilities of the states in the order of the partition, `counts` (1 + K, K) the
    expected numbers of sequences that begin in each state, and below of transitions. `ratios` (1 + K, K) are the
    derivatives of the log-likelihood in these probabilities; None but for the exact posterior.
    """

    value: float
    shares: Array
    counts: Array
    ratios: Array | None = None


def expected(
    cut: Partition, initial: Array, transitions: Array, log_emissions: Array, posterior: Posterior = EXACT
) -> Found:
    """The E step of chains with these probabilities (K,), (K, K) and log densities (K, n) in the partition's order.

    The value is -inf where the sequences are impossible.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(initial), np.log(transitions)
    if isinstance(posterior, Tempered):
        return _tempered(cut, logs, log_emissions, posterior.beta)
    if isinstance(posterior, Hard):
        states = most_probable_path(cut, *logs, log_emissions)
    else:
        assert isinstance(posterior, Sampled)
        states = _drawn_path(cut, *logs, log_emissions, generator(posterior.key, posterior.count))
    return _completed(cut, logs, log_emissions, states)


def _tempered(cut: Partition, logs: tuple[Array, Array], log_emissions: Array, beta: float) -> Found:
    """Under the posterior to the power of beta, which is the exact one for beta = 1."""
    if beta != 1.0:
        logs, log_emissions = (beta * logs[0], beta * logs[1]), beta * log_emissions
    chains, highest = _scaled(cut, logs, log_emissions)
    value = (float(np.sum(highest)) + float(np.sum(chains.forward[2]))) / beta
    if not math.isfinite(value):
        states = len(logs[0])
        return Found(value, np.zeros((states, cut.rows)), np.zeros((1 + states, states)))
    try:
        shares, counts, ratios = chains.smoothed()
    except TooFaint:
        shares, counts, ratios = _chains(LOGARITHMS, cut, logs, log_emissions - highest).smoothed()
    return Found(value, shares, counts, ratios if beta == 1.0 else None)


def _scaled(cut: Partition, logs: tuple[Array, Array], log_emissions: Array) -> tuple[Chains, Array]:
    """Chains whose forward pass did not underflow, and the largest log density of each row, (n,)."""
    highest = np.max(log_emissions, axis=0)
    scaled = log_emissions - np.where(np.isfinite(highest), highest, 0.0)
    chains = _chains(LINEAR, cut, logs, scaled)
    try:
        chains.forward  # noqa: B018
    except TooFaint:
        chains = _chains(LOGARITHMS, cut, logs, scaled)
    return chains, highest


def _chains(ring: Ring, cut: Partition, logs: tuple[Array, Array], log_emissions: Array) -> Chains:
    return Chains(
        ring, cut, ring.of_logarithms(logs[0]), ring.of_logarithms(logs[1]), ring.of_logarithms(log_emissions)
    )


def filtered(cut: Partition, initial: Array, transitions: Array, log_emissions: Array) -> Array:
    """Probabilities (K, n) of the states given each row and all before it in its sequence."""
    with np.errstate(divide="ignore"):
        chains, _ = _scaled(cut, (np.log(initial), np.log(transitions)), log_emissions)
    after = chains.forward[1]
    if isinstance(chains.ring, Linear):
        return np.asarray(after / np.sum(after, axis=0))
    return np.asarray(np.exp(after - LOGARITHMS.total(after, 0)))


def most_probable_path(
    cut: Partition, log_initial: Array, log_transitions: Array, log_emissions: Array
) -> Places:
    """The states (n,), in the partition's order, that together are the most probable (Viterbi 1967)."""
    chains = _chains(MAXIMA, cut, (log_initial, log_transitions), log_emissions)

    def choose(earlier: Array, _: slice | Places) -> Places:
        return np.asarray(np.argmax(earlier[:, None] + log_transitions[:, :, None], axis=0))

    last = np.argmax(chains.forward[1][:, cut.ends[cut.last]], axis=0)
    return _followed(cut, _origins(chains, choose), last)


def _drawn_path(
    cut: Partition,
    log_initial: Array,
    log_transitions: Array,
    log_emissions: Array,
    random: np.random.Generator,
) -> Places:
    """States (n,) drawn from their joint posterior: forward filtering, backward sampling (Chib 1996)."""
    chains, _ = _scaled(cut, (log_initial, log_transitions), log_emissions)
    uniform = random.random(cut.rows)
    linear = isinstance(chains.ring, Linear)

    def drawn(weights: Array, at: Array) -> Places:
        """Per column, the first state at which the running sum of weights (K, .., m) passes a share of the whole."""
        if not linear:
            highest = np.max(weights, axis=0)
            weights = np.exp(weights - np.where(np.isfinite(highest), highest, 0.0))
        sums = np.cumsum(weights, axis=0)
        return np.asarray(np.minimum(np.count_nonzero(sums <= at * sums[-1], axis=0), len(weights) - 1))

    def choose(earlier: Array, columns: slice | Places) -> Places:
        table = chains.transitions[:, :, None]
        return drawn(earlier[:, None] * table if linear else earlier[:, None] + table, uniform[columns])

    # A row's number chooses the state before it; those of rows without one before choose the last states.
    begins = np.flatnonzero(cut.first)
    last = drawn(chains.forward[1][:, cut.ends[cut.last]], uniform[begins])
    return _followed(cut, _origins(chains, choose), last)


def _origins(chains: Chains, choose: Callable[[Array, slice | Places], Places]) -> Places:
    """For each row and each state there (K, n), the state before it in its sequence that `choose` says.

    `choose` gets messages (K, m) of the rows before, and the columns of the rows.
    """
    found = np.zeros(chains.emissions.shape, dtype=np.intp)
    for earlier, columns in chains.neighbours():
        found[:, columns] = choose(earlier, columns)
    return found


def _followed(cut: Partition, origins: Places, last: Places) -> Places:
    """The path (n,) that leads to the last states of the sequences, in the order of `Partition.last`."""
    ends = np.empty(cut.pieces, dtype=np.intp)
    ends[cut.last] = last
    if len(cut.waves) > 1:
        # Where each piece was entered from, for every state in which it might end.
        states = np.repeat(np.arange(len(origins))[:, None], cut.pieces, axis=1)
        for place in range(cut.longest - 1, -1, -1):
            here = cut.position(place)
            part = states[:, : here.stop - here.start]
            part[...] = np.take_along_axis(origins[:, here], part, axis=0)
        for earlier, wave in reversed(list(zip(cut.waves[:-1], cut.waves[1:], strict=True))):
            ends[earlier[: len(wave)]] = states[ends[wave], wave]
    path, now = np.empty(cut.rows, dtype=np.intp), ends
    for place in range(cut.longest - 1, -1, -1):
        here = cut.position(place)
        count = here.stop - here.start
        path[here] = now[:count]
        now[:count] = origins[now[:count], np.arange(here.start, here.stop)]
    return path


def _completed(cut: Partition, logs: tuple[Array, Array], log_emissions: Array, states: Places) -> Found:
    """The log-likelihood of the data as a path completes them, and what there is to count."""
    count, rows = log_emissions.shape
    shares = np.zeros((count, rows))
    shares[states, np.arange(rows)] = 1.0
    begun = np.bincount(states[np.flatnonzero(cut.first)], minlength=count).astype(np.float64)
    moved = np.zeros(count * count)

    def move(earlier: Places, later: Places) -> None:
        moved[...] += np.bincount(earlier * count + later, minlength=count * count)

    for place in range(1, cut.longest):
        move(states[cut.going_on(place - 1)], states[cut.position(place)])
    for before, wave in zip(cut.waves[:-1], cut.waves[1:], strict=True):
        move(states[cut.ends[before[: len(wave)]]], states[wave])
    counts = np.concatenate((begun[None], moved.reshape(count, count)))
    logs_of_all = np.concatenate((logs[0][None], logs[1]))
    value = float(np.sum(log_emissions[states, np.arange(rows)]))
    return Found(value + float(np.sum(np.where(counts > 0, logs_of_all, 0.0) * counts)), shares, counts)
