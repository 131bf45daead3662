"""Old Faithful: 272 eruptions of a geyser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.settings import setting
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class Faithful(DataStory):
    """Real data: how long Old Faithful erupts, and the wait until it does so again.

    `eruptions` and `waiting`, both in minutes, 272 rows; no labels and no truth. The data are R's `faithful`
    (Azzalini & Bowman 1990, "A look at some data on the Old Faithful geyser", Applied Statistics 39).
    """

    name: ClassVar[str] = "faithful"
    columns: tuple[str, ...] = setting(
        (), label="Columns", help="Which columns to fit, of eruptions and waiting; none named means both."
    )

    def generate(self) -> Dataset:
        return read_shipped("faithful.csv", self.columns)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gaussian-mixture", "components": 2}}
