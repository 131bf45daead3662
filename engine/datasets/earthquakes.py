"""Major earthquakes a year: counts in time, the standard example of hidden Markov models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class Earthquakes(DataStory):
    """Real counts in time: earthquakes of magnitude 7 or more in the world, each year from 1900 to 2006.

    Decades of some 15 a year and decades of some 26: more spread than a Poisson law has, and neighbours that are alike
    (Zucchini & MacDonald 2009, Hidden Markov Models for Time Series, chapter 1). With two states the maximum is
    -341.8787, with rates 15.42 and 26.02; with three -328.5275. Begun in the stationary law they reach -342.3183 and
    -329.4603. Two independent Poisson rates reach -360.3690.
    """

    name: ClassVar[str] = "earthquakes"
    suits: ClassVar[tuple[str, ...]] = ("hidden-markov", "poisson-mixture")
    try_it: ClassVar[str] = "Take three states in place of two: the busy years split, and the fit gains 13."

    def generate(self) -> Dataset:
        return read_shipped("earthquakes.csv", ("count",), time_column="year")

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "hidden-markov", "emission": "poisson", "states": 2},
            "start": {
                "name": "parameters",
                "initial": [0.5, 0.5],
                "transitions": [[0.9, 0.1], [0.1, 0.9]],
                "rates": [[10.0], [30.0]],
            },
        }
