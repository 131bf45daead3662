"""Clusters with heavy tails and outliers: what a Gaussian mixture does not expect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, row_blocks
from engine.datasets.gaussian import Mixture, draw_gaussian_mixture
from engine.settings import setting

HALF_WIDTH = 20.0


@dataclass(frozen=True)
class HeavyTails(GeneratedStory):
    """Three clusters with heavy tails and outliers: no Gaussian mixture fits well.

    Each cluster is a multivariate t distribution, x = μ + z √(k/χ²(k)) with z ~ N(0, Σ) and k degrees
    of freedom (Peel & McLachlan 2000, Robust mixture modelling using the t distribution); outliers are
    uniform on the square of side 40 around the origin. The truth gives the clusters' weights, centres and
    scatter matrices: not what a Gaussian mixture converges to, but what one would hope it finds.
    """

    name: ClassVar[str] = "heavy-tails"
    degrees_of_freedom: float = setting(
        3.0,
        label="Degrees of freedom",
        help="Degrees of freedom of the t distributed clusters; the fewer, the heavier the tails.",
        minimum=1.0,
        maximum=100.0,
        logarithmic=True,
    )
    outliers: float = setting(
        0.03,
        label="Outliers",
        help="Share of the points that belong to no cluster.",
        minimum=0.0,
        maximum=0.5,
    )

    def generate(self) -> Dataset:
        generator = self.generator()
        truth = self._clusters().blocks()
        means = truth["means"]
        values, labels = draw_gaussian_mixture(generator, self.size, **truth)
        for rows in row_blocks(self.size):
            count = rows.stop - rows.start
            gamma = generator.standard_gamma(0.5 * self.degrees_of_freedom, count)
            stretch = np.sqrt(0.5 * self.degrees_of_freedom / gamma)[:, None]
            centres = means[labels[rows]]
            values[rows] = centres + (values[rows] - centres) * stretch
            scattered = generator.random(count) < self.outliers
            uniform = generator.uniform(-HALF_WIDTH, HALF_WIDTH, (count, 2))
            values[rows][scattered] = uniform[scattered]
            labels[rows][scattered] = len(means)
        return Dataset(
            self.name,
            ("x", "y"),
            values,
            labels=labels,
            label_names=("component 1", "component 2", "component 3", "outlier"),
            truth=Truth("gaussian-mixture", truth),
            note="The truth shows the clusters' centres and scatter, without tails and outliers.",
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gaussian-mixture", "components": 3}}

    def _clusters(self) -> Mixture:
        slanted = [[1.0, 0.6], [0.6, 1.0]]
        scatters = [[[1.0, 0.0], [0.0, 1.0]], slanted, [[1.5, 0.0], [0.0, 0.5]]]
        return Mixture([0.4, 0.35, 0.25], [[-5.0, -2.0], [5.0, -2.0], [0.0, 5.0]], scatters)
