"""Columns that are the same in every row, which some models cannot use."""

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError


def refuse_constant_columns(dataset: Dataset, because: str) -> None:
    """Raises InputError where a column has one value only in all rows that count; `because` ends the sentence."""
    seen = dataset.values if dataset.row_weights is None else dataset.values[dataset.row_weights > 0]
    for column, name in enumerate(dataset.columns):
        if np.min(seen[:, column]) == np.max(seen[:, column]):
            raise InputError(f"{dataset.name}: column {name!r} is constant, so {because}; leave it out.")
