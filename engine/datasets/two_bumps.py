"""Two bumps on a line: the smallest mixture that there is to see."""

from dataclasses import dataclass
from typing import ClassVar

from engine.datasets.gaussian import GaussianMixtureStory, Mixture
from engine.settings import setting


@dataclass(frozen=True)
class TwoBumps(GaussianMixtureStory):
    """Two Gaussians on a line, shown as a histogram with their densities.

    Standard deviations of 1, weights .65 and .35, means `separation` apart. Below about 2 the two bumps
    become one.
    """

    name: ClassVar[str] = "two-bumps"
    columns: ClassVar[tuple[str, ...]] = ("x",)
    separation: float = setting(
        4.0,
        label="Separation",
        help="Distance between the two means; the smaller, the more the bumps run into each other.",
        minimum=0.0,
        maximum=8.0,
        unit="standard deviations",
    )

    def mixture(self) -> Mixture:
        means = [[-0.5 * self.separation], [0.5 * self.separation]]
        return Mixture([0.65, 0.35], means, [[[1.0]], [[1.0]]])
