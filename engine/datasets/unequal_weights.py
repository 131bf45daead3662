"""One large cluster next to two small ones."""

from dataclasses import dataclass
from typing import ClassVar

from engine.datasets.gaussian import GaussianMixtureStory, Mixture, round_clusters


@dataclass(frozen=True)
class UnequalWeights(GaussianMixtureStory):
    """One large cluster and two small ones, which a start easily overlooks.

    Unit Gaussians at (0, 0), (4.5, 1) and (-2, 4.5) with weights .88, .09 and .03.
    """

    name: ClassVar[str] = "unequal-weights"

    def mixture(self) -> Mixture:
        means = [[0.0, 0.0], [4.5, 1.0], [-2.0, 4.5]]
        return Mixture([0.88, 0.09, 0.03], means, round_clusters(means))
