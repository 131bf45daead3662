"""Boys among twelve children: the classic of counts that spread more than one binomial law allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class SaxonFamilies(DataStory):
    """Real counts: how many of twelve children are boys, in 6115 families of Saxony.

    `boys`, from 0 to 12, with the number of `families` as row weights (Geissler 1889; as analysed by Lindsay & Roeder
    1992, J. Amer. Statist. Assoc. 87, 785-794). They spread more than a coin does that falls alike in every family: one
    binomial law reaches -12534.1721, two -12492.4062, with .4814 boys in 72 families of a hundred and .6164 in the
    others. The R package MixtureInf (Li, Chen & Li 2016) publishes -12492.43 for two, with a penalty that draws the
    weights together. Laws so alike are hard to tell apart: EM takes 1900 steps where Fisher scoring takes 4.
    """

    name: ClassVar[str] = "saxon-families"
    suits: ClassVar[tuple[str, ...]] = ("binomial-mixture",)
    try_it: ClassVar[str] = (
        "Take three components in place of two: the fit gains 1.6, and EM is slower still."
    )

    def generate(self) -> Dataset:
        return read_shipped("saxony.csv", ("boys",), weights_column="families")

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            "model": {"name": "binomial-mixture", "components": 2, "trials": 12},
            "start": {"name": "parameters", "weights": [0.5, 0.5], "probabilities": [[0.4], [0.6]]},
        }
