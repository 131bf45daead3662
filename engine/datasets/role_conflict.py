"""Role conflict: what 216 students would do for a friend, the classic of latent class analysis."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.settings import setting
from engine.shipped_data import read_shipped


@dataclass(frozen=True)
class RoleConflict(DataStory):
    """Real data: answers of 216 students to four dilemmas between a friend and a rule.

    Columns `A` to `D`, 1 for the answer that keeps to the rule; a row is a pattern of answers, and `count` says how
    many students gave it (Stouffer & Toby 1951, Amer. J. Sociology 56, 395-406; as analysed by Goodman 1974). The
    maximum with two classes has the log-likelihood -504.4677.
    """

    name: ClassVar[str] = "role-conflict"
    suits: ClassVar[tuple[str, ...]] = ("bernoulli-mixture",)
    columns: tuple[str, ...] = setting(
        (), label="Columns", help="Which dilemmas to fit, of A, B, C and D; none named means all."
    )

    def generate(self) -> Dataset:
        columns = self.columns or ("A", "B", "C", "D")
        return read_shipped("stouffer_toby.csv", columns, weights_column="count")

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "bernoulli-mixture", "components": 2}}
