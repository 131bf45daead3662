"""The first experiment's data: three round clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import with_default
from engine.datasets.gaussian import GaussianMixtureStory, Mixture, round_clusters
from engine.settings import setting


@dataclass(frozen=True)
class ThreeClusters(GaussianMixtureStory):
    """Three round clusters that can be pushed together until they overlap.

    Unit Gaussians at (-3, -1), (3, -1) and (0, 3) with weights .55, .30 and .15. From the start that
    `setup` gives, EM arrives within a few dozen steps at any seed tried; gradient ascent at a learning
    rate of 1.2 overshoots again and again. At the default seed both happen early enough to be seen.
    """

    name: ClassVar[str] = "three-clusters"
    seed: int = with_default("seed", 70)
    separation: float = setting(
        1.0,
        label="Separation",
        help="Factor on the clusters' distances from the origin; 0 puts all three on one spot.",
        minimum=0.0,
        maximum=3.0,
        unit="times",
    )

    def mixture(self) -> Mixture:
        means = self.separation * np.array([[-3.0, -1.0], [3.0, -1.0], [0.0, 3.0]])
        return Mixture([0.55, 0.30, 0.15], means, round_clusters(means))

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        means = [[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]
        start = Mixture([0.15, 0.15, 0.70], means, round_clusters(means, scale=2.0))
        return {**super().setup(), "start": {"name": "parameters", **start.lists()}}
