"""Mixtures as a textbook writes them: log space, one component at a time, in extended precision.

Slow and plain on purpose: nothing here is shared with the engine that it checks. Extended precision
(`numpy.longdouble`, 64 bits of mantissa on most machines) keeps the textbook's own rounding out of the way.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Extended = npt.NDArray[np.longdouble]


def extended(values: Any) -> Extended:
    return np.asarray(values, dtype=np.longdouble)


def cholesky(matrix: Extended) -> Extended:
    """Lower factor of a positive-definite (d, d) matrix, row by row (Golub & Van Loan 2013, 4.2.5)."""
    d = len(matrix)
    factor = np.zeros((d, d), dtype=np.longdouble)
    for i in range(d):
        for j in range(i + 1):
            rest = matrix[i, j] - np.sum(factor[i, :j] * factor[j, :j])
            factor[i, j] = np.sqrt(rest) if i == j else rest / factor[j, j]
    return factor


def gaussian_log_density(x: Extended, mean: Extended, covariance: Extended) -> Extended:
    """log N(x_i; mean, covariance) for the rows of x (n, d)."""
    factor = cholesky(covariance)
    d = len(mean)
    whitened: list[Extended] = []
    for i in range(d):
        rest = x[:, i] - mean[i]
        for j in range(i):
            rest = rest - factor[i, j] * whitened[j]
        whitened.append(rest / factor[i, i])
    square = sum((each * each for each in whitened), extended(np.zeros(len(x))))
    log_determinant = 2 * sum(np.log(factor[i, i]) for i in range(d))
    log_two_pi = np.log(2 * extended(math.pi))
    return extended(-(square + log_determinant + d * log_two_pi) / 2)


def poisson_log_density(x: Extended, rates: Extended) -> Extended:
    """sum_j log Poisson(x_ij; rate_j) for the rows of x (n, d)."""
    factorials = extended([[math.lgamma(count + 1) for count in row] for row in x.astype(float)])
    return extended(np.sum(x * np.log(rates) - rates - factorials, axis=1))


@dataclass(frozen=True)
class Posterior:
    """The log-likelihood and the responsibilities (n, K)."""

    log_likelihood: float
    responsibilities: Extended


def log_densities(x: Any, parameters: Mapping[str, Any]) -> Extended:
    """log f_k(x_i), (n, K), for Gaussian (means, covariances) or Poisson (rates) components.

    With weights alone the components are known, and x holds their densities.
    """
    rows = extended(x)
    if set(parameters) == {"weights"}:
        return extended(np.log(rows))
    if "rates" in parameters:
        columns = [poisson_log_density(rows, extended(rates)) for rates in parameters["rates"]]
    else:
        columns = [
            gaussian_log_density(rows, extended(mean), extended(covariance))
            for mean, covariance in zip(parameters["means"], parameters["covariances"], strict=True)
        ]
    return np.stack(columns, axis=1)


def e_step(x: Any, parameters: Mapping[str, Any], row_weights: Any = None) -> Posterior:
    """Log-likelihood and responsibilities, each row's largest term taken out of its sum."""
    with np.errstate(divide="ignore"):
        joint = log_densities(x, parameters) + np.log(extended(parameters["weights"]))
    highest = np.max(joint, axis=1)
    log_total = highest + np.log(np.sum(np.exp(joint - highest[:, None]), axis=1))
    counted = np.ones(len(joint)) if row_weights is None else np.asarray(row_weights)
    return Posterior(float(np.sum(extended(counted) * log_total)), np.exp(joint - log_total[:, None]))


def m_step(
    x: Any,
    responsibilities: Extended,
    before: Mapping[str, Any],
    row_weights: Any = None,
    hold: tuple[str, ...] = (),
    covariance: str = "full",
    floor: float = 0.0,
) -> dict[str, Any]:
    """Weighted proportions, means and covariances (or rates); what is in `hold` stays as it was."""
    rows = extended(x)
    n, d = rows.shape
    counted = extended(np.ones(n) if row_weights is None else row_weights)
    shares = responsibilities * counted[:, None]
    counts = np.sum(shares, axis=0)
    after: dict[str, Any] = {name: extended(values) for name, values in before.items()}
    if "weights" not in hold:
        after["weights"] = counts / np.sum(counts)
    if set(before) == {"weights"}:
        return after
    averages = extended([np.sum(shares[:, [k]] * rows, axis=0) / counts[k] for k in range(len(counts))])
    if "rates" in before:
        if "rates" not in hold:
            after["rates"] = averages
        return after
    if "means" not in hold:
        after["means"] = averages
    if "covariances" in hold:
        return after
    scatters = []
    for k in range(len(counts)):
        centred = rows - after["means"][k]
        scatters.append(
            extended(
                [[np.sum(shares[:, k] * centred[:, i] * centred[:, j]) for j in range(d)] for i in range(d)]
            )
        )
    centred = rows - np.sum(counted[:, None] * rows, axis=0) / np.sum(counted)
    spread = np.sqrt(np.sum(counted[:, None] * centred**2, axis=0) / np.sum(counted))
    if covariance == "tied":
        matrices = [sum(scatters) / np.sum(counts)] * len(counts)
    else:
        matrices = [scatter / count for scatter, count in zip(scatters, counts, strict=True)]
    after["covariances"] = extended([_shaped(matrix, covariance, spread, floor) for matrix in matrices])
    return after


def _shaped(matrix: Extended, covariance: str, spread: Extended, floor: float) -> Extended:
    """A scatter matrix as the covariance type wants it, raised to the floor (share of the columns' variances)."""
    d = len(matrix)
    if covariance == "spherical":
        variance = sum(matrix[i, i] for i in range(d)) / d
        ball: Extended = np.eye(d) * max(variance, floor * np.max(spread) ** 2)
        return ball
    if covariance == "diagonal":
        return extended(np.diag([max(matrix[i, i], floor * spread[i] ** 2) for i in range(d)]))
    if floor == 0:
        return matrix
    standardised = matrix / np.outer(spread, spread)
    eigenvalues, vectors = np.linalg.eigh(standardised.astype(float))
    clipped = (vectors * np.maximum(eigenvalues, floor)) @ vectors.T
    raised: Extended = extended(clipped) * np.outer(spread, spread)
    return raised
