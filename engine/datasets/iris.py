"""Iris: 150 flowers of three species."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.settings import setting
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class Iris(DataStory):
    """Real data: four measurements of 150 irises; the species are the labels.

    `sepal_length`, `sepal_width`, `petal_length` and `petal_width` in centimetres, 50 flowers each of
    setosa, versicolor and virginica (Anderson 1935, "The irises of the Gaspe Peninsula"; Fisher 1936, "The
    use of multiple measurements in taxonomic problems", Annals of Eugenics 7). The numbers are those of R
    and scikit-learn; the file of the UCI repository has errors in rows 35 and 38.
    """

    name: ClassVar[str] = "iris"
    suits: ClassVar[tuple[str, ...]] = (
        "gaussian-mixture",
        "factor-analysis",
        "probabilistic-pca",
        "mixture-of-factor-analysers",
    )
    columns: tuple[str, ...] = setting(
        (),
        label="Columns",
        help="Which columns to fit, of sepal_length, sepal_width, petal_length, petal_width; none: all.",
    )

    def generate(self) -> Dataset:
        return read_shipped("iris.csv", self.columns)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gaussian-mixture", "components": 3}}
