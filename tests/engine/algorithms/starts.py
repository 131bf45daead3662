"""Problems with a known history that several tests of algorithms begin from."""

import copy
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from engine.algorithms.base import Algorithm
from engine.dataset import Dataset
from engine.datasets.deaths import Deaths
from engine.datasets.faithful import Faithful
from engine.datasets.three_clusters import ThreeClusters
from engine.datasets.zero_weight import ZeroWeight
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.mixture_proportions import MixtureProportions
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Intervention, Route, run
from engine.stopping import Stop
from engine.trace import Step


class Beginning:
    """A model on data with a start in the data's units."""

    def __init__(self, model: Any, dataset: Dataset, **values: Any) -> None:
        self._model = model
        self.dataset = dataset
        self._prepared = model.prepare(dataset)
        self.start: Parameters = model.accept(self._prepared, values)

    def settled(self, algorithm: Algorithm) -> "Beginning":
        """The same, begun where a lane with this algorithm ends."""
        other = copy.copy(self)
        other.start = self.steps(algorithm)[-1].parameters
        return other

    def problem(self) -> Problem:
        return Problem(self._model, self._prepared, 1)

    def steps(
        self,
        algorithm: Algorithm,
        *interventions: Intervention,
        continue_outside: bool = False,
        after: Step | None = None,
        key: int = 0,
        **stop: Any,
    ) -> list[Step]:
        route = Route(algorithm, interventions, continue_outside, key)
        return list(run(self.problem(), route, self.start, Stop(**stop), after))


def deaths() -> Beginning:
    """Hasselblad's deaths of women over 80, from where the literature starts."""
    return Beginning(
        PoissonMixture(components=2), Deaths().generate(), weights=[0.3, 0.7], rates=[[1.0], [2.5]]
    )


def faithful() -> Beginning:
    """Old Faithful with three components, every covariance a quarter of the columns' variances."""
    data = Faithful().generate()
    covariance = np.diag(np.var(data.values, axis=0) / 4)
    return Beginning(
        GaussianMixture(components=3),
        data,
        weights=[1 / 3] * 3,
        means=[[2, 55], [3.5, 70], [4.3, 80]],
        covariances=[covariance] * 3,
    )


def first_experiment() -> Beginning:
    """Three clusters from a start in their midst, as the window opens."""
    return Beginning(
        GaussianMixture(components=3),
        ThreeClusters().generate(),
        weights=[0.15, 0.15, 0.70],
        means=[[-1, 1], [0, 0], [1, 1]],
        covariances=[[[4, 0], [0, 4]]] * 3,
    )


def zero_weight(weights: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)) -> Beginning:
    """Known components of which the third has no weight at the maximum."""
    known = ZeroWeight().mixture()
    return Beginning(
        GaussianMixture(components=3, hold=("means", "covariances")),
        ZeroWeight().generate(),
        weights=weights,
        means=known.means,
        covariances=known.covariances,
    )


def collapsing(variance: float = 1.0) -> Beginning:
    """Six points of which the last can be had by a component alone."""
    values = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 5.0])[:, None]
    return Beginning(
        GaussianMixture(components=2),
        Dataset("six points", ("x",), values),
        weights=[0.5, 0.5],
        means=[[0.0], [5.0]],
        covariances=[[[2.0]], [[variance]]],
    )


def separated_by(distance: float) -> Beginning:
    """1000 quantiles of two unit Gaussians at equal weights, from an unequal start at mean -+ deviation."""
    shares = (np.arange(1, 1001) - 0.5) / 1000
    values = np.array([_quantile(share, distance) for share in shares])[:, None]
    mean, deviation = float(np.mean(values)), float(np.std(values))
    return Beginning(
        GaussianMixture(components=2),
        Dataset("quantiles", ("x",), values),
        weights=[0.4, 0.6],
        means=[[mean - deviation], [mean + deviation]],
        covariances=[[[deviation**2]]] * 2,
    )


def known_components(
    likelihoods: Array, weights: Sequence[float] | Array | None = None, row_weights: Array | None = None
) -> Beginning:
    """Proportions of components whose likelihoods (n, K) are given, from equal weights unless others are."""
    count = likelihoods.shape[1]
    columns = tuple(f"component {k + 1}" for k in range(count))
    dataset = Dataset("likelihoods", columns, np.array(likelihoods, dtype=float), row_weights)
    return Beginning(
        MixtureProportions(), dataset, weights=np.full(count, 1 / count) if weights is None else weights
    )


def three_likelihoods(middle: float, weights: Sequence[float] | None = None) -> Beginning:
    """Three components on three rows; the middle one's last likelihood decides whether it has any weight."""
    return known_components(np.array([[1.0, 0.54, 0.2], [0.2, 0.54, 1.0], [0.5, middle, 0.5]]), weights)


def held_quantiles(weights: tuple[float, ...]) -> Beginning:
    """The quantiles at distance 2, known components at -1, 0 and 1: only the weights are free."""
    values = np.array([_quantile((i + 0.5) / 200, 2.0) for i in range(200)])[:, None]
    return Beginning(
        GaussianMixture(components=3, hold=("means", "covariances")),
        Dataset("quantiles", ("x",), values),
        weights=weights,
        means=[[-1.0], [0.0], [1.0]],
        covariances=[[[1.0]]] * 3,
    )


def _quantile(share: float, distance: float) -> float:
    """Where the mixture's distribution function equals `share`, by bisection to the last bit."""
    cdf, low, high = NormalDist().cdf, -distance - 10.0, distance + 10.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if 0.5 * (cdf(middle + distance / 2) + cdf(middle - distance / 2)) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
