"""Coins whose names were forgotten: sets of tosses, each made with one of a few coins."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.binomial_components import GivenTrials
from engine.settings import setting


@dataclass(frozen=True)
class Coins(GivenTrials):
    """Heads in sets of tosses: every set was made with one coin, and nobody wrote down with which.

    Latent is the coin of each set. E step: r_ik, how probable coin k is for set i, and the heads and tails that are
    expected to be its own. M step: the share of heads among them; the weights n_k / n, unless they are held fixed
    (`hold = ["weights"]`), as in the example that made this one famous. Gradient: heads / p - tails / (1 - p) from
    the same sums. Do & Batzoglou (2008), "What is the expectation maximization algorithm?".

    With two coins of held weights there are two parameters, and the whole likelihood can be drawn: two maxima, each
    the other with the coins exchanged, and between them a saddle where the coins are equal. From equal coins neither
    EM nor a gradient finds a way out. On the five sets of the example EM needs some 20 steps, and L-BFGS 8.

    Sets of unequal length need a column that says how many tosses each has (`trials_column`); a coin is a line then,
    of heads against tosses.
    """

    name: ClassVar[str] = "coins"
    source: ClassVar[str] = "Do & Batzoglou (2008), Nature Biotechnology 26, 897-899"
    formula: ClassVar[str] = r"""
        f(x_i) = \sum_{k=1}^{K} \pi_k \binom{m_i}{x_i} p_k^{x_i} (1 - p_k)^{m_i - x_i}
        p_k = \frac{\sum_i r_{ik}\, x_i}{\sum_i r_{ik}\, m_i}, \qquad \pi_k = \frac{1}{n} \sum_i r_{ik}
    """
    try_it: ClassVar[str] = (
        "Give both coins the same chance of heads: the lanes stop on the saddle in the middle, and stay there."
    )
    blocks: ClassVar[tuple[str, ...]] = ("weights", "heads")
    second_block: ClassVar[str] = "heads"
    trials_setting: ClassVar[str] = "tosses"
    drawn_whole: ClassVar[bool] = True
    mean_blocks: ClassVar[tuple[str, ...]] = ("heads",)

    components: int = setting(2, label="Coins", help="How many coins there are (K).", minimum=1, maximum=12)
    tosses: int = setting(
        10,
        label="Tosses",
        help="How many tosses make a set; each row counts the heads among them.",
        minimum=1,
        maximum=1_000_000,
        logarithmic=True,
    )

    def suited_to(self, dataset: Dataset) -> Self:
        """Of two columns the one that is nowhere less than the other tells the tosses."""
        if dataset.dimension == 2 and not self.trials_column:
            first, second = dataset.values.T
            for part, whole, name in zip(
                (first, second), (second, first), reversed(dataset.columns), strict=True
            ):
                if np.all(part <= whole):
                    return dataclasses.replace(self, trials_column=name)
        return super().suited_to(dataset)

    def check(self, dataset: Dataset) -> None:
        if dataset.dimension > 1 + bool(self.trials_column):
            raise InputError(
                f"{dataset.name} has {dataset.dimension} columns of numbers; {self.name} needs one, the heads of each "
                "set of tosses. Choose it (--columns heads), name that of the tosses (trials_column), or choose "
                "binomial-mixture for more."
            )
        super().check(dataset)

    @property
    def too_many_successes(self) -> str:
        return f"is more than the {self.tosses} tosses of a set; set tosses to how many there were."

    def probabilities_shape(self, columns: int) -> tuple[int, ...]:
        return (self.components,)
