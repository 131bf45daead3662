"""Carbon dioxide and income of 28 countries: the standard example of a mixture of regressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class CarbonDioxide(DataStory):
    """Real data on two lines: income and carbon dioxide per head of 28 countries in 1996.

    `gnp`, the gross national product per head, and `co2`, the emission of carbon dioxide per head; the countries are
    labels (Hurn, Justel & Robert 2003, J. Comput. Graph. Statist. 12, 55-79). In three countries of four emissions do
    not rise with income, in the others they do: the published maximum is -66.93977, with the lines 8.679 - .023 gnp and
    1.415 + .677 gnp (Benaglia, Chauveau, Hunter & Young 2009, J. Stat. Software 32(6), section 5.2). A poorer one, of
    lines one above the other, is at -70.1729. From 40 random starts EM ends at the better one 38 times, L-BFGS never.
    """

    name: ClassVar[str] = "carbon-dioxide"
    suits: ClassVar[tuple[str, ...]] = ("mixture-of-regressions", "gaussian-mixture")
    try_it: ClassVar[str] = (
        "Try 20 random starts, and see beside the curve where EM ends and where the gradient does."
    )

    def generate(self) -> Dataset:
        return read_shipped("co2_gnp.csv", ("gnp", "co2"))

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "mixture-of-regressions", "components": 2}}
