"""Whole numbers in columns: what is no count is refused, and the logarithms that densities of counts need."""

import math

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.parameters import Array, Parameters
from engine.wording import number_text

LARGEST_COUNT = 2.0**53
"""Beyond this not every whole number is a double."""

LOG_OF_ZERO = -1e30
"""Stands for log 0: times a count of 0 it is exactly 0, times any other count it is impossible."""

FAINT = 1e-200


def refuse_what_is_no_count(dataset: Dataset, model: str) -> None:
    """Raises InputError, with the row and the column, where a value is no whole number of at least 0."""
    for column, name in enumerate(dataset.columns):
        values = dataset.values[:, column]
        wrong = np.flatnonzero((values < 0) | (values != np.floor(values)))
        if wrong.size:
            value = number_text(float(values[wrong[0]]), 6)
            raise InputError(
                f"{dataset.name}: {value} in row {wrong[0] + 1} of column {name!r} is no count; "
                f"{model} needs whole numbers of at least 0."
            )
        if np.max(values) > LARGEST_COUNT:
            raise InputError(
                f"{dataset.name}: {np.max(values):g} in column {name!r} is too large to be a count; "
                "write the column in other units."
            )


def log_with_zero(values: Array) -> Array:
    """log of values of at least 0, and `LOG_OF_ZERO` of 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(np.log(values), LOG_OF_ZERO))


def size_of_counts(columns: Array, row_weights: Array | None) -> float:
    """The sum of x log x over counts in columns (d, n), a row counting by its weight: about that of log x!."""
    sizes = np.einsum("ij,ij->j", columns, np.log(np.maximum(columns, 1.0)))
    return float(np.add.reduce(sizes) if row_weights is None else sizes @ row_weights)


def log_factorial(counts: Array) -> Array:
    """log x!, once for each distinct count."""
    distinct, places = np.unique(counts, return_inverse=True)
    logs = np.array([math.lgamma(count + 1.0) for count in distinct])
    return logs[places].reshape(counts.shape)


def refuse_impossible(needed: Array, probabilities: Array, parameters: Parameters) -> None:
    """Raises UndefinedLikelihood where something is needed, by sums above 0, whose probability is 0.

    So it is where a row is impossible under every component: the log-likelihood is minus infinity there, which an E
    step passes over, and no gradient leads away.
    """
    if np.any((needed > 0) & (probabilities == 0)):
        detail = "a row needs what has a probability of 0 under every component"
        raise UndefinedLikelihood("not-finite", detail, parameters)


def without_faint(sums: Array, whole: Array) -> Array:
    """Sums (K, d), and 0 for those that are no more than what an E step leaves behind of impossible rows.

    `whole` (K, d) or (K, 1) is what a sum is a part of. An E step raises an exponential of less than -700 to that, so
    that a probability of 0 would never be reached, and a sum divided by one close to it would be anything.
    """
    return np.where(sums > FAINT * whole, sums, 0.0)
