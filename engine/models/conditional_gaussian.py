"""What is missing of Gaussian rows, given what is there.

Little & Rubin (2002), Statistical Analysis with Missing Data, section 11.2; Ghahramani & Jordan (1994), Supervised
learning from incomplete data via an EM approach, NIPS 6, 120-127.
"""

from typing import NamedTuple

import numpy as np

from engine.models.gaussian_moments import Moments, Places
from engine.models.precisions import Precisions, precisions_of_factors
from engine.parameters import Array


class Conditional(NamedTuple):
    """The laws of d columns under P patterns, each with o of them there, for K components (or one that all share).

    `order` (P, d) are the columns with those that are there first. `known` (P, K, o, o) are the Cholesky factors of
    their covariances; what is missing has the expectation mu_m + regression (x_o - mu_o), with `regression`
    (P, K, d - o, o), and the covariance `spread` (P, K, d - o, d - o).
    """

    order: Places
    known: Array
    regression: Array
    spread: Array

    def precisions(self) -> list[Precisions]:
        """Of the columns that are there, under each pattern."""
        patterns, k, size = self.known.shape[:3]
        every = precisions_of_factors(self.known.reshape(patterns * k, size, size))
        assert every.factor is not None
        assert every.whitening is not None
        arrays = (every.precision, every.log_determinant, every.factor, every.whitening)
        places = [slice(first, first + k) for first in range(0, patterns * k, k)]
        return [Precisions(*(each[place] for each in arrays)) for place in places]


def conditional(covariances: Array, observed: Places) -> Conditional:
    """From covariances (K, d, d) and columns (P, o) that are there; raises LinAlgError where one is not positive definite.

    With the columns that are there first, Sigma = LL' has all of it: the regression is L_mo L_oo^-1, and what it
    leaves is L_mm L_mm'.
    """
    (patterns, size), d = observed.shape, covariances.shape[-1]
    absent = np.ones((patterns, d), dtype=bool)
    np.put_along_axis(absent, observed, False, axis=1)
    order = np.concatenate((observed, np.nonzero(absent)[1].reshape(patterns, d - size)), axis=1)
    factor = np.linalg.cholesky(covariances[:, order[:, :, None], order[:, None, :]].swapaxes(0, 1))
    known, across, left = factor[..., :size, :size], factor[..., size:, :size], factor[..., size:, size:]
    regression = np.linalg.solve(known.swapaxes(-1, -2), across.swapaxes(-1, -2)).swapaxes(-1, -2)
    return Conditional(order, np.asarray(known), np.asarray(regression), left @ left.swapaxes(-1, -2))


def completed(law: Conditional, found: Moments) -> Moments:
    """Expected moments about the means, (K,), (K, d), (K, d, d), of the rows of all patterns together.

    From those of the columns that are there: (P, K), (P, K, o) and (P, K, o, o).
    """
    missing_first = (law.regression @ found.first[..., None])[..., 0]
    across = law.regression @ found.second
    missing_second = across @ law.regression.swapaxes(-1, -2) + found.counts[..., None, None] * law.spread
    first = np.concatenate((found.first, missing_first), axis=-1)
    upper = np.concatenate((found.second, across.swapaxes(-1, -2)), axis=-1)
    second = np.concatenate((upper, np.concatenate((across, missing_second), axis=-1)), axis=-2)
    # Back from each pattern's order of the columns; indices on both sides of a slice put it last.
    place, pattern = np.argsort(law.order, axis=1), np.arange(len(law.order))
    firsts = first[pattern[:, None], :, place]
    seconds = second[pattern[:, None, None], :, place[:, :, None], place[:, None, :]]
    summed = np.add.reduce(seconds).transpose(2, 0, 1)
    symmetric = 0.5 * (summed + summed.transpose(0, 2, 1))
    return Moments(np.add.reduce(found.counts), np.add.reduce(firsts).T, symmetric)


def completed_by_axis(observed: Places, variances: Array, found: Moments) -> Moments:
    """The same where covariances are parallel to the axes, with variances (K, d): each column for itself.

    `observed` is (P, o), and the second moments are those by axis: (P, K, o).
    """
    counts, k, d = found.counts, *variances.shape
    first, second = np.zeros((len(observed), k, d)), counts[..., None] * variances
    np.put_along_axis(first, observed[:, None, :], found.first, axis=2)
    np.put_along_axis(second, observed[:, None, :], found.second, axis=2)
    return Moments(np.add.reduce(counts), np.add.reduce(first), np.add.reduce(second))
