"""Apples and their worms: a pair of columns of which one has missing cells, the textbook's example."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class WormyApples(DataStory):
    """Real data: the crops of 18 apple trees, and how many of the fruits have worms, which six trees do not tell.

    `size` is the crop in hundreds of fruits, `worms` 100 times the percentage with worms (Snedecor & Cochran 1967,
    Statistical Methods, table 6.9.1, as Little & Rubin 1987, Statistical Analysis with Missing Data, table 6.1, have
    them). The six are trees of small crops, and small crops have more worms: at the maximum, -101.7856, the mean of
    `worms` is 49.33, above the 45 of the twelve trees that were counted.
    """

    name: ClassVar[str] = "wormy-apples"
    suits: ClassVar[tuple[str, ...]] = ("gaussian-mixture",)
    try_it: ClassVar[str] = (
        "Choose diagonal covariances: the crop then says nothing of the worms, and the mean of those who were "
        "counted is all that is left."
    )

    def generate(self) -> Dataset:
        return read_shipped("apple.csv", ())

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "gaussian-mixture", "components": 1},
            "start": {
                "name": "parameters",
                "weights": [1.0],
                "means": [[14.722222222222221, 45.0]],
                "covariances": [[[89.53395061728395, 0.0], [0.0, 124.0]]],
            },
        }
