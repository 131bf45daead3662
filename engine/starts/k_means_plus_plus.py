"""A start whose centres keep their distance."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.models.centres import FromCentres, filled_with_means
from engine.parameters import Array, Parameters
from engine.starts.base import RandomStart


@dataclass(frozen=True)
class KMeansPlusPlus(RandomStart):
    """Means at rows chosen far from each other, covariances from the rows nearest to each.

    Each next row is drawn with a chance in proportion to its squared distance from those already chosen
    (Arthur & Vassilvitskii 2007, k-means++: the advantages of careful seeding). Weights are equal; all
    components share the variances about the nearest centre.
    """

    name: ClassVar[str] = "k-means++"
    formula: ClassVar[str] = r"""
        P(x_i \;\mathrm{is\ next}) \propto \min_{c}\, \left\|x_i - c\right\|^2
    """
    try_it: ClassVar[str] = (
        "Try 20 random starts, and see beside the curve in how many different places the lanes end."
    )
    fits: ClassVar[type] = FromCentres

    def begin(self, model: FromCentres, prepared: Any) -> Parameters:
        generator, columns = self.generator(), filled_with_means(prepared.columns)
        rows = columns.shape[1]
        share = np.ones(rows) if prepared.row_weights is None else np.asarray(prepared.row_weights)
        scale = _spread(columns, share)
        nearest = np.full(rows, np.inf)
        centres: list[Array] = []
        for _ in range(model.components):
            chances = share if not centres else share * nearest
            centre = columns[:, _drawn(chances, generator)]
            centres.append(centre)
            np.minimum(nearest, _squared_distance(columns, centre, scale), out=nearest)
        within = float(np.sum(share * nearest) / np.sum(share) / len(columns))
        return model.from_centres(prepared, np.array(centres), max(within, 1e-3) * np.square(scale))


def _drawn(chances: Array, generator: np.random.Generator) -> int:
    total = np.cumsum(chances)
    return int(min(np.searchsorted(total, generator.random() * total[-1], side="right"), len(chances) - 1))


def _spread(columns: Array, share: Array) -> Array:
    total = np.sum(share)
    mean = columns @ share / total
    deviation = np.sqrt(np.square(columns - mean[:, None]) @ share / total)
    # A column that is the same in every row tells no rows apart.
    return np.where(deviation > 0, deviation, 1.0)


def _squared_distance(columns: Array, centre: Array, scale: Array) -> Array:
    distance = np.zeros(columns.shape[1])
    for column, value, unit in zip(columns, centre, scale, strict=True):
        distance += np.square((column - value) / unit)
    return distance
