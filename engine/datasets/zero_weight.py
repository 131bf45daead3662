"""Data whose likelihood is largest where one of three known components has no weight at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.datasets.base import with_default
from engine.datasets.gaussian import GaussianMixtureStory, Mixture, round_clusters


@dataclass(frozen=True)
class ZeroWeight(GaussianMixtureStory):
    """Two clusters, three known components: the third one's best weight is exactly 0.

    Unit Gaussians at (-2, 0) and (2, 0) with weights .6 and .4, and a known one at (0, 2) from which
    nothing is drawn. With means and covariances held, the log-likelihood is concave in the weights, so
    its maximum is at w₃ = 0 exactly if the mean of f₃(x)/f(x) over the rows is at most 1 at the maximum
    over the other two weights (the Karush-Kuhn-Tucker condition). That mean is also the factor by which an
    EM step shrinks w₃ close to the maximum. At the default seed and size it is .892; other seeds
    lie on either side of 1, because its expectation under the truth is exactly 1.
    """

    name: ClassVar[str] = "zero-weight"
    seed: int = with_default("seed", 17)

    def mixture(self) -> Mixture:
        means = [[-2.0, 0.0], [2.0, 0.0], [0.0, 2.0]]
        return Mixture([0.6, 0.4, 0.0], means, round_clusters(means))

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        known = self.mixture()
        start = Mixture([1 / 3, 1 / 3, 1 / 3], known.means, known.covariances)
        return {
            "model": {"name": "gaussian-mixture", "components": 3, "hold": ["means", "covariances"]},
            "start": {"name": "parameters", **start.lists()},
        }
