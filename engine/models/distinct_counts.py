"""Rows of whole numbers that are alike, counted together without sorting them."""

import math

import numpy as np

from engine.parameters import Array, frozen

FEWER = 0.5
"""Rows are counted together where at most this share of their number could be different."""


def distinct_counts(columns: Array, row_weights: Array | None) -> tuple[Array, Array] | None:
    """The different columns (d, m) of columns (d, n) of whole numbers, and how often each counts (m,).

    None where there could be more different ones than pays: then nobody has looked.
    """
    lows = np.min(columns, axis=1)
    sizes = np.max(columns, axis=1) - lows + 1.0
    rows = columns.shape[1]
    if float(np.sum(np.log(sizes))) > math.log(max(1.0, FEWER * rows)):
        return None
    shape = tuple(int(size) for size in sizes.tolist())
    places = np.ravel_multi_index(tuple((columns - lows[:, None]).astype(np.intp)), shape)
    counts = np.bincount(places, row_weights, math.prod(shape)).astype(np.float64)
    seen = np.flatnonzero(counts)
    different = np.array(np.unravel_index(seen, shape), dtype=np.float64) + lows[:, None]
    return frozen(different), frozen(counts[seen])
