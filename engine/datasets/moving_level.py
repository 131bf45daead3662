"""Series about a level that moves."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, with_default
from engine.parameters import frozen
from engine.settings import setting


@dataclass(frozen=True)
class MovingLevel(GeneratedStory):
    """Series about a level that steps at random, with or without a slope that does.

    One or many sequences; some rows may be missing. Nothing is known of the rows but their number, so all have one
    label.
    """

    name: ClassVar[str] = "moving-level"
    suits: ClassVar[tuple[str, ...]] = ("state-space",)
    try_it: ClassVar[str] = (
        "Lower the steps of the level: EM needs ever more passes, and L-BFGS as few as before."
    )
    size: int = with_default("size", 300)
    sequences: int = setting(
        1, label="Sequences", help="How many sequences of equal length there are.", minimum=1, maximum=10_000
    )
    noise: float = setting(
        2.0,
        label="Noise",
        help="The standard deviation of the noise.",
        minimum=0.01,
        maximum=100.0,
        logarithmic=True,
    )
    step: float = setting(
        0.5,
        label="Steps",
        help="The standard deviation of the level's steps.",
        minimum=0.01,
        maximum=100.0,
        logarithmic=True,
    )
    slope_step: float = setting(
        0.0,
        label="Steps of the slope",
        help="The standard deviation of the slope's steps; 0 for a level without a slope.",
        minimum=0.0,
        maximum=100.0,
    )
    missing: float = setting(
        0.0, label="Missing", help="Which share of the rows is missing.", minimum=0.0, maximum=0.9
    )

    def generate(self) -> Dataset:
        random, count = self.generator(), min(self.sequences, self.size)
        edges = np.linspace(0, self.size, count + 1).round().astype(np.int64)
        steps = self.step * random.standard_normal(self.size)
        turns = self.slope_step * random.standard_normal(self.size)
        values = self.noise * random.standard_normal(self.size)
        for first, last in itertools.pairwise(edges.tolist()):
            slopes = np.cumsum(turns[first:last])
            values[first:last] += np.cumsum(steps[first:last] + slopes)
        if self.missing:
            values[random.random(self.size) < self.missing] = np.nan
        several = count > 1
        return Dataset(
            self.name,
            ("y",),
            values[:, None],
            labels=np.zeros(self.size, dtype=np.int64),
            label_names=("series",),
            truth=Truth("state-space", self._truth()),
            sequences=np.repeat(np.arange(count), np.diff(edges)) if several else None,
            sequence_names=tuple(f"{number + 1}" for number in range(count)) if several else (),
        )

    def _truth(self) -> dict[str, Any]:
        variances = {
            "observation_variance": frozen(self.noise**2),
            "level_variance": frozen(self.step**2),
        }
        return variances | ({"slope_variance": frozen(self.slope_step**2)} if self.slope_step else {})

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        structure = "local-linear-trend" if self.slope_step else "local-level"
        return {"model": {"name": "state-space", "structure": structure}}
