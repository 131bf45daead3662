"""What several models refuse of a person's data, each in one sentence."""

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError, MissingCells


def place_of_column(dataset: Dataset, setting: str, name: str) -> int:
    """Where the column stands that a setting of the model names; raises InputError where there is none so called."""
    if name not in dataset.columns:
        raise InputError(
            f"[model]: {setting} = {name!r} is no column of {dataset.name}; its columns are "
            f"{', '.join(dataset.columns)}."
        )
    return dataset.columns.index(name)


def refuse_constant_columns(dataset: Dataset, because: str) -> None:
    """Raises InputError where a column has one value only in all rows that count; `because` ends the sentence."""
    seen = dataset.values if dataset.row_weights is None else dataset.values[dataset.row_weights > 0]
    for column, name in enumerate(dataset.columns):
        if np.nanmin(seen[:, column]) == np.nanmax(seen[:, column]):
            raise InputError(f"{dataset.name}: column {name!r} is constant, so {because}; leave it out.")


def refuse_infinite_cells(dataset: Dataset) -> None:
    """Raises InputError, with the row and the column, where a cell is infinite."""
    infinite = np.isinf(dataset.values)
    if np.any(infinite):
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"{dataset.name}: row {row + 1} of column {dataset.columns[column]!r} is infinite; correct it."
        )


def refuse_empty_columns(dataset: Dataset) -> None:
    """Raises InputError, with its name, where a column has no value in any row that counts."""
    seen = dataset.values if dataset.row_weights is None else dataset.values[dataset.row_weights > 0]
    for column, name in enumerate(dataset.columns):
        if np.isnan(seen[:, column]).all():
            raise InputError(f"{dataset.name}: column {name!r} has no value in any row; leave it out.")


def refuse_missing_cells(dataset: Dataset, model: str) -> None:
    """Raises MissingCells, with how many there are, where cells are missing that the model called so cannot use."""
    if dataset.missing:
        raise MissingCells(
            f"{dataset.name} has {dataset.missing_in_words}, which {model} cannot use; drop those rows "
            "(--drop-missing) or choose other columns."
        )
