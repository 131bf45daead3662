"""Three correlations that no factor can have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.covariance_matrix import covariance_dataset
from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.settings import setting


@dataclass(frozen=True)
class HeywoodCase(DataStory):
    """Three correlations that leave one column no noise of its own.

    With one factor r_12 = l_1 l_2, r_13 = l_1 l_3 and r_23 = l_2 l_3, so that l_1^2 = r_12 r_13 / r_23. Where that is
    above 1, the uniqueness of the first column, 1 - l_1^2, would have to be negative, and the maximum has it at exactly
    0 (Heywood 1931, Proc. Roy. Soc. A 134, 486-501). With r_23 at .6 the square is .9 * .8 / .6 = 1.2.
    """

    name: ClassVar[str] = "heywood-case"
    suits: ClassVar[tuple[str, ...]] = ("factor-analysis", "probabilistic-pca")
    third: float = setting(
        0.6,
        label="Third correlation",
        help="That of the second and the third column; above .72 there is a proper solution, below it none.",
        minimum=0.5,
        maximum=0.95,
    )
    observations: int = setting(
        100, label="Observations", help="How many observations the matrix is of.", minimum=10, maximum=10**9
    )

    def generate(self) -> Dataset:
        matrix = np.array([[1.0, 0.9, 0.8], [0.9, 1.0, self.third], [0.8, self.third, 1.0]])
        return covariance_dataset(Dataset(self.name, ("x1", "x2", "x3"), matrix), self.observations)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "factor-analysis", "factors": 1}}
