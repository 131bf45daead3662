"""Slopes at the edge of a support, which the sums of an E step do not tell.

Where a probability or a rate is exactly 0, a row that needs it has no share in the component, so the sum by which the
slope is told elsewhere, sum r x / p, is 0/0. Its limit is a sum over rows all the same: of those that hold a single
success, failure or count there, with the density of everything else. It is what says whether a maximum is at the edge,
or a lane only came too close.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from engine.models.base import Expectation, Units
from engine.models.mixture import LARGEST_LOG_RATIO, Mixture, MixturePrepared
from engine.parameters import Array, Parameters


@dataclass(frozen=True, slots=True)
class Edge:
    """A number of a block of component `component` that is at its edge, at `place` in the flat vector.

    `rows` (n,) are those with a single occurrence of what cannot happen here; with `stand_in` in place of the number
    the logarithm of what one occurrence gives to the density is `log_factor`, (n,) where rows differ. Towards the
    inside the density grows by what it is without this column, `pace` times as fast as the number moves: -1 where the
    inside lies below.
    """

    component: int
    place: int
    rows: Array
    stand_in: float
    log_factor: float | Array
    pace: float = 1.0


def with_edge_slopes(
    found: Expectation,
    model: Mixture,
    prepared: MixturePrepared,
    parameters: Parameters,
    edges: list[Edge],
    units: Units,
) -> Expectation:
    """What an E step found over these units, with the slopes at the edges."""
    slopes = np.zeros(parameters.layout.size)
    inward = _edge_slopes(model, prepared, parameters, edges, units)
    for edge, slope in zip(edges, inward.tolist(), strict=True):
        slopes[edge.place] = edge.pace * slope
    slopes.setflags(write=False)
    return dataclasses.replace(found, edges=slopes)


def _edge_slopes(
    model: Mixture, prepared: MixturePrepared, parameters: Parameters, edges: list[Edge], units: Units
) -> Array:
    """For each edge sum_i w_i pi_k f_k(x_i without the column) / f(x_i), over its rows among the units: (len(edges),)."""
    everything = np.arange(model.components)
    log_weights = np.log(np.maximum(parameters["weights"], np.finfo(float).tiny))
    found = np.zeros(len(edges))
    for number, edge in enumerate(edges):
        rows = np.flatnonzero(edge.rows)
        if units is not None:
            rows = np.intersect1d(rows, units)
        if not rows.size or parameters["weights"][edge.component] <= 0:
            continue
        columns = np.ascontiguousarray(prepared.columns[:, rows])
        joint = model.log_densities(parameters, columns, everything) + log_weights[:, None]
        highest = np.max(joint, axis=0)
        log_total = highest + np.log(np.sum(np.exp(joint - highest), axis=0))
        vector = np.array(parameters.vector)
        vector[edge.place] = edge.stand_in
        vector.setflags(write=False)
        moved = Parameters(parameters.layout, vector)
        alone = (
            model.log_densities(moved, columns, np.array([edge.component]))[0]
            - np.broadcast_to(edge.log_factor, edge.rows.shape)[rows]
        )
        logs = np.minimum(alone + log_weights[edge.component] - log_total, LARGEST_LOG_RATIO)
        counts = 1.0 if prepared.row_weights is None else prepared.row_weights[rows]
        found[number] = math.fsum((np.exp(logs) * counts).tolist())
    return found
