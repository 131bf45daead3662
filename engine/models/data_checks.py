"""What several models refuse of a person's data, each in one sentence."""

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError, MissingCells
from engine.wording import counted


def refuse_constant_columns(dataset: Dataset, because: str) -> None:
    """Raises InputError where a column has one value only in all rows that count; `because` ends the sentence."""
    seen = dataset.values if dataset.row_weights is None else dataset.values[dataset.row_weights > 0]
    for column, name in enumerate(dataset.columns):
        if np.min(seen[:, column]) == np.max(seen[:, column]):
            raise InputError(f"{dataset.name}: column {name!r} is constant, so {because}; leave it out.")


def refuse_infinite_cells(dataset: Dataset) -> None:
    """Raises InputError, with the row and the column, where a cell is infinite."""
    infinite = np.isinf(dataset.values)
    if np.any(infinite):
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"{dataset.name}: row {row + 1} of column {dataset.columns[column]!r} is infinite; correct it."
        )


def refuse_missing_cells(dataset: Dataset, model: str) -> None:
    """Raises MissingCells, with how many there are, where cells are missing that the model called so cannot use."""
    if dataset.missing:
        rows = int(np.count_nonzero(np.any(np.isnan(dataset.values), axis=1)))
        raise MissingCells(
            f"{dataset.name} has {counted(dataset.missing, 'missing cell')} in {rows} of {dataset.rows} rows, which "
            f"{model} cannot use; drop those rows (--drop-missing) or choose other columns."
        )
