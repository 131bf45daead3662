"""Clusters whose columns are correlated by a factor of their own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting

NOISE = 0.3
"""The variance of each column's own noise."""


@dataclass(frozen=True)
class FactorClusters(GeneratedStory):
    """Two clusters of several columns, each stretched along a factor of its own.

    x = mean_k + loadings_k z + noise with one standard normal factor z: in the first cluster all columns go together,
    in the second every other one goes against the rest. `separation` is the distance of the means, along all columns
    alike. The noise of every column has the variance .3.
    """

    name: ClassVar[str] = "factor-clusters"
    suits: ClassVar[tuple[str, ...]] = ("mixture-of-factor-analysers", "gaussian-mixture")
    variables: int = setting(6, label="Columns", help="How many columns are observed.", minimum=3, maximum=50)
    separation: float = setting(
        2.0, label="Separation", help="How far the two means lie apart.", minimum=0.0, maximum=20.0
    )

    def generate(self) -> Dataset:
        generator = self.generator()
        weights, means, loadings = frozen([0.6, 0.4]), self._means(), self._loadings()
        labels = draw_labels(generator, self.size, weights)
        values = np.empty((self.size, self.variables))
        for rows in row_blocks(self.size):
            count, chosen = rows.stop - rows.start, labels[rows]
            scores = generator.standard_normal((count, 1))
            noise = generator.standard_normal((count, self.variables))
            values[rows] = means[chosen] + scores * loadings[chosen, :, 0] + math.sqrt(NOISE) * noise
        truth = {
            "weights": weights,
            "means": means,
            "loadings": loadings,
            "uniquenesses": frozen(np.full((2, self.variables), NOISE)),
        }
        return Dataset(
            self.name,
            tuple(f"x{j + 1}" for j in range(self.variables)),
            values,
            labels=labels,
            label_names=("together", "against each other"),
            truth=Truth("mixture-of-factor-analysers", truth),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "mixture-of-factor-analysers", "components": 2, "factors": 1}}

    def _means(self) -> Array:
        apart = self.separation / (2.0 * math.sqrt(self.variables))
        return frozen(np.full((2, self.variables), apart) * np.array([[-1.0], [1.0]]))

    def _loadings(self) -> Array:
        signs = np.where(np.arange(self.variables) % 2 == 0, 1.0, -1.0)
        return frozen(np.stack((np.ones(self.variables), signs))[:, :, None])
