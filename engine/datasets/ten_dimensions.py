"""Five clusters in ten columns, none of which tells all of them apart."""

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from engine.datasets.base import with_default
from engine.datasets.gaussian import GaussianMixtureStory, Mixture
from engine.settings import setting

CLUSTERS = 5
DIMENSIONS = 10


@dataclass(frozen=True)
class TenDimensions(GaussianMixtureStory):
    """Five clusters in ten columns, of which none alone tells the clusters apart.

    There are ten ways to choose two of five clusters: each column sets one such pair apart from the other
    three, so that all clusters are equally far from each other. Within a cluster the standard
    deviations are 1 and columns i and j have the correlation r^|i-j|, with an r of its own for each.
    """

    name: ClassVar[str] = "ten-dimensions"
    columns: ClassVar[tuple[str, ...]] = tuple(f"x{j + 1}" for j in range(DIMENSIONS))
    size: int = with_default("size", 2000)
    separation: float = setting(
        5.0,
        label="Separation",
        help="Distance between any two means.",
        minimum=0.0,
        maximum=20.0,
        unit="standard deviations",
    )

    def mixture(self) -> Mixture:
        signs = np.full((CLUSTERS, DIMENSIONS), -1.0)
        for column, pair in enumerate(combinations(range(CLUSTERS), 2)):
            signs[pair, column] = 1.0
        # Two clusters differ in the six columns that set exactly one of them apart, by 2 in each.
        means = self.separation / np.sqrt(6 * 2.0**2) * signs
        lag = np.abs(np.subtract.outer(np.arange(DIMENSIONS), np.arange(DIMENSIONS)))
        covariances = [correlation**lag for correlation in (0.0, 0.3, -0.3, 0.6, -0.6)]
        return Mixture([0.3, 0.25, 0.2, 0.15, 0.1], means, covariances)
