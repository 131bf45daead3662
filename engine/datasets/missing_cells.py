"""Clusters of which some cells were never written down."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.datasets.gaussian import GaussianMixtureStory, Mixture
from engine.randomness import generator
from engine.settings import setting


@dataclass(frozen=True)
class MissingCells(GaussianMixtureStory):
    """Three clusters that slant, with cells left out at random.

    Gaussians at (-3, 0), (1, 3) and (2, -2) with weights .4, .35 and .25 and correlations of .8, -.7 and .6. Which cells
    are missing has nothing to do with what they were; rows may have lost both.
    """

    name: ClassVar[str] = "missing-cells"
    suits: ClassVar[tuple[str, ...]] = ("gaussian-mixture",)
    try_it: ClassVar[str] = (
        "Raise the share of missing cells: EM slows down with what is missing, and L-BFGS hardly does."
    )
    missing: float = setting(
        0.4, label="Missing", help="Which share of the cells is missing.", minimum=0.0, maximum=0.9
    )

    def mixture(self) -> Mixture:
        spreads = [
            [[1.0, 0.8], [0.8, 1.0]],
            [[1.5, -0.84], [-0.84, 0.96]],
            [[0.8, 0.48], [0.48, 0.8]],
        ]
        return Mixture([0.4, 0.35, 0.25], [[-3.0, 0.0], [1.0, 3.0], [2.0, -2.0]], spreads)

    def generate(self) -> Dataset:
        whole = super().generate()
        # Drawn apart from the points, so that another share leaves them where they are.
        random = generator(self.seed, 0, 0)
        gone = random.random(whole.values.shape) < self.missing
        return replace(whole, values=np.where(gone, np.nan, whole.values))
