"""The Kalman filter and the disturbance smoother of a level that moves, and of a level with a slope that moves.

A series is y_t = level_t + noise, where the level steps at random from row to row, and where there is a slope goes up
by it, which steps at random too. Nothing is known of where a sequence begins: its first level and slope are unknown
numbers with a flat prior (de Jong 1991, Ann. Statist. 19, 1073-1083), so the filter carries, beside what it says for a
first state of 0, how that would change with each of these numbers.

How the variances of the filter go on does not depend on the data, and settles after a few dozen rows: only until
then, and anew after a missing row, a loop goes from row to row. With the gains known everything else is linear, and
solved as one banded triangular system for all sequences at once, by LAPACK.

Durbin & Koopman (2012), Time Series Analysis by State Space Methods, chapters 4 and 5; Koopman (1993), Biometrika 80,
117-126, for the disturbance smoother, which needs no inverse of a variance and so no variance above 0.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.models.posterior import LOG_TWO_PI
from engine.parameters import Array

Places = npt.NDArray[np.intp]

SETTLED = 4.0 * float(np.finfo(float).eps)
"""A variance of the filter that changes by no more than this share of itself from row to row stays as it is."""


@dataclass(frozen=True, eq=False)
class Series:
    """Sequences one after the other: `values` (n,), 0 where not `seen` (n,), and which rows begin one, `begins` (S,)."""

    values: Array
    seen: npt.NDArray[np.bool_]
    begins: Places

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def ends(self) -> Places:
        """The last row of each sequence."""
        return np.append(self.begins[1:], self.rows) - 1


@dataclass(frozen=True, eq=False)
class Smoothed:
    """What the whole of its sequence says of each row.

    `log_likelihood` is that of the data, the first states integrated over. `noise` (n,) are the expected observation
    errors, 0 where missing, and `steps` (n, m) the expected disturbances from a row to the next, 0 at the end of a
    sequence; `scores` (1 + m,) are the derivatives of the log-likelihood in the variance of the noise and in those of
    the disturbances. `states` (n, m) are the expected levels and slopes and `variances` (n, m) theirs.
    """

    log_likelihood: float
    noise: Array
    steps: Array
    scores: Array
    states: Array
    variances: Array


@dataclass(frozen=True, eq=False)
class System:
    """The gains of the filter on sequences with these variances, and what is solved with them.

    `gains` (n, m), `precisions` (n,) of the innovations, 0 where nothing was seen, and `covariances` (n, m, m) of the
    predicted state, given the first.
    """

    series: Series
    noise: float
    disturbances: tuple[float, ...]
    gains: Array
    precisions: Array
    covariances: Array

    @property
    def order(self) -> int:
        """How many numbers a state has."""
        return len(self.disturbances)

    @cached_property
    def leads(self) -> Array:
        """(n, m, m): what becomes of a predicted state's error from a row to the next, 0 at the end of a sequence."""
        found = np.broadcast_to(
            np.triu(np.ones((self.order, self.order))), (self.series.rows, *[self.order] * 2)
        )
        found = np.array(found)
        found[:, :, 0] -= self.gains
        found[self.series.ends] = 0.0
        return found

    @cached_property
    def band(self) -> Array:
        """The states' system: x_t+1 = lead_t x_t + what is new."""
        return _band(-self.leads)

    def predicted(self, values: Array) -> Array:
        """(n, m, 1 + m): predicted states for a first state of 0, and their derivatives in the first state."""
        series, m = self.series, self.order
        new = np.zeros((series.rows, m, 1 + m))
        new[1:, :, 0] = (self.gains * values[:, None])[:-1]
        new[series.begins] = 0.0
        new[series.begins, :, 1:] = np.eye(m)
        return _solved(self.band, new.reshape(-1, 1 + m), "N").reshape(new.shape)

    @cached_property
    def uncertainty(self) -> Array:
        """(n, m, m): by what the covariance of each row's predicted state falls, P N P, once all rows are known."""
        pairs = _lower_pairs(self.order)
        maps = np.stack(
            [np.stack([_turned(self.leads, row, entry) for entry in pairs], axis=-1) for row in pairs],
            axis=-2,
        )
        new = np.zeros((self.series.rows, len(pairs)))
        new[:, 0] = self.precisions
        found = _solved(_band(-np.swapaxes(maps, 1, 2)), new.reshape(-1, 1), "T").reshape(new.shape)
        whole = np.empty((self.series.rows, self.order, self.order))
        for place, (i, j) in enumerate(pairs):
            whole[:, i, j] = whole[:, j, i] = found[:, place]
        return whole

    def smoothed(self, values: Array) -> Smoothed:
        """The disturbance smoother on other values (n,) than the series' own, or on those."""
        series, m, precisions = self.series, self.order, self.precisions
        states = self.predicted(values)
        errors = np.where(series.seen, values, 0.0)[:, None] * np.eye(1, 1 + m) - states[:, 0]
        errors[~series.seen] = 0.0
        # Of the innovation v0 - V delta: its weighted squares give the first states by least squares.
        slopes = -errors[:, 1:]
        weighted = slopes * precisions[:, None]
        information = np.add.reduceat(slopes[:, :, None] * weighted[:, None], series.begins)
        first = np.linalg.solve(
            information, np.add.reduceat(weighted * errors[:, :1], series.begins)[..., None]
        )
        inverse = np.asarray(np.linalg.inv(information))
        lengths = np.diff(np.append(series.begins, series.rows))
        firsts = np.repeat(first[:, :, 0], lengths, axis=0)
        spreads: Array = np.repeat(inverse, lengths, axis=0)
        innovations = errors[:, 0] - np.einsum("ij,ij->i", slopes, firsts)
        # Behind: the cumulant r of all later innovations, and of their slopes in the first state.
        new = np.zeros((series.rows, m, 1 + m))
        new[:, 0, 0], new[:, 0, 1:] = innovations * precisions, weighted
        behind = _solved(self.band, new.reshape(-1, 1 + m), "T").reshape(new.shape)
        ahead = _next(behind, series)
        information_ahead = _next(self.uncertainty, series)
        pulls = new[:, 0] - np.einsum("ni,nij->nj", self.gains, ahead)
        spread = precisions + np.einsum("ni,nij,nj->n", self.gains, information_ahead, self.gains)
        seen = series.seen
        excess = pulls[:, 0] ** 2 + _quadratic(pulls[:, 1:], spreads) - spread
        scores = [0.5 * float(np.sum(excess[seen]))]
        for axis in range(m):
            excess = ahead[:, axis, 0] ** 2 + _quadratic(ahead[:, axis, 1:], spreads)
            # At the end of a sequence there is no step, and both are 0.
            scores.append(0.5 * float(np.sum(excess - information_ahead[:, axis, axis])))
        value = -0.5 * float(np.sum(LOG_TWO_PI - np.log(precisions[seen])))
        value -= 0.5 * float(np.sum(innovations**2 * precisions))
        value += 0.5 * float(np.sum(m * LOG_TWO_PI - np.linalg.slogdet(information)[1]))
        covariances = self.covariances
        means = states[:, :, 0] + np.einsum("nij,nj->ni", states[:, :, 1:], firsts)
        means += np.einsum("nij,nj->ni", covariances, behind[:, :, 0])
        turned = states[:, :, 1:] - covariances @ behind[:, :, 1:]
        left = covariances - covariances @ self.uncertainty @ covariances
        left += turned @ spreads @ np.swapaxes(turned, 1, 2)
        return Smoothed(
            value,
            self.noise * np.where(seen, pulls[:, 0], 0.0),
            np.array(self.disturbances) * ahead[:, :, 0],
            np.array(scores),
            means,
            np.diagonal(left, axis1=1, axis2=2),
        )

    def filtered(self) -> tuple[Array, Array]:
        """Levels (n,) and their variances given each row and those before it in its sequence.

        NaN where those do not tell the first state yet.
        """
        series, precisions = self.series, self.precisions
        states = self.predicted(series.values)
        errors = np.where(series.seen, series.values, 0.0)[:, None] * np.eye(1, 1 + self.order) - states[:, 0]
        errors[~series.seen] = 0.0
        gain = self.covariances[:, 0, 0] * precisions
        updated = states[:, 0] + gain[:, None] * errors
        means, variances = np.full((2, series.rows), np.nan)
        for first, last in zip(series.begins.tolist(), (series.ends + 1).tolist(), strict=True):
            slopes = -errors[first:last, 1:]
            weighted = slopes * precisions[first:last, None]
            information = np.cumsum(slopes[:, :, None] * weighted[:, None], axis=0)
            told = np.flatnonzero(np.cumsum(series.seen[first:last]) >= self.order)
            sums = np.cumsum(weighted * errors[first:last, :1], axis=0)[told]
            spreads = np.asarray(np.linalg.inv(information[told]))
            firsts = (spreads @ sums[:, :, None])[:, :, 0]
            here = updated[first:last][told]
            means[first + told] = here[:, 0] + np.sum(here[:, 1:] * firsts, axis=1)
            left = (self.covariances[first:last, 0, 0] * (1.0 - gain[first:last]))[told]
            variances[first + told] = left + _quadratic(here[:, 1:], spreads)
        return means, variances


