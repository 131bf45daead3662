"""Servings of ground beef: one gamma distribution, fitted in the paper on R's fitdistrplus."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class GroundBeef(DataStory):
    """Real data: how many grams of ground beef children under five eat at once, 254 servings of a French survey.

    `serving` in grams (Delignette-Muller & Cornu 2008, Int. J. Food Microbiology 128, 158-164). For one gamma
    distribution the R package fitdistrplus publishes the shape 4.0096, the rate .05444 and the log-likelihood -1253.625
    (Delignette-Muller & Dutang 2015, J. Stat. Software 64(4)). Two of them have maxima at -1252.1113 and -1250.3030:
    hardly a gain for three parameters more, and over the many equal servings the likelihood has no bound.
    """

    name: ClassVar[str] = "ground-beef"
    suits: ClassVar[tuple[str, ...]] = ("gamma-mixture", "gaussian-mixture", "student-t-mixture")
    try_it: ClassVar[str] = (
        "Take two components and try 20 random starts: now and then one shrinks onto the 26 servings of exactly 130 g."
    )

    def generate(self) -> Dataset:
        return read_shipped("ground_beef.csv", ())

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "gamma-mixture", "components": 1},
            "start": {"name": "parameters", "weights": [1.0], "shapes": [[1.0]], "rates": [[0.01]]},
        }
