"""Counts that two kinds of rows produce at different rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class PoissonCounts(GeneratedStory):
    """Counts from two kinds of rows, each with Poisson rates of its own.

    Weights .6 and .4; the rates are 2 and 7 in the first column, 6 and 3 in the second, and so on in
    turn. With one column the counts overlap, with more of them the kinds come apart.
    """

    name: ClassVar[str] = "poisson-counts"
    suits: ClassVar[tuple[str, ...]] = ("poisson-mixture",)
    dimension: int = setting(
        2, label="Columns", help="How many columns of counts there are.", minimum=1, maximum=10
    )

    def generate(self) -> Dataset:
        generator = self.generator()
        weights = frozen([0.6, 0.4])
        rates = self._rates()
        labels = draw_labels(generator, self.size, weights)
        values = np.empty((self.size, self.dimension))
        for rows in row_blocks(self.size):
            values[rows] = generator.poisson(rates[labels[rows]])
        return Dataset(
            self.name,
            tuple(f"count{j + 1}" for j in range(self.dimension)),
            values,
            labels=labels,
            label_names=("component 1", "component 2"),
            truth=Truth("poisson-mixture", {"weights": weights, "rates": rates}),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "poisson-mixture", "components": 2}}

    def _rates(self) -> Array:
        pattern = np.array([[2.0, 6.0], [7.0, 3.0]])
        return frozen(np.tile(pattern, (1, self.dimension))[:, : self.dimension])