def system(series: Series, noise: float, disturbances: tuple[float, ...]) -> System:
    """The filter with the variances of the noise, above 0, and of each disturbance, at least 0."""
    found = (
        _gains_of_level(series, noise, *disturbances)
        if len(disturbances) == 1
        else _gains_of_trend(series, noise, *disturbances)
    )
    return System(series, noise, disturbances, *found)


def _lower_pairs(order: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(order) for j in range(i + 1)]


def _turned(leads: Array, row: tuple[int, int], entry: tuple[int, int]) -> Array:
    """How much of an entry of a symmetric N there is in the entry `row` of L'N L, (n,)."""
    (i, j), (one, other) = row, entry
    found = leads[:, one, i] * leads[:, other, j]
    return found if one == other else found + leads[:, other, i] * leads[:, one, j]


def _band(blocks: Array) -> Array:
    """The unit lower triangular matrix with blocks (n, m, m) below its diagonal blocks, as diagonals (2 m, n m)."""
    rows, order, _ = blocks.shape
    found = np.zeros((2 * order, rows, order))
    found[0] = 1.0
    for i in range(order):
        for j in range(order):
            found[order + i - j, :, j] = blocks[:, i, j]
    return found.reshape(2 * order, -1)


def _solved(band: Array, right: Array, transposed: str) -> Array:
    """The solution of a banded unit triangular system ('N'), or of its transposed ('T')."""
    from scipy.linalg.lapack import dtbtrs  # its import is slow, and other models do without

    found, _ = dtbtrs(band, right, uplo="L", trans=transposed, diag="U")
    return np.asarray(found)


