"""Long, slanted clusters: what full covariances are for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.datasets.gaussian import GaussianMixtureStory, Mixture
from engine.settings import setting


@dataclass(frozen=True)
class ElongatedClusters(GaussianMixtureStory):
    """Three long, correlated clusters, which round components would cut up.

    Weights .4, .3 and .3, means (-1.5, 1.5), (0, 0) and (1.5, -1.5), standard deviations of 2 in both
    columns. The clusters are parallel; the smaller the correlation, the more they run into each other.
    """

    name: ClassVar[str] = "elongated-clusters"
    correlation: float = setting(
        0.95,
        label="Correlation",
        help="Correlation of the two columns within each cluster; 0 makes the clusters round.",
        minimum=-0.99,
        maximum=0.99,
    )

    def mixture(self) -> Mixture:
        means = [[-1.5, 1.5], [0.0, 0.0], [1.5, -1.5]]
        covariance = 4.0 * np.array([[1.0, self.correlation], [self.correlation, 1.0]])
        return Mixture([0.4, 0.3, 0.3], means, np.tile(covariance, (3, 1, 1)))
