"""Successes out of a known number of trials, at two rates of success."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class BinomialCounts(GeneratedStory):
    """Successes out of a known number of trials, of two kinds of rows.

    Weights .6 and .4; the probabilities of success are .3 and .6 in the first column, .5 and .2 in the second,
    and so on in turn. The more trials a cell has, the further apart the kinds come.
    """

    name: ClassVar[str] = "binomial-counts"
    suits: ClassVar[tuple[str, ...]] = ("binomial-mixture",)
    trials: int = setting(
        10,
        label="Trials",
        help="Out of how many trials each cell counts the successes.",
        minimum=1,
        maximum=1000,
        logarithmic=True,
    )
    dimension: int = setting(
        1, label="Columns", help="How many columns of counts there are.", minimum=1, maximum=10
    )

    def generate(self) -> Dataset:
        generator, chances = self.generator(), self._probabilities()
        weights = frozen([0.6, 0.4])
        labels = draw_labels(generator, self.size, weights)
        values = np.empty((self.size, self.dimension))
        for rows in row_blocks(self.size):
            values[rows] = generator.binomial(self.trials, chances[labels[rows]])
        return Dataset(
            self.name,
            tuple(f"successes{j + 1}" for j in range(self.dimension)),
            values,
            labels=labels,
            label_names=("component 1", "component 2"),
            truth=Truth("binomial-mixture", {"weights": weights, "probabilities": chances}),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "binomial-mixture", "components": 2, "trials": self.trials}}

    def _probabilities(self) -> Array:
        pattern = np.array([[0.3, 0.5], [0.6, 0.2]])
        return frozen(np.tile(pattern, (1, self.dimension))[:, : self.dimension])