def _next(values: Array, series: Series) -> Array:
    """What stands at the next row of its sequence, 0 at the end."""
    found = np.zeros_like(values)
    found[:-1] = values[1:]
    found[series.ends] = 0.0
    return found


def _quadratic(vectors: Array, matrices: Array) -> Array:
    """v'M v for each row, (n,)."""
    return np.asarray(np.einsum("ni,nij,nj->n", vectors, matrices, vectors))


def _gains_of_level(series: Series, noise: float, level: float) -> tuple[Array, Array, Array]:
    rows = series.rows
    variances = np.zeros(rows)
    for first, last in zip(series.begins.tolist(), (series.ends + 1).tolist(), strict=True):
        here, seen = 0.0, series.seen[first:last].tolist()
        place = 0
        while place < last - first:
            variances[first + place] = here
            total = here + noise
            following = (here * noise / total if seen[place] and total > 0 else here) + level
            place += 1
            if seen[place - 1] and abs(following - here) <= SETTLED * following:
                # Settled: it stays until a row is missing.
                until = place
                while until < last - first and seen[until]:
                    until += 1
                variances[first + place : first + until] = following
                place = until
            here = following
    totals = variances + noise
    with np.errstate(divide="ignore"):
        precisions = np.where(series.seen, 1.0 / totals, 0.0)
    return (variances * precisions)[:, None], precisions, variances[:, None, None]


def _gains_of_trend(series: Series, noise: float, level: float, slope: float) -> tuple[Array, Array, Array]:
    rows = series.rows
    table = np.zeros((rows, 3))
    for first, last in zip(series.begins.tolist(), (series.ends + 1).tolist(), strict=True):
        a, b, c = 0.0, 0.0, 0.0
        seen, place = series.seen[first:last].tolist(), 0
        while place < last - first:
            table[first + place] = a, b, c
            total = a + noise
            if seen[place] and total > 0:
                # After the row: what is left of the variances of level and slope.
                kept_a, kept_b, kept_c = a * noise / total, b * noise / total, c - b * b / total
            else:
                kept_a, kept_b, kept_c = a, b, c
            following = (kept_a + 2.0 * kept_b + kept_c + level, kept_b + kept_c, kept_c + slope)
            change = abs(following[0] - a) + abs(following[1] - b) + abs(following[2] - c)
            was_seen, (a, b, c) = seen[place], following
            place += 1
            if was_seen and change <= SETTLED * (a + c):
                until = place
                while until < last - first and seen[until]:
                    until += 1
                table[first + place : first + until] = a, b, c
                place = until
    covariances = table[:, [0, 1, 1, 2]].reshape(rows, 2, 2)
    totals = covariances[:, 0, 0] + noise
    with np.errstate(divide="ignore"):
        precisions = np.where(series.seen, 1.0 / totals, 0.0)
    gains = covariances[:, :, 0] * precisions[:, None]
    # The slope carries the level on.
    gains[:, 0] += gains[:, 1]
    return gains, precisions, covariances
