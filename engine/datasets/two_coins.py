"""Five sets of ten tosses with two coins: the example by which many people meet EM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class TwoCoins(DataStory):
    """Five sets of ten tosses with two coins, the example by which many people meet EM.

    `heads` of ten tosses in each set: 5, 9, 8, 4, 7; which coin it was, A or B, is the label (Do & Batzoglou 2008,
    "What is the expectation maximization algorithm?", Nature Biotechnology 26, 897-899). The setup starts where they
    do, at .6 and .5 with both coins equally probable for good; the maximum is at .797 and .520.
    """

    name: ClassVar[str] = "two-coins"
    suits: ClassVar[tuple[str, ...]] = ("coins",)

    def generate(self) -> Dataset:
        return read_shipped("two_coins.csv", ("heads", "true_coin"))

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "coins", "components": 2, "tosses": 10, "hold": ["weights"]},
            "start": {"name": "parameters", "weights": [0.5, 0.5], "heads": [0.6, 0.5]},
        }
