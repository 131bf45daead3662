"""Columns that are correlated because of a few factors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, row_blocks, with_default
from engine.parameters import Array, frozen
from engine.settings import setting

CROSS_LOADING = 0.25
"""What a column has of a factor that is not its own, as a share of what it has of its own."""


@dataclass(frozen=True)
class CommonFactors(GeneratedStory):
    """Columns that are correlated because a few hidden factors stand behind them.

    x = loadings z + noise with standard normal factors z; the factors share the columns out in turn, each column having
    a little of the others as well. All columns have the variance 1, and `uniqueness` is the part of it that is their
    own noise. The labels say on which side of 0 the first factor was.
    """

    name: ClassVar[str] = "common-factors"
    suits: ClassVar[tuple[str, ...]] = ("factor-analysis", "probabilistic-pca")
    size: int = with_default("size", 300)
    variables: int = setting(6, label="Columns", help="How many columns are observed.", minimum=3, maximum=50)
    factors: int = setting(
        2, label="Factors", help="How many factors stand behind them.", minimum=1, maximum=5
    )
    uniqueness: float = setting(
        0.4,
        label="Uniqueness",
        help="The part of each column's variance that it shares with no other.",
        minimum=0.02,
        maximum=0.98,
    )

    def generate(self) -> Dataset:
        generator, loadings = self.generator(), self._loadings()
        values, first = np.empty((self.size, self.variables)), np.empty(self.size)
        for rows in row_blocks(self.size):
            count = rows.stop - rows.start
            scores = generator.standard_normal((count, self.factors))
            noise = generator.standard_normal((count, self.variables))
            values[rows] = scores @ loadings.T + np.sqrt(self.uniqueness) * noise
            first[rows] = scores[:, 0]
        return Dataset(
            self.name,
            tuple(f"x{j + 1}" for j in range(self.variables)),
            values,
            labels=(first > 0).astype(np.int64),
            label_names=("first factor below 0", "first factor above 0"),
            truth=Truth(
                "factor-analysis",
                {
                    "mean": frozen(np.zeros(self.variables)),
                    "loadings": loadings,
                    "uniquenesses": frozen(np.full(self.variables, self.uniqueness)),
                },
            ),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "factor-analysis", "factors": self.factors}}

    def _loadings(self) -> Array:
        """(variables, factors), each row of squared length 1 - uniqueness."""
        own = np.arange(self.variables)[:, None] % self.factors == np.arange(self.factors)
        pattern = np.where(own, 1.0, CROSS_LOADING)
        lengths = np.sqrt(np.sum(np.square(pattern), axis=1, keepdims=True))
        return frozen(np.sqrt(1.0 - self.uniqueness) * pattern / lengths)
