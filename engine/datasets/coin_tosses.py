"""Sets of tosses, each made with one of several coins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks, with_default
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class CoinTosses(GeneratedStory):
    """Sets of tosses, each made with one of several coins taken up equally often.

    The coins' probabilities of heads are spread evenly between .25 and .75; `heads` counts them in each set. Sets of
    unequal length have every number of tosses from 1 to one less than twice as many, told by the column `tosses`.
    """

    name: ClassVar[str] = "coin-tosses"
    suits: ClassVar[tuple[str, ...]] = ("coins",)
    size: int = with_default("size", 50)
    coins: int = setting(2, label="Coins", help="How many coins there are.", minimum=1, maximum=6)
    tosses: int = setting(
        10, label="Tosses", help="How many tosses make a set.", minimum=1, maximum=1000, logarithmic=True
    )
    lengths: str = setting(
        "equal",
        label="Lengths",
        help="Whether all sets are as long, or only on average.",
        choices=("equal", "unequal"),
    )

    def generate(self) -> Dataset:
        generator, heads = self.generator(), self._heads()
        weights = frozen(np.full(self.coins, 1.0 / self.coins))
        labels = draw_labels(generator, self.size, weights)
        columns = ("tosses", "heads") if self._unequal else ("heads",)
        values = np.empty((self.size, len(columns)))
        for rows in row_blocks(self.size):
            chances = heads[labels[rows]]
            if self._unequal:
                tosses = generator.integers(1, 2 * self.tosses, len(chances))
                values[rows, 0] = tosses
            else:
                tosses = np.full(len(chances), self.tosses)
            values[rows, -1] = generator.binomial(tosses, chances)
        return Dataset(
            self.name,
            columns,
            values,
            labels=labels,
            label_names=tuple(f"coin {k + 1}" for k in range(self.coins)),
            truth=Truth("coins", {"weights": weights, "heads": heads}),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        trials_column = "tosses" if self._unequal else ""
        settings = {"components": self.coins, "tosses": self.tosses, "trials_column": trials_column}
        return {"model": {"name": "coins", **settings}}

    @property
    def _unequal(self) -> bool:
        return self.lengths == "unequal"

    def _heads(self) -> Array:
        return frozen(np.linspace(0.75, 0.25, self.coins) if self.coins > 1 else [0.5])
