"""The log-likelihood over all values of one or two probabilities: a curve, or a surface for contours."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.dataset import Dataset
from engine.models.base import Model, UndefinedLikelihood
from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters, UnitInterval, frozen
from engine.wording import singular

POINTS_OF_A_CURVE = 401
POINTS_OF_AN_AXIS = 51
MOST_PROBABILITIES = 2


@dataclass(frozen=True, eq=False)
class Landscape:
    """Log-likelihoods on a grid: `values` (m,) or (m, m), the first number along the first axis; NaN where there is none.

    `names` say what the numbers are, `places` where they stand in the flat vector, and `grid` (m,) which values each of
    them takes.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    grid: Array
    values: Array


def landscape(model: Model, dataset: Dataset, parameters: Parameters) -> Landscape | None:
    """Over the free numbers of the parameters; None unless they are one or two probabilities.

    Rows that are alike are evaluated once, so that it costs the same for five rows and for a million.
    """
    layout = parameters.layout
    free = [layout.by_name[name] for name in layout.free]
    places = [place for block in free for place in _places(layout.places[block.name])]
    if not all(isinstance(block.support, UnitInterval) for block in free):
        return None
    if not 1 <= len(places) <= MOST_PROBABILITIES:
        return None
    names = [
        singular(block.name) if block.size == 1 else f"{singular(block.name)} {entry + 1}"
        for block in free
        for entry in range(block.size)
    ]
    prepared = model.prepare(distinct(dataset))
    count = POINTS_OF_A_CURVE if len(places) == 1 else POINTS_OF_AN_AXIS
    # The ends themselves are left out: there the log-likelihood may be minus infinity.
    grid = (np.arange(count) + 0.5) / count
    values = np.empty((count,) * len(places))
    for index in np.ndindex(values.shape):
        values[index] = _value(model, prepared, parameters, places, grid[list(index)])
    return Landscape(tuple(names), tuple(places), frozen(grid), frozen(values))


def _places(block: slice) -> range:
    return range(block.start, block.stop)


def _value(model: Model, prepared: Any, parameters: Parameters, places: list[int], at: Array) -> float:
    vector = np.array(parameters.vector)
    vector[places] = at
    try:
        found = model.expect(prepared, Parameters(parameters.layout, frozen(vector)), Workspace(1))
    except UndefinedLikelihood:
        return float("nan")
    return found.log_likelihood


def distinct(dataset: Dataset) -> Dataset:
    """The dataset with rows that are alike as one, which counts as often as they do together."""
    values, places = np.unique(dataset.values, axis=0, return_inverse=True)
    counts = np.bincount(places.ravel(), dataset.row_weights, len(values)).astype(np.float64)
    return Dataset(dataset.name, dataset.columns, np.ascontiguousarray(values), frozen(counts))
