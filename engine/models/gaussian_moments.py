"""Sufficient statistics of Gaussian components: from sums about the origin to moments about the means.

The sums of a component are [sum r, sum r z, sum r zz'], with the upper triangle of zz' row by row, or only
its diagonal where the covariance is parallel to the axes.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from engine.models.exact_sums import Pair, exactly
from engine.parameters import Array

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Packing:
    """How second moments of d columns are packed: entry p belongs to the columns rows[p] and cols[p].

    `square` are the packed places of a whole matrix, row by row; `upper` the places of the packed entries
    in a flat (d, d) matrix.
    """

    rows: Places
    cols: Places
    square: Places
    upper: Places


@cache
def packing(dimension: int, axis_parallel: bool) -> Packing:
    """The packing of second moments for this many columns."""
    if axis_parallel:
        axes = np.arange(dimension)
        return Packing(axes, axes, axes, axes * (dimension + 1))
    rows, cols = np.triu_indices(dimension)
    square = np.empty((dimension, dimension), dtype=np.intp)
    square[rows, cols] = square[cols, rows] = np.arange(rows.size)
    return Packing(rows, cols, square.ravel(), rows * dimension + cols)


def quadratic_features(columns: Array, axis_parallel: bool) -> Array:
    """[1, z, zz'] of columns (d, m), packed: (F, m)."""
    d, m = columns.shape
    packed = packing(d, axis_parallel)
    features = np.empty((1 + d + packed.rows.size, m))
    features[0] = 1.0
    features[1 : 1 + d] = columns
    for place, (i, j) in enumerate(zip(packed.rows, packed.cols, strict=True), start=1 + d):
        np.multiply(columns[i], columns[j], out=features[place])
    return features


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Counts (K,), first moments (K, d) and second moments about the means that were asked for.

    The second moments are (K, d, d), or (K, d) where they are parallel to the axes.
    """

    counts: Array
    first: Array
    second: Array


def moments_about(statistics: Array, means: Array, axis_parallel: bool) -> Moments:
    """Sums about the origin, flat as a model stores them, moved to `means` (K, d).

    Where the statistics carry what rounding took from them, it is used: then nothing cancels.
    """
    k, d = means.shape
    table, rest = statistics.reshape(2, k, -1)
    if rest.any():
        return _moved(Pair(table, rest), means, axis_parallel)
    counts, sums, packed = table[:, 0], table[:, 1 : 1 + d], table[:, 1 + d :]
    shift = counts[:, None] * means
    first = sums - shift
    if axis_parallel:
        return Moments(counts, first, packed - means * (sums + first))
    second = packed[:, packing(d, False).square].reshape(k, d, d)
    # Half of n m m' with each of the two products: the rounded sum is then symmetric, as the precisions need it.
    cross = means[:, :, None] * (sums - 0.5 * shift)[:, None, :]
    second -= cross + cross.transpose(0, 2, 1)
    return Moments(counts, first, second)


def _moved(table: Pair, means: Array, axis_parallel: bool) -> Moments:
    k, d = means.shape
    packed = packing(d, axis_parallel)
    counts, sums = table[:, :1], table[:, 1 : 1 + d]
    first = sums - counts.times(means)
    rows, cols = means[:, packed.rows], means[:, packed.cols]
    # sum r (z - m)(z - m)' = sum r zz' - m (sum r z)' - (sum r (z - m)) m', entry by entry.
    second = table[:, 1 + d :] - sums[:, packed.cols].times(rows) - first[:, packed.rows].times(cols)
    shape = (k, d) if axis_parallel else (k, d, d)
    return Moments(counts.value[:, 0], first.value, second.value[:, packed.square].reshape(shape))


def sums_about_origin(centred: Array, responsibilities: Array, mean: Array, axis_parallel: bool) -> Pair:
    """The sums (F,) of one component, from its columns (d, m) centred at its mean (d,), to 32 digits."""
    return moved_to_origin(quadratic_features(centred, axis_parallel) @ responsibilities, mean, axis_parallel)


def moved_to_origin(about_mean: Array, mean: Array, axis_parallel: bool) -> Pair:
    """The sums (F,) of one component about the origin, from those about a mean (d,), to 32 digits."""
    d = mean.size
    packed = packing(d, axis_parallel)
    count, first = exactly(about_mean[:1]), exactly(about_mean[1 : 1 + d])
    sums = first + count.times(mean)
    rows, cols = mean[packed.rows], mean[packed.cols]
    second = exactly(about_mean[1 + d :]) + sums[packed.cols].times(rows) + first[packed.rows].times(cols)
    return Pair(
        np.concatenate((count.high, sums.high, second.high)),
        np.concatenate((count.low, sums.low, second.low)),
    )
