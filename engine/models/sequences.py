"""Rows as sequences in time: which rows belong together, in which order, and what cannot be one."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.parameters import Array, Parameters
from engine.wording import number_text

Places = npt.NDArray[np.intp]


LARGEST_STEP = 1.5
"""In usual steps of time; months and years of days are more even, and a larger step leaves a row out."""


@runtime_checkable
class HiddenStates(Protocol):
    """A model whose rows have hidden states, and are only told from all rows of their sequence."""

    def smoothed(self, prepared: Any, parameters: Parameters) -> Array:
        """Probabilities (K, n) of the states given the whole sequence, in the order of the data's rows."""

    def most_probable_path(self, prepared: Any, parameters: Parameters) -> Places:
        """The states (n,), from 0, that together are the most probable (Viterbi)."""


def rows_by_sequence(dataset: Dataset) -> tuple[Places, Places]:
    """The rows (n,), sequence after sequence as they first appear, and the sequences' lengths (S,)."""
    if dataset.sequences is None:
        return np.arange(dataset.rows), np.array([dataset.rows])
    codes, firsts, counts = np.unique(dataset.sequences, return_index=True, return_counts=True)
    by_appearance = np.argsort(firsts)
    rank = np.empty(len(codes), dtype=np.intp)
    rank[by_appearance] = np.arange(len(codes))
    numbers = rank[np.searchsorted(codes, dataset.sequences)]
    return np.argsort(numbers, kind="stable"), counts[by_appearance]


def check_sequences(dataset: Dataset, model: str) -> None:
    """Raises InputError for row weights, and where time does not rise from row to row of a sequence, or rises unevenly."""
    if dataset.row_weights is not None:
        raise InputError(
            f"{dataset.name}: the rows of a sequence follow each other, so none can count several times in {model}; "
            "leave the row weights out."
        )
    times = dataset.times
    if times is None:
        return
    missing = np.flatnonzero(~np.isfinite(times))
    if missing.size:
        raise InputError(
            f"{dataset.name}: row {missing[0] + 1} of the time column {dataset.time_name!r} is missing; fill it in or "
            "leave that row out."
        )
    rows, lengths = rows_by_sequence(dataset)
    steps = np.diff(times[rows])
    steps[np.cumsum(lengths)[:-1] - 1] = np.nan
    for wrong in np.flatnonzero(steps <= 0)[:1]:
        told = _step(dataset, rows[wrong], rows[wrong + 1])
        if steps[wrong] == 0:
            several = "sequences" if dataset.sequences is None else "rows of a sequence"
            raise InputError(
                f"{told}; where there are several {several} at a time, name the column that tells them apart "
                "(--sequence-column), else leave one out."
            )
        within = "" if dataset.sequences is None else " within each sequence"
        raise InputError(f"{told}; sort the rows by time{within}.")
    usual = float(np.nanmedian(steps)) if np.any(np.isfinite(steps)) else np.inf
    for wrong in np.flatnonzero(steps > LARGEST_STEP * usual)[:1]:
        raise InputError(
            f"{_step(dataset, rows[wrong], rows[wrong + 1])}, where a step is usually {number_text(usual, 3)}; {model} "
            "takes rows as equally spaced: put in the missing ones (of a state space with empty cells), or leave the "
            "time column out."
        )


def _step(dataset: Dataset, before: int, after: int) -> str:
    assert dataset.times is not None
    here, there = (number_text(float(dataset.times[row]), 6) for row in (before, after))
    return f"{dataset.name}: row {after + 1} has {dataset.time_name} = {there} after {here}"


def in_data_order(values: Array, rows: Places) -> Array:
    """Columns (K, n) that stand for these rows (n,) of the data, in the data's order."""
    found = np.empty_like(values)
    found[:, rows] = values
    return found
