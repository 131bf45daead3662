"""Gaussian factors behind one Gaussian: their posterior, the moments of t = [1, x, z], and what is solved from those.

x = mean + loadings z + noise, with q standard normal factors z and the noise of each of the p columns its own. All that
an E step has to add up is the sum of w t t', (1 + p + q) square; of [1, x] it is the data's own.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.parameters import Array

SMALLEST_PIVOT = 1e-14
"""A squared pivot of the covariance (frame units) at or below this is rounding: the matrix is singular."""


def degrees_of_freedom(columns: int, factors: int) -> int:
    """((p - q)^2 - (p + q)) / 2: covariances less parameters (Lawley & Maxwell 1971, section 2.3)."""
    return ((columns - factors) ** 2 - (columns + factors)) // 2


@dataclass(frozen=True, slots=True, eq=False)
class FactorPosterior:
    """What the parameters alone say of the factors.

    `factor` (p, p) is the Cholesky factor of Sigma = loadings loadings' + noise, `weights` (q, p) are those of the
    factors' means, m(x) = weights (x - mean), and `covariance` (q, q) is theirs about it.
    """

    factor: Array
    weights: Array
    covariance: Array

    @property
    def log_determinant(self) -> float:
        """log |Sigma|."""
        return 2.0 * float(np.sum(np.log(np.diagonal(self.factor))))

    def solve(self, right: Array) -> Array:
        """Sigma^-1 times a matrix (p, m)."""
        return np.asarray(np.linalg.solve(self.factor.T, np.linalg.solve(self.factor, right)))


def factor_posterior(loadings: Array, noise: Array) -> FactorPosterior | None:
    """From loadings (p, q) and variances (p,); None where Sigma is not positive definite."""
    try:
        factor = np.linalg.cholesky(loadings @ loadings.T + np.diag(noise))
    except np.linalg.LinAlgError:
        return None
    if not np.min(np.diagonal(factor)) ** 2 > SMALLEST_PIVOT:
        return None
    half = np.linalg.solve(factor, loadings)
    weights = np.asarray(np.linalg.solve(factor.T, half).T)
    return FactorPosterior(np.asarray(factor), weights, np.eye(loadings.shape[1]) - half.T @ half)


def gram(columns: Array, row_weights: Array | None) -> Array:
    """The sum (1 + p, 1 + p) of w [1, x][1, x]' over columns (p, m)."""
    p, m = columns.shape
    weighted = columns if row_weights is None else columns * row_weights
    found = np.empty((1 + p, 1 + p))
    found[0, 0] = m if row_weights is None else np.sum(row_weights)
    found[0, 1:] = found[1:, 0] = np.sum(weighted, axis=1)
    second = weighted @ columns.T
    found[1:, 1:] = 0.5 * (second + second.T)
    return found


def completed(observed: Array, mean: Array, weights: Array, crossed: Array | None, squared: Array) -> Array:
    """The moments of t from those of [1, x], with factors at weights (x - mean) plus e.

    `crossed` (1 + p, q) is the sum of w [1, x] e', None where it is 0, and `squared` (q, q) that of w e e'.
    """
    size, q = len(observed), len(weights)
    means = weights @ np.column_stack((-mean, np.eye(len(mean))))
    moments = np.empty((size + q, size + q))
    beside = observed @ means.T
    own = means @ beside + squared
    if crossed is not None:
        around = means @ crossed
        beside, own = beside + crossed, own + around + around.T
    moments[:size, :size] = observed
    moments[:size, size:], moments[size:, :size] = beside, beside.T
    moments[size:, size:] = 0.5 * (own + own.T)
    return moments


class Regression(NamedTuple):
    """Moments of t as the regression of x on y = [1, z] wants them.

    `rows` is n, `square` (1 + q, 1 + q) the sum of y y', `cross` (p, 1 + q) that of x y', `own` (p,) that of x^2.
    """

    rows: float
    square: Array
    cross: Array
    own: Array

    def lines(self, present: Array, moving: list[int]) -> Array | None:
        """Coefficients (p, 1 + q) of [1, z], those in `moving` at their best given the others; None without any data."""
        if not moving:
            return present
        rest = [place for place in range(len(self.square)) if place not in moving]
        target = self.cross[:, moving] - present[:, rest] @ self.square[np.ix_(rest, moving)]
        solved = solved_by_cholesky(self.square[np.ix_(moving, moving)], target.T)
        if solved is None:
            return None
        found = np.array(present)
        found[:, moving] = solved.T
        return found

    def residuals(self, lines: Array) -> Array:
        """The sums of (x_j - line_j' y)^2, (p,)."""
        sums = self.own + np.sum(lines * (lines @ self.square - 2.0 * self.cross), axis=1)
        return np.asarray(np.maximum(sums, 0.0))


