"""Two clusters that share most of their points: what slows EM down."""

from dataclasses import dataclass
from typing import ClassVar

from engine.datasets.gaussian import GaussianMixtureStory, Mixture, round_clusters
from engine.settings import setting


@dataclass(frozen=True)
class OverlappingClusters(GaussianMixtureStory):
    """Two round clusters that overlap: the closer they are, the slower EM becomes.

    Unit Gaussians of weights .6 and .4 whose means lie `separation` standard deviations apart. Below
    about 2 the density has a single peak.
    """

    name: ClassVar[str] = "overlapping-clusters"
    separation: float = setting(
        2.0,
        label="Separation",
        help="Distance between the two means; the smaller, the more the clusters share their points.",
        minimum=0.0,
        maximum=8.0,
        unit="standard deviations",
    )

    def mixture(self) -> Mixture:
        means = [[-0.5 * self.separation, 0.0], [0.5 * self.separation, 0.0]]
        return Mixture([0.6, 0.4], means, round_clusters(means))
