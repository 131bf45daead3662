"""Two interleaved half circles: clusters that are no Gaussians."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.settings import setting


@dataclass(frozen=True)
class TwoMoons(GeneratedStory):
    """Two interleaved half circles: clusters to the eye, but no Gaussian mixture.

    The angle is uniform on a half circle of radius 1; the second one is turned over and moved by (1, .5),
    as scikit-learn's `make_moons` has it; Gaussian noise is added. Two components cut both moons in
    half; more of them follow the curves.
    """

    name: ClassVar[str] = "two-moons"
    noise: float = setting(
        0.1,
        label="Noise",
        help="Standard deviation of the points around their half circle, whose radius is 1.",
        minimum=0.0,
        maximum=1.0,
    )

    def generate(self) -> Dataset:
        generator = self.generator()
        labels = draw_labels(generator, self.size, np.array([0.5, 0.5]))
        values = generator.standard_normal((self.size, 2))
        for rows in row_blocks(self.size):
            angle = np.pi * generator.random(rows.stop - rows.start)
            upper = labels[rows] == 0
            values[rows] *= self.noise
            values[rows, 0] += np.where(upper, np.cos(angle), 1.0 - np.cos(angle))
            values[rows, 1] += np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
        return Dataset(
            self.name,
            ("x", "y"),
            values,
            labels=labels,
            label_names=("upper moon", "lower moon"),
            note="No Gaussian mixture is true here: two components cannot follow the moons.",
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gaussian-mixture", "components": 2}}
