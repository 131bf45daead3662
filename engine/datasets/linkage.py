"""Rao's 197 animals in four cells, by which Dempster, Laird and Rubin introduce EM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class Linkage(DataStory):
    """Real data: 197 animals in four cells, the example by which EM was introduced.

    125, 18, 20 and 34 animals, as row weights of the cells 1 to 4 (Rao 1965, Linear Statistical Inference and Its
    Applications, section 5g; Dempster, Laird & Rubin 1977, section 1). The maximum is at theta = .6268214979.
    """

    name: ClassVar[str] = "linkage"
    suits: ClassVar[tuple[str, ...]] = ("genetic-linkage",)

    def generate(self) -> Dataset:
        return read_shipped("linkage.csv", ("cell",), weights_column="count")

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "genetic-linkage"},
            "start": {"name": "parameters", "theta": 0.5},
        }
