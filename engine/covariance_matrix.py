"""A table of numbers that is the covariance or correlation matrix of its columns."""

from dataclasses import replace

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.parameters import Array, frozen
from engine.wording import number_text

ASYMMETRY = 1e-6
"""Entries that mirror each other may differ by this, relative to the deviations of their columns: printed digits."""

SMALLEST_EIGENVALUE = 1e-10
"""A correlation matrix is positive definite where its smallest eigenvalue is above this."""


def covariance_dataset(table: Dataset, observations: float, columns: tuple[str, ...] = ()) -> Dataset:
    """The dataset of which a table (d rows, d columns) is the covariance or correlation matrix.

    `observations` is the number n that its sums of squares were divided by. `columns` chooses some by name, in that
    order, rows and columns alike. Raises InputError where it is no such matrix, with the cell that is wrong.
    """
    name, d = table.name, table.dimension
    if observations < 2:
        raise InputError(
            f"{name} is given as a covariance matrix, but not of how many observations; say it (--observations 112)."
        )
    if table.rows != d:
        raise InputError(
            f"{name} has {table.rows} rows and {d} columns of numbers; a covariance matrix has as many of either."
        )
    _refuse_another_order(table)
    matrix = table.values
    if not np.all(np.isfinite(matrix)):
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise InputError(f"{_cell(table, row, column)} is no number; a covariance matrix is given whole.")
    variances = np.diagonal(matrix)
    if np.min(variances) <= 0:
        worst = int(np.argmin(variances))
        raise InputError(
            f"{_cell(table, worst, worst)} is {number_text(variances[worst])}; a variance must be above 0."
        )
    deviations = np.sqrt(variances)
    correlations = matrix / np.outer(deviations, deviations)
    apart = np.abs(correlations - correlations.T)
    row, column = np.unravel_index(int(np.argmax(apart)), apart.shape)
    if apart[row, column] > ASYMMETRY:
        raise InputError(
            f"{_cell(table, row, column)} is {number_text(matrix[row, column], 6)}, but its mirror image is "
            f"{number_text(matrix[column, row], 6)}; a covariance matrix is symmetric."
        )
    chosen = _places(table, columns)
    symmetric = (0.5 * (matrix + matrix.T))[np.ix_(chosen, chosen)]
    _refuse_indefinite(name, symmetric)
    return replace(
        table,
        columns=tuple(table.columns[place] for place in chosen),
        values=np.empty((0, len(chosen))),
        labels=None,
        label_names=(),
        note=f"A covariance matrix of {number_text(observations, 12)} observations.",
        covariance=frozen(symmetric),
        observations=float(observations),
        _cache={},
    )


def _places(table: Dataset, columns: tuple[str, ...]) -> list[int]:
    for wanted in columns:
        if wanted not in table.columns:
            raise InputError(
                f"{table.name} has no column {wanted!r}; its columns are {', '.join(table.columns)}."
            )
        if columns.count(wanted) > 1:
            raise InputError(f"Column {wanted!r} of {table.name} is chosen twice; name it once.")
    return [table.columns.index(each) for each in columns or table.columns]


def _refuse_another_order(table: Dataset) -> None:
    """The rows may be named too; then they are named as the columns are."""
    if table.labels is None or np.min(table.labels) < 0:
        return
    names = tuple(table.label_names[code] for code in table.labels.tolist())
    if names != table.columns and sorted(names) == sorted(table.columns):
        raise InputError(
            f"{table.name}: the rows are named {', '.join(names)}, but the columns {', '.join(table.columns)}; put them "
            "in one order."
        )


def _refuse_indefinite(name: str, matrix: Array) -> None:
    deviations = np.sqrt(np.diagonal(matrix))
    smallest = float(np.linalg.eigvalsh(matrix / np.outer(deviations, deviations))[0])
    if smallest <= SMALLEST_EIGENVALUE:
        raise InputError(
            f"{name} is not positive definite: the smallest eigenvalue of its correlations is "
            f"{number_text(smallest)}. No data have such a covariance matrix unless columns depend on each other; "
            "leave one of those out."
        )


def _cell(table: Dataset, row: int | np.intp, column: int | np.intp) -> str:
    return f"{table.name}: row {int(row) + 1} of column {table.columns[int(column)]!r}"
