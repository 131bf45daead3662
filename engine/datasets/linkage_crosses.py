"""Offspring of two hybrid parents with two linked genes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, with_default
from engine.parameters import frozen
from engine.settings import setting

PARTS = np.array([1, 1, 2, 3, 4])
"""The cell of each part: the first cell is a part of one half and one of theta / 4."""


@dataclass(frozen=True)
class LinkageCrosses(GeneratedStory):
    """Offspring of two hybrid parents with two linked genes, one row each.

    Theta is the square of one minus the recombination fraction: .25 without linkage, 1 where the genes are never
    parted. The labels say what cannot be seen: of which part an animal of the first cell is.
    """

    name: ClassVar[str] = "linkage-crosses"
    suits: ClassVar[tuple[str, ...]] = ("genetic-linkage",)
    size: int = with_default("size", 200)
    theta: float = setting(
        0.6,
        label="Theta",
        help="The square of one minus the recombination fraction.",
        minimum=0.0,
        maximum=1.0,
    )

    def generate(self) -> Dataset:
        rest = (1.0 - self.theta) / 4.0
        labels = draw_labels(
            self.generator(), self.size, frozen([0.5, self.theta / 4.0, rest, rest, self.theta / 4.0])
        )
        return Dataset(
            self.name,
            ("cell",),
            PARTS[labels][:, None].astype(np.float64),
            labels=labels,
            label_names=("cell 1, half", "cell 1, theta", "cell 2", "cell 3", "cell 4"),
            truth=Truth("genetic-linkage", {"theta": frozen(self.theta)}),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "genetic-linkage"}}