def regression(moments: Array, columns: int) -> Regression:
    """The moments of t (1 + p + q, 1 + p + q), with p columns."""
    regressors = np.r_[0, 1 + columns : len(moments)]
    return Regression(
        float(moments[0, 0]),
        moments[np.ix_(regressors, regressors)],
        moments[1 : 1 + columns, regressors],
        np.diagonal(moments)[1 : 1 + columns],
    )


def score(moments: Array, mean: Array, found: FactorPosterior) -> tuple[Array, Array]:
    """The slopes of the log-likelihood in the mean (p,) and, along symmetric matrices, twice that in Sigma (p, p).

    With P = Sigma^-1 and C the sum of w (x - mean)(x - mean)': P times the sum of w (x - mean), and P C P - n P. By
    Fisher's identity that is Q's slope; with the exact posterior's moments multiplied out only those of x are left,
    and there is no division by the noise.
    """
    p = len(mean)
    rows, first = float(moments[0, 0]), moments[0, 1 : 1 + p]
    apart = first - rows * mean
    about = moments[1 : 1 + p, 1 : 1 + p] - np.outer(mean, first) - np.outer(apart, mean)
    excess = 0.5 * (about + about.T) - rows * (found.factor @ found.factor.T)
    return found.solve(apart[:, None])[:, 0], found.solve(found.solve(excess).T)


def complete_score(given: Regression, lines: Array, noise: Array) -> tuple[Array, Array]:
    """Q's own slopes in the coefficients (p, 1 + q) and the variances (p,)."""
    slopes = (given.cross - lines @ given.square) / noise[:, None]
    return slopes, 0.5 * (given.residuals(lines) / noise - given.rows) / noise


def score_covariance(
    observed: Array, mean: Array, loadings: Array, noise: Array, found: FactorPosterior
) -> Array:
    """The sum over rows of w times the posterior's covariance of the complete data's score.

    Square, over the coefficients (p, 1 + q) of [1, z], flat, and then the noise (p,); `observed` are the moments of
    [1, x]. With z = m(x) + e and r what m(x) leaves of x, a column's score is

        [1, z] (r - l'e) / psi    and    ((r - l'e)^2 - psi) / (2 psi^2),

    polynomials in e of degree two whose coefficients are linear in x; so the moments of [1, x] are all that it takes,
    and of e the second and fourth ones (of odd degree all are 0).
    """
    p, q = loadings.shape
    centring = np.column_stack((-mean, np.eye(p)))
    means = found.weights @ centring
    regressors = np.vstack((np.eye(1, 1 + p), means))
    left = centring - loadings @ means
    of_y, of_both, of_left = (
        one @ observed @ other.T
        for one, other in ((regressors, regressors), (regressors, left), (left, left))
    )
    spread, rows = found.covariance, float(observed[0, 0])
    along = loadings @ spread
    overlap = along @ loadings.T
    table = np.zeros((p, 1 + q, p, 1 + q))
    table += np.einsum("ab,jk->jakb", of_y, overlap)
    mixed = np.einsum("ak,jb->jakb", of_both, along)
    table[:, :, :, 1:] -= mixed
    table[:, 1:, :, :] -= mixed.transpose(2, 3, 0, 1)
    table[:, 1:, :, 1:] += np.einsum("jk,ab->jakb", of_left, spread)
    table[:, 1:, :, 1:] += rows * (
        np.einsum("jk,ab->jakb", overlap, spread) + np.einsum("ka,jb->jakb", along, along)
    )
    table /= noise[:, None, None, None] * noise[:, None]
    beside = np.einsum("ak,jk->jak", of_both, overlap)
    beside[:, 1:] -= np.einsum("jk,ka->jak", of_left, along) + rows * np.einsum("jk,ka->jak", overlap, along)
    beside /= noise[:, None, None] * np.square(noise)
    own = (of_left * overlap + 0.5 * rows * np.square(overlap)) / np.outer(np.square(noise), np.square(noise))
    size = p * (1 + q)
    whole = np.empty((size + p, size + p))
    whole[:size, :size] = table.reshape(size, size)
    whole[:size, size:] = beside.reshape(size, p)
    whole[size:, :size] = whole[:size, size:].T
    whole[size:, size:] = own
    return 0.5 * (whole + whole.T)


def expected_moments(mean: Array, loadings: Array, noise: Array) -> Array:
    """E[t t'] at the parameters."""
    p, q = loadings.shape
    centre = np.concatenate(([1.0], mean, np.zeros(q)))
    table = np.outer(centre, centre)
    table[1 : 1 + p, 1 : 1 + p] += loadings @ loadings.T + np.diag(noise)
    table[1 : 1 + p, 1 + p :] += loadings
    table[1 + p :, 1 : 1 + p] += loadings.T
    table[1 + p :, 1 + p :] += np.eye(q)
    return table


def solved_by_cholesky(matrix: Array, right: Array) -> Array | None:
    """The solution of a positive-definite system; None where the matrix is not positive definite."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.linalg.solve(factor.T, np.linalg.solve(factor, right)))
