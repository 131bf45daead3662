"""Blue crabs: five measurements of 100 animals of two sexes, the data of the first mixtures of t distributions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.settings import setting
from engine.shipped_data import read_shipped

OUTLIER_ROW = 24


@dataclass(frozen=True)
class BlueCrabs(DataStory):
    """Real data: five measurements of 50 male and 50 female rock crabs of the blue form; the sex is the label.

    `frontal_lobe`, `rear_width`, `carapace_length`, `carapace_width` and `body_depth` in millimetres (Campbell & Mahon
    1974, Austral. J. Zoology 22, 417-425). Peel & McLachlan (2000) fit two t distributions with scale matrices and
    degrees of freedom of their own, and 11 crabs come to the wrong sex; they add an outlier to the rear width of the
    25th crab, from -15 to 20 (McLachlan & Peel 2000, Finite Mixture Models, section 7.8). The maximum is -521.8086.
    """

    name: ClassVar[str] = "blue-crabs"
    suits: ClassVar[tuple[str, ...]] = (
        "student-t-mixture",
        "gaussian-mixture",
        "factor-analysis",
        "probabilistic-pca",
        "mixture-of-factor-analysers",
    )
    try_it: ClassVar[str] = (
        "Set the outlier to 15: to t distributions that crab counts for little, a Gaussian mixture goes after it."
    )
    columns: tuple[str, ...] = setting(
        (),
        label="Columns",
        help="Which columns to fit, of frontal_lobe, rear_width, carapace_length, carapace_width, body_depth; "
        "none named means all.",
    )
    outlier: float = setting(
        0.0,
        label="Outlier",
        help="Millimetres added to the rear width of the 25th crab; 0 leaves the data as they are.",
        minimum=-15.0,
        maximum=20.0,
    )

    def generate(self) -> Dataset:
        data = read_shipped("crabs.csv", self.columns)
        if self.outlier == 0 or "rear_width" not in data.columns:
            return data
        values = np.array(data.values)
        values[OUTLIER_ROW, data.columns.index("rear_width")] += self.outlier
        return replace(data, values=values)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "student-t-mixture", "components": 2},
            "start": {"name": "random-responsibilities", "seed": 9},
        }
