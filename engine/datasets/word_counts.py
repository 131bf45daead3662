"""Texts as counts of words, about one of three topics each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class WordCounts(GeneratedStory):
    """Texts as counts of words, each about one topic with favourite words.

    Each text has one of three topics, with the weights .5, .3 and .2. A topic uses every third word `preference`
    times as often as the others, which it uses alike; a text has `length` words. Short texts leave their topic in
    doubt.
    """

    name: ClassVar[str] = "word-counts"
    suits: ClassVar[tuple[str, ...]] = ("multinomial-mixture",)
    words: int = setting(6, label="Words", help="How many different words there are.", minimum=3, maximum=60)
    length: int = setting(
        12, label="Length", help="How many words a text has.", minimum=1, maximum=1000, logarithmic=True
    )
    preference: float = setting(
        3.0,
        label="Preference",
        help="How many times as often a topic uses its own words.",
        minimum=1.0,
        maximum=100.0,
    )

    def generate(self) -> Dataset:
        generator, shares = self.generator(), self._probabilities()
        weights = frozen([0.5, 0.3, 0.2])
        labels = draw_labels(generator, self.size, weights)
        values = np.empty((self.size, self.words))
        for rows in row_blocks(self.size):
            values[rows] = generator.multinomial(self.length, shares[labels[rows]])
        return Dataset(
            self.name,
            tuple(f"word{j + 1}" for j in range(self.words)),
            values,
            labels=labels,
            label_names=("topic 1", "topic 2", "topic 3"),
            truth=Truth("multinomial-mixture", {"weights": weights, "probabilities": shares}),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "multinomial-mixture", "components": 3}}

    def _probabilities(self) -> Array:
        own = np.arange(self.words) % 3 == np.arange(3)[:, None]
        uses = np.where(own, self.preference, 1.0)
        return frozen(uses / np.sum(uses, axis=1, keepdims=True))
