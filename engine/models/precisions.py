"""Precision matrices and log-determinants of a stack of covariance matrices, by Cholesky."""

from typing import NamedTuple

import numpy as np

from engine.parameters import Array

ADJUGATE_SIGNS = np.array([1.0, -1.0, -1.0, 1.0])


class Precisions(NamedTuple):
    """Inverses (m, d, d), or (m, d) of variances, and log-determinants (m,) of m covariances."""

    precision: Array
    log_determinant: Array


def precisions_of(covariances: Array, smallest_pivot: float) -> Precisions | None:
    """Of (m, d, d) covariances; None where a squared pivot of a Cholesky factor is not above `smallest_pivot`.

    The quadratic form as a product with features needs the precision itself. In one and two dimensions it
    is written down in closed form, with the pivots of Cholesky's algorithm (Golub & Van Loan 2013, 4.2.5).
    """
    m, d = covariances.shape[:2]
    if d > 2:
        return _by_cholesky(covariances, smallest_pivot)
    flat = covariances.reshape(m, d * d)
    first = flat[:, 0]
    if not first.min() > smallest_pivot:
        return None
    if d == 1:
        return Precisions(1.0 / covariances, np.log(first))
    determinant = first * flat[:, 3] - flat[:, 1] * flat[:, 1]
    if not (determinant / first).min() > smallest_pivot:
        return None
    precision = flat[:, ::-1] * ADJUGATE_SIGNS
    precision /= determinant[:, None]
    return Precisions(precision.reshape(m, 2, 2), np.log(determinant))


def _by_cholesky(covariances: Array, smallest_pivot: float) -> Precisions | None:
    try:
        factor = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return None
    pivots = np.diagonal(factor, axis1=-2, axis2=-1)
    smallest = pivots.min()
    if not smallest * smallest > smallest_pivot:
        return None
    inverse = np.linalg.solve(factor, np.broadcast_to(np.eye(factor.shape[-1]), factor.shape))
    return Precisions(inverse.transpose(0, 2, 1) @ inverse, 2.0 * np.log(pivots).sum(axis=1))


def precisions_of_variances(variances: Array, smallest: float) -> Precisions | None:
    """Of axis-parallel covariances, their variances (m, d); None where one is not above `smallest`."""
    if not variances.min() > smallest:
        return None
    return Precisions(1.0 / variances, np.log(variances).sum(axis=1))
