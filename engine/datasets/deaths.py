"""Deaths a day: counts with row weights, the classic slow case of EM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.settings import setting
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class Deaths(DataStory):
    """Real counts: deaths of women over 80 a day, on which EM is very slow.

    `deaths` a day, from 0 to 9, with the number of `days` on which so many were announced as row weights:
    1096 days of The Times of London, 1910 to 1912 (Hasselblad 1969, "Estimation of finite mixtures of
    distributions from the exponential family", JASA 64). The setup starts where the literature starts.
    """

    name: ClassVar[str] = "deaths"
    suits: ClassVar[tuple[str, ...]] = ("poisson-mixture",)
    columns: tuple[str, ...] = setting(
        (), label="Columns", help="Which columns to fit; there is only deaths, for days are the row weights."
    )

    def generate(self) -> Dataset:
        return read_shipped("deaths.csv", self.columns, weights_column="days")

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "poisson-mixture", "components": 2},
            "start": {"name": "parameters", "weights": [0.3, 0.7], "rates": [[1.0], [2.5]]},
        }
