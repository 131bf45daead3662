"""Sequences that switch between hidden states."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, row_blocks, with_default
from engine.parameters import Array, frozen
from engine.settings import setting

LOWEST_RATE = 4.0
"""The rate of the first state where counts are drawn; the others lie above it, so many standard deviations apart."""


@dataclass(frozen=True)
class HiddenChain(GeneratedStory):
    """Sequences that stay in a hidden state for a while and then switch to another.

    Each row is a real number with spread 1 about its state's level, or a count. The labels are the states, which
    cannot be seen; with a separation below 2 a single row hardly tells its state, and its neighbours must.
    """

    name: ClassVar[str] = "hidden-chain"
    suits: ClassVar[tuple[str, ...]] = ("hidden-markov", "gaussian-mixture", "poisson-mixture")
    try_it: ClassVar[str] = "Bring the levels together: the chain still finds what a mixture cannot."
    size: int = with_default("size", 400)
    sequences: int = setting(
        1, label="Sequences", help="How many sequences of equal length there are.", minimum=1, maximum=10_000
    )
    states: int = setting(3, label="States", help="How many hidden states there are.", minimum=2, maximum=8)
    stay: float = setting(
        0.95,
        label="Stay",
        help="The probability to stay in a state from one row to the next; all other states are equally probable.",
        minimum=0.0,
        maximum=0.9999,
    )
    separation: float = setting(
        2.0,
        label="Separation",
        help="How many standard deviations the levels of the states lie apart.",
        minimum=0.0,
        maximum=20.0,
    )
    emission: str = setting(
        "gaussian",
        label="Emission",
        help="What a state gives to be seen: real numbers or counts.",
        choices=("gaussian", "poisson"),
    )

    def generate(self) -> Dataset:
        random, count = self.generator(), min(self.sequences, self.size)
        edges = np.linspace(0, self.size, count + 1).round().astype(np.int64)
        labels = np.empty(self.size, dtype=np.int64)
        for first, last in itertools.pairwise(edges.tolist()):
            labels[first:last] = self._chain(random, last - first)
        values = np.empty((self.size, 1))
        for rows in row_blocks(self.size):
            centres = self._levels[labels[rows]]
            if self.emission == "poisson":
                values[rows, 0] = random.poisson(centres)
            else:
                values[rows, 0] = centres + random.standard_normal(len(centres))
        several = count > 1
        return Dataset(
            self.name,
            ("count" if self.emission == "poisson" else "x",),
            values,
            labels=labels,
            label_names=tuple(f"state {state + 1}" for state in range(self.states)),
            truth=Truth("hidden-markov", self._truth()),
            sequences=np.repeat(np.arange(count), np.diff(edges)) if several else None,
            sequence_names=tuple(f"{number + 1}" for number in range(count)) if several else (),
        )

    @property
    def _levels(self) -> Array:
        """The mean of each state, (K,)."""
        steps = self.separation * np.arange(self.states)
        # The square root of a count has a spread of about one half, whatever its rate.
        return np.asarray(
            np.square(np.sqrt(LOWEST_RATE) + 0.5 * steps) if self.emission == "poisson" else steps
        )

    def _chain(self, random: np.random.Generator, length: int) -> npt.NDArray[np.int64]:
        """The states of one sequence, from how long each visit lasts and how far on the next state is."""
        state = int(random.integers(self.states))
        pieces, drawn = [], 0
        while drawn < length:
            visits = max(16, int(1.1 * (length - drawn) * (1.0 - self.stay)))
            moves = np.concatenate(([0], random.integers(1, self.states, visits - 1)))
            visited = (state + np.cumsum(moves)) % self.states
            piece = np.repeat(visited, random.geometric(1.0 - self.stay, visits))
            pieces.append(piece)
            drawn += len(piece)
            state = int(visited[-1] + random.integers(1, self.states)) % self.states
        return np.concatenate(pieces)[:length]

    def _truth(self) -> dict[str, Array]:
        k = self.states
        transitions = np.full((k, k), (1.0 - self.stay) / (k - 1))
        np.fill_diagonal(transitions, self.stay)
        chain = {"initial": frozen(np.full(k, 1.0 / k)), "transitions": frozen(transitions)}
        levels = self._levels[:, None]
        if self.emission == "poisson":
            return {**chain, "rates": frozen(levels)}
        return {**chain, "means": frozen(levels), "covariances": frozen(np.ones((k, 1, 1)))}

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "hidden-markov", "emission": self.emission, "states": self.states}}
