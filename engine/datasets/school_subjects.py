"""Marks in six subjects at school, of which nothing is left but their correlations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped_matrix


@dataclass(frozen=True)
class SchoolSubjects(DataStory):
    """Real data as a correlation matrix: examinations of 220 boys in six subjects.

    Gaelic, English, history, arithmetic, algebra and geometry (Lawley & Maxwell 1971, Factor Analysis as a Statistical
    Method, chapter 4). Two factors explain the correlations: one of all subjects, and one that sets languages apart
    from mathematics.
    """

    name: ClassVar[str] = "school-subjects"
    suits: ClassVar[tuple[str, ...]] = ("factor-analysis", "probabilistic-pca")

    def generate(self) -> Dataset:
        return read_shipped_matrix("lawley_maxwell6_cor.csv", 220)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "factor-analysis", "factors": 2}}
