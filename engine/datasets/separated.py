"""Clusters so far apart that every row is sure of its component."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.datasets.gaussian import GaussianMixtureStory, Mixture, round_clusters


@dataclass(frozen=True)
class SeparatedClusters(GaussianMixtureStory):
    """Four round clusters far apart: EM needs only a few steps.

    Unit Gaussians of weight 1/4 at the corners of a square whose side is 8 standard deviations. Few steps
    once each mean has a cluster of its own, that is: from a bad start, two means may share one.
    """

    name: ClassVar[str] = "separated-clusters"

    def mixture(self) -> Mixture:
        means = 4.0 * np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
        return Mixture([0.25, 0.25, 0.25, 0.25], means, round_clusters(means))
