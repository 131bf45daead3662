"""Answers of two kinds of people to yes/no questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class LatentClasses(GeneratedStory):
    """Yes/no answers of two kinds of people, each with habits of its own.

    Weights .6 and .4. The first kind says yes to the odd items with the probability `certainty` and no to the
    even ones; the second kind the other way round. At .5 nothing tells them apart; at 1 every answer is certain.
    """

    name: ClassVar[str] = "latent-classes"
    suits: ClassVar[tuple[str, ...]] = ("bernoulli-mixture",)
    try_it: ClassVar[str] = (
        "Bring the certainty towards 0.5: the classes melt into one, and EM needs ever more steps."
    )
    items: int = setting(6, label="Items", help="How many questions there are.", minimum=3, maximum=40)
    certainty: float = setting(
        0.8,
        label="Certainty",
        help="With which probability a class gives the answer that is typical for it.",
        minimum=0.5,
        maximum=1.0,
    )

    def generate(self) -> Dataset:
        generator, chances = self.generator(), self._probabilities()
        weights = frozen([0.6, 0.4])
        labels = draw_labels(generator, self.size, weights)
        values = np.empty((self.size, self.items))
        for rows in row_blocks(self.size):
            values[rows] = generator.random((rows.stop - rows.start, self.items)) < chances[labels[rows]]
        return Dataset(
            self.name,
            tuple(f"item{j + 1}" for j in range(self.items)),
            values,
            labels=labels,
            label_names=("class 1", "class 2"),
            truth=Truth("bernoulli-mixture", {"weights": weights, "probabilities": chances}),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "bernoulli-mixture", "components": 2}}

    def _probabilities(self) -> Array:
        odd = np.where(np.arange(self.items) % 2 == 0, self.certainty, 1.0 - self.certainty)
        return frozen([odd, 1.0 - odd])
