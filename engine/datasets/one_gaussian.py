"""A single Gaussian, to be fitted by two."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.datasets.gaussian import GaussianMixtureStory, Mixture


@dataclass(frozen=True)
class OneGaussian(GaussianMixtureStory):
    """A single Gaussian, fitted by two: the likelihood has no second cluster to find.

    Mean (0, 0), standard deviations 1.5 and 1, correlation .5. With one component too many the true
    density is reached along whole lines of parameters, and every method crawls.
    """

    name: ClassVar[str] = "one-gaussian"

    def mixture(self) -> Mixture:
        return Mixture([1.0], [[0.0, 0.0]], [[[2.25, 0.75], [0.75, 1.0]]])

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "gaussian-mixture", "components": 2}}
