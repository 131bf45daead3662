"""Columns measured in units of wildly different size."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.datasets.gaussian import GaussianMixtureStory, Mixture, round_clusters
from engine.settings import setting


@dataclass(frozen=True)
class DifferentScales(GaussianMixtureStory):
    """Three clusters whose second column is ten thousand times as wide as the first.

    EM does not notice the units of a column; gradient ascent without standardised columns does: the
    largest stable learning rate follows the narrowest column, and along the widest nothing moves.
    """

    name: ClassVar[str] = "different-scales"
    columns: ClassVar[tuple[str, ...]] = ("small", "large")
    ratio: float = setting(
        1e4,
        label="Ratio of the scales",
        help="How many times as wide the second column is as the first.",
        minimum=1.0,
        maximum=1e8,
        logarithmic=True,
        unit="times",
    )

    def mixture(self) -> Mixture:
        units = np.array([1.0, self.ratio])
        means = np.array([[-2.5, -1.0], [2.5, -1.0], [0.0, 2.5]])
        return Mixture([0.4, 0.35, 0.25], means * units, round_clusters(means) * np.outer(units, units))
