"""A start at randomly chosen rows."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.models.centres import FromCentres, filled_with_means
from engine.models.mixture import weighted_moments
from engine.parameters import Array, Parameters
from engine.starts.base import RandomStart


@dataclass(frozen=True)
class RandomPoints(RandomStart):
    """Means at randomly chosen different rows, equal weights, covariances of a quarter of the data's."""

    name: ClassVar[str] = "random-points"
    fits: ClassVar[type] = FromCentres

    def begin(self, model: FromCentres, prepared: Any) -> Parameters:
        centres = distinct_rows(prepared, model.components, self.generator())
        _, deviation = weighted_moments(prepared.columns.T, prepared.row_weights)
        return model.from_centres(prepared, centres, 0.25 * np.square(deviation))


def distinct_rows(prepared: Any, count: int, generator: np.random.Generator) -> Array:
    """`count` different rows (count, d), drawn with chances by row weight; the data have as many."""
    columns = filled_with_means(prepared.columns)
    chances = None if prepared.row_weights is None else prepared.row_weights / np.sum(prepared.row_weights)
    chosen: list[Array] = []
    tries = 0
    while len(chosen) < count and tries < 200 * count:
        tries += 1
        row = columns[:, generator.choice(columns.shape[1], p=chances)]
        if not any(np.array_equal(row, other) for other in chosen):
            chosen.append(row)
    if len(chosen) < count:
        seen = columns if chances is None else columns[:, chances > 0]
        distinct = np.unique(seen.T, axis=0)
        chosen = list(distinct[generator.permutation(len(distinct))[:count]])
    return np.array(chosen)
