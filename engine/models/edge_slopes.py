"""Slopes at the edge of a support, which the sums of an E step do not tell.

Where a probability or a rate is exactly 0, a row that needs it has no share in the component, so the sum by which the
slope is told elsewhere, sum r x / p, is 0/0. Its limit is a sum over rows all the same: of those that hold a single
success, failure or count there, with the density of everything else. It is what says whether a maximum is at the edge,
or a lane only came too close.
"""

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.models.base import Expectation, Units
from engine.models.mixture import LARGEST_LOG_RATIO, Mixture, MixturePrepared, block_edges, widened
from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters


@dataclass(frozen=True, slots=True)
class Edges:
    """The numbers of a block that are at their edges: of the components `components` (E,), at `places` (E,) in the
    flat vector.

    `happened` gives of columns (d, m) how often that occurs which cannot happen at each edge, (E, m). With `stand_in`
    in place of the number the logarithm of what the column gives to the density is `log_factor` of columns, (m,) or one
    number, if it occurs once or never. Towards the inside the density grows by what it is without this column, `paces`
    (E,) times as fast as the number moves: -1 where the inside lies below.
    """

    components: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    stand_ins: Array
    paces: Array
    happened: Callable[[Array], Array]
    log_factor: Callable[[Array], Array | float]


def with_edge_slopes(
    found: Expectation,
    model: Mixture,
    prepared: MixturePrepared,
    parameters: Parameters,
    edges: Edges,
    units: Units,
    workspace: Workspace,
) -> Expectation:
    """What an E step found over these units, with the slopes at the edges.

    For each edge sum_i w_i pi_k f_k(x_i without the column) / f(x_i), over rows in which nothing else is impossible:
    as many products as an E step has, however many edges there are.
    """
    vector = np.array(parameters.vector)
    vector[edges.places] = edges.stand_ins
    vector.setflags(write=False)
    table = model.coefficients(parameters).table
    inside = model.coefficients(Parameters(parameters.layout, vector)).table
    whole, columns, row_weights, blocks = prepared, prepared.columns, prepared.row_weights, prepared.blocks
    if units is None:
        whole = prepared.collapsed or prepared
        columns, row_weights, blocks = whole.columns, whole.row_weights, whole.blocks
    else:
        columns = np.ascontiguousarray(columns[:, units])
        row_weights = None if row_weights is None else row_weights[units]
        bounds = block_edges(len(units), prepared.block_width, model.components)
        blocks = tuple(itertools.pairwise(bounds))
    stored = whole.stored if units is None else None

    def work(index: int) -> Array:
        first, last = blocks[index]
        part = columns[:, first:last]
        features = model.features(part) if stored is None else widened(stored[index], workspace)
        with np.errstate(invalid="ignore"):
            joint = table @ features
        highest = np.max(joint, axis=0)
        log_total = highest + np.log(np.add.reduce(np.exp(joint - highest), axis=0))
        counts = np.ones(last - first) if row_weights is None else row_weights[first:last]
        happened, log_factor = edges.happened(part), edges.log_factor(part)
        slopes = np.zeros(len(edges.places))
        for k in np.unique(edges.components).tolist():
            own = np.flatnonzero(edges.components == k)
            with np.errstate(invalid="ignore"):
                alone = inside[k] @ features - own.size * log_factor - log_total
            alone = np.where(np.isnan(alone), -np.inf, np.minimum(alone, LARGEST_LOG_RATIO))
            # Twice impossible stays impossible, whichever of the two becomes possible.
            once = happened[own] * (np.add.reduce(happened[own], axis=0) == 1.0)
            slopes[own] = once @ (counts * np.exp(alone))
        return slopes

    parts = workspace.over_blocks(work, len(blocks), columns.shape[1])
    slopes = np.zeros(parameters.layout.size)
    slopes[edges.places] = edges.paces * np.add.reduce(parts, axis=0)
    slopes.setflags(write=False)
    return dataclasses.replace(found, edges=slopes)
