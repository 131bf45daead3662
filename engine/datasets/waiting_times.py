"""Waiting times of two kinds, both skewed to the right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class WaitingTimes(GeneratedStory):
    """Waiting times of two kinds, gamma distributed and skewed to the right.

    Weights .6 and .4; in the first column the shapes are 2 and 9 and the mean waits 2 and 2 times `ratio` minutes, in
    the second column the kinds change places, and so on in turn. A mixture of Gaussians would need many components.
    """

    name: ClassVar[str] = "waiting-times"
    suits: ClassVar[tuple[str, ...]] = ("gamma-mixture", "gaussian-mixture")
    dimension: int = setting(
        1, label="Columns", help="How many columns of times there are.", minimum=1, maximum=10
    )
    ratio: float = setting(
        4.0, label="Ratio", help="How many times as long the second kind waits.", minimum=1.0, maximum=20.0
    )

    def generate(self) -> Dataset:
        generator, truth = self.generator(), self._truth()
        labels = draw_labels(generator, self.size, truth["weights"])
        values = np.empty((self.size, self.dimension))
        for rows in row_blocks(self.size):
            kinds = labels[rows]
            values[rows] = generator.gamma(truth["shapes"][kinds], 1.0 / truth["rates"][kinds])
        return Dataset(
            self.name,
            tuple(f"minutes{j + 1}" for j in range(self.dimension)),
            # Drawn numbers may underflow to 0 where the shape is small; a wait takes some time.
            np.maximum(values, np.finfo(float).tiny),
            labels=labels,
            label_names=("component 1", "component 2"),
            truth=Truth("gamma-mixture", truth),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gamma-mixture", "components": 2}}

    def _truth(self) -> dict[str, Array]:
        turned = np.arange(self.dimension) % 2 == 1
        shapes = np.where(turned, [[9.0], [2.0]], [[2.0], [9.0]])
        means = np.where(turned, [[2.0 * self.ratio], [2.0]], [[2.0], [2.0 * self.ratio]])
        return {"weights": frozen([0.6, 0.4]), "shapes": frozen(shapes), "rates": frozen(shapes / means)}
