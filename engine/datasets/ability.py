"""Six tests of ability, of which nothing is left but their covariances."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped_matrix


@dataclass(frozen=True)
class Ability(DataStory):
    """Real data as a covariance matrix: six tests of ability, taken by 112 people.

    General intelligence, picture completion, block design, mazes, reading comprehension and vocabulary (Smith & Stanley
    1983, British J. Educational Psychology 53). One factor does not explain their correlations, two do: reading and
    vocabulary go together, and what is done with shapes. The maximum with two factors lies along a ridge, up which EM
    creeps.
    """

    name: ClassVar[str] = "ability"
    suits: ClassVar[tuple[str, ...]] = ("factor-analysis", "probabilistic-pca")

    def generate(self) -> Dataset:
        return read_shipped_matrix("ability_cov.csv", 112)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "factor-analysis", "factors": 2}}
