"""The Nile's flow: the standard example of a level that moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class Nile(DataStory):
    """Real data in time: the flow of the Nile at Aswan, each year from 1871 to 1970, in 10^8 cubic metres.

    Its level falls about 1899, when building at Aswan began. As a local level the maximum of the diffuse log-likelihood
    is -632.5456, with the variances 15099 of the noise and 1469 of the level's steps (Durbin & Koopman 2012, section
    2.2).
    """

    name: ClassVar[str] = "nile"
    suits: ClassVar[tuple[str, ...]] = ("state-space", "hidden-markov", "gaussian-mixture")

    def generate(self) -> Dataset:
        return read_shipped("nile.csv", ("flow",), time_column="year")

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "state-space"}}
