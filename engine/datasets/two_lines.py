"""Rows on two lines that may cross."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset, Truth
from engine.datasets.base import GeneratedStory, draw_labels, row_blocks
from engine.parameters import Array, frozen
from engine.settings import setting


@dataclass(frozen=True)
class TwoLines(GeneratedStory):
    """Rows on two lines, one that rises and one that falls, with noise about both.

    Weights .6 and .4; x is uniform between 0 and 10. The lines are 2 + x and 12 - x, the first moved up and the second
    down by half the `gap`: they cross in the middle at a gap of 0, and not at all beyond 10.
    """

    name: ClassVar[str] = "two-lines"
    suits: ClassVar[tuple[str, ...]] = ("mixture-of-regressions", "gaussian-mixture")
    noise: float = setting(
        1.0,
        label="Noise",
        help="The standard deviation of y about its line.",
        above=0.0,
        maximum=20.0,
        logarithmic=True,
    )
    gap: float = setting(
        0.0, label="Gap", help="How far the lines are moved apart.", minimum=0.0, maximum=40.0
    )

    def generate(self) -> Dataset:
        generator = self.generator()
        weights, lines = frozen([0.6, 0.4]), self._lines()
        labels = draw_labels(generator, self.size, weights)
        values = np.empty((self.size, 2))
        for rows in row_blocks(self.size):
            chosen = lines[labels[rows]]
            x = 10.0 * generator.random(len(chosen))
            y = chosen[:, 0] + chosen[:, 1] * x + self.noise * generator.standard_normal(len(chosen))
            values[rows] = np.column_stack((x, y))
        truth = {"weights": weights, "coefficients": lines, "variances": frozen([self.noise**2] * 2)}
        return Dataset(
            self.name,
            ("x", "y"),
            values,
            labels=labels,
            label_names=("line 1", "line 2"),
            truth=Truth("mixture-of-regressions", truth),
        )

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "mixture-of-regressions", "components": 2}}

    def _lines(self) -> Array:
        return frozen([[2.0 + self.gap / 2, 1.0], [12.0 - self.gap / 2, -1.0]])
