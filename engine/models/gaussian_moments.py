"""Sufficient statistics of Gaussian components: from sums about the origin to moments about the means.

The sums of a component are [sum r, sum r z, sum r zz'], with the upper triangle of zz' row by row, or only
its diagonal where the covariance is parallel to the axes.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from engine.models.exact_sums import Pair, exactly
from engine.parameters import Array

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Packing:
    """How second moments of d columns are packed: entry p belongs to the columns rows[p] and cols[p].

    `square` are the packed places of a whole matrix, row by row; `upper` the places of the packed entries
    in a flat (d, d) matrix. `halves` (P,) are the factors with which a precision's entries make -z'Pz / 2;
    `diagonal` (d d,) is 1 where a flat matrix has its diagonal, else 0.
    """

    rows: Places
    cols: Places
    square: Places
    upper: Places

    @cached_property
    def halves(self) -> Array:
        return np.where(self.rows == self.cols, -0.5, -1.0)

    @cached_property
    def diagonal(self) -> Array:
        return np.eye(int(self.rows[-1]) + 1).reshape(-1)


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


@dataclass(frozen=True, eq=False)
class Stack:
    """Where K full covariances and means stand in flat arrays, entry by entry.

    In steps on few points the number of numpy's calls is everything, and a `take` followed by an operation on
    arrays of one shape costs a third of the same operation by broadcasting.

    In flat statistics (K, F): `count` (K,) of each component, `own_count` (K F,) of each entry's component,
    `means` (K d,), `squares` (K d d,) of whole second moments, `mean_rows` and `mean_cols` (K d d,) of the
    first moments that belong to their rows and columns. In flat means (K, d): `rows` and `cols` (K d d,). In
    counts (K,): `by_mean` (K d,) and `by_square` (K d d,). In flat matrices (K, d, d): `transposed`.
    """

    count: Places
    own_count: Places
    means: Places
    squares: Places
    mean_rows: Places
    mean_cols: Places
    rows: Places
    cols: Places
    by_mean: Places
    by_square: Places
    transposed: Places


@cache
def stack(components: int, dimension: int) -> Stack:
    """The places for this many components and columns."""
    k, d, packed = components, dimension, packing(dimension, False)
    size = 1 + d + packed.rows.size
    first = np.arange(k)[:, None] * size
    axes, pairs = np.arange(d), np.arange(d * d)
    i, j = pairs // d, pairs % d
    return Stack(
        count=first.ravel(),
        own_count=np.repeat(first.ravel(), size),
        means=(first + 1 + axes).ravel(),
        squares=(first + 1 + d + packed.square).ravel(),
        mean_rows=(first + 1 + i).ravel(),
        mean_cols=(first + 1 + j).ravel(),
        rows=(np.arange(k)[:, None] * d + i).ravel(),
        cols=(np.arange(k)[:, None] * d + j).ravel(),
        by_mean=np.repeat(np.arange(k), d),
        by_square=np.repeat(np.arange(k), d * d),
        transposed=(np.arange(k)[:, None] * d * d + j * d + i).ravel(),
    )


def quadratic_features(columns: Array, axis_parallel: bool, out: Array | None = None) -> Array:
    """[1, z, zz'] of columns (d, m), packed: (F, m), in `out` where it is given."""
    d, m = columns.shape
    packed = packing(d, axis_parallel)
    features = np.empty((1 + d + packed.rows.size, m)) if out is None else out
    features[0] = 1.0
    features[1 : 1 + d] = columns
    if axis_parallel:
        np.multiply(columns, columns, out=features[1 + d :])
        return features
    place = 1 + d
    for i in range(d):
        # Row i of the packed triangle: column i times itself and all that follow it.
        np.multiply(columns[i], columns[i:], out=features[place : place + d - i])
        place += d - i
    return features


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Counts (K,), first moments (K, d) and second moments about the means that were asked for.

    The second moments are (K, d, d), or (K, d) where they are parallel to the axes.
    """

    counts: Array
    first: Array
    second: Array


def total(moments: list[Moments]) -> Moments:
    """Moments of several groups of rows together, all about the same means."""
    first, *others = moments
    for each in others:
        first = Moments(first.counts + each.counts, first.first + each.first, first.second + each.second)
    return first


def moments_about(statistics: Array, means: Array, axis_parallel: bool) -> Moments:
    """Sums about the origin, flat as a model stores them, moved to `means` (K, d).

    Where the statistics carry what rounding took from them, it is used: then nothing cancels.
    """
    k, d = means.shape
    table, rest = statistics.reshape(2, k, -1)
    if np.count_nonzero(rest):
        return _moved(Pair(table, rest), means, axis_parallel)
    if not axis_parallel:
        return _moments_of_stack(table.reshape(-1), means)
    counts, sums, packed = table[:, 0], table[:, 1 : 1 + d], table[:, 1 + d :]
    first = sums - counts[:, None] * means
    return Moments(counts, first, packed - means * (sums + first))


def sums_of(found: Moments, means: Array, axis_parallel: bool) -> Array:
    """Sums (K, F) about the origin, from moments about means (K, d): the reverse of `moments_about`."""
    d = means.shape[1]
    counts = found.counts[:, None]
    sums = found.first + counts * means
    if axis_parallel:
        return np.concatenate((counts, sums, found.second + means * (sums + found.first)), axis=1)
    packed = packing(d, False)
    rows, cols = packed.rows, packed.cols
    # sum r zz' = sum r (z - m)(z - m)' + m (sum r z)' + (sum r (z - m)) m', entry by entry.
    second = found.second.reshape(-1, d * d)[:, packed.upper]
    second = second + means[:, rows] * sums[:, cols] + found.first[:, rows] * means[:, cols]
    return np.concatenate((counts, sums, second), axis=1)


def _moments_of_stack(sums: Array, means: Array) -> Moments:
    """sum r (z - m)(z - m)' = sum r zz' - m h' - h m' with h = sum r z - n m / 2: symmetric to the last digit."""
    k, d = means.shape
    places, centres = stack(k, d), means.reshape(-1)
    counts, of_mean = sums.take(places.count), sums.take(places.means)
    shift = counts.take(places.by_mean) * centres
    half = of_mean - 0.5 * shift
    cross = centres.take(places.rows) * half.take(places.cols)
    cross += centres.take(places.cols) * half.take(places.rows)
    second = sums.take(places.squares) - cross
    return Moments(counts, (of_mean - shift).reshape(k, d), second.reshape(k, d, d))


def averages_of(sums: Array, components: int, dimension: int) -> tuple[Array, Array, Array]:
    """Counts (K,), means (K, d) and covariances (K, d, d) about them, from flat sums (K F,) without an empty one."""
    places = stack(components, dimension)
    averages = sums / sums.take(places.own_count)
    covariances = averages.take(places.squares)
    covariances -= averages.take(places.mean_rows) * averages.take(places.mean_cols)
    shape = (components, dimension, dimension)
    return sums.take(places.count), averages.take(places.means).reshape(shape[:2]), covariances.reshape(shape)


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


def weighted_sums(columns: Array, weights: Array, axis_parallel: bool, scratch: Array | None = None) -> Array:
    """The sums (F,) of weights (m,), of w z and of w zz', packed, over columns (d, m).

    `scratch` (d, m) is memory for what comes between; without it new memory is used.
    """
    weighted = np.multiply(columns, weights, out=scratch)
    if axis_parallel:
        second = np.einsum("ij,ij->i", weighted, columns)
    else:
        second = (weighted @ columns.T).reshape(-1).take(packing(len(columns), False).upper)
    count = np.add.reduce(weights, keepdims=True)
    return np.concatenate((count, np.add.reduce(weighted, axis=1), second))


def sums_about_origin(centred: Array, responsibilities: Array, mean: Array, axis_parallel: bool) -> Pair:
    """The sums (F,) of one component, from its columns (d, m) centred at its mean (d,), to 32 digits."""
    return moved_to_origin(weighted_sums(centred, responsibilities, axis_parallel), mean, axis_parallel)


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
