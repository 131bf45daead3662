"""Precision matrices and log-determinants of a stack of covariance matrices, by Cholesky."""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.parameters import Array, leading_minors


class Precisions(NamedTuple):
    """Inverses (m, d, d), or (m, d) of variances, and log-determinants (m,) of m covariances.

    `factor` (m, d, d) are the Cholesky factors L where the way to the inverses went through them, and
    `whitening` (m, d, d) their inverses.
    """

    precision: Array
    log_determinant: Array
    factor: Array | None = None
    whitening: Array | None = None


def precisions_of(covariances: Array, smallest_pivot: float) -> Precisions | None:
    """Of (m, d, d) covariances; None where a squared pivot of a Cholesky factor is not above `smallest_pivot`.

    The quadratic form as a product with features needs the precision itself. In one and two dimensions it
    is written down in closed form, with the pivots of Cholesky's algorithm (Golub & Van Loan 2013, 4.2.5).
    """
    m, d = covariances.shape[:2]
    if d > 2:
        return _by_cholesky(covariances, smallest_pivot)
    first, *rest = leading_minors(covariances)
    # A loop in Python over a few numbers takes a third of the time of numpy's minimum; a NaN is not above either.
    if not all(each > smallest_pivot for each in first.tolist()):
        return None
    if not rest:
        return Precisions(1.0 / covariances, np.log(first))
    (determinant,) = rest
    if not all(each > smallest_pivot for each in (determinant / first).tolist()):
        return None
    places, signs = _adjugates(m)
    precision = covariances.reshape(-1).take(places)
    precision *= signs / determinant.repeat(4)
    return Precisions(precision.reshape(m, 2, 2), np.log(determinant))


@cache
def _adjugates(matrices: int) -> tuple[npt.NDArray[np.intp], Array]:
    """Places in flat (m, 2, 2) matrices, and signs, that turn them into their adjugates."""
    places = (4 * np.arange(matrices)[:, None] + np.array([3, 1, 2, 0])).ravel()
    return places, np.tile([1.0, -1.0, -1.0, 1.0], matrices)


def _by_cholesky(covariances: Array, smallest_pivot: float) -> Precisions | None:
    try:
        factor = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return None
    smallest = np.diagonal(factor, axis1=-2, axis2=-1).min()
    return precisions_of_factors(np.asarray(factor)) if smallest * smallest > smallest_pivot else None


def precisions_of_factors(factor: Array) -> Precisions:
    """From Cholesky factors (m, d, d) of covariances."""
    pivots = np.diagonal(factor, axis1=-2, axis2=-1)
    inverse = np.linalg.solve(factor, np.broadcast_to(np.eye(factor.shape[-1]), factor.shape))
    precision = inverse.transpose(0, 2, 1) @ inverse
    return Precisions(precision, 2.0 * np.log(pivots).sum(axis=1), factor, np.asarray(inverse))


def precisions_of_variances(variances: Array, smallest: float) -> Precisions | None:
    """Of axis-parallel covariances, their variances (m, d); None where one is not above `smallest`."""
    if not variances.min() > smallest:
        return None
    return Precisions(1.0 / variances, np.log(variances).sum(axis=1))
