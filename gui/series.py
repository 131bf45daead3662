"""Sequences in time as they are drawn: what a model makes of their rows at some parameters. No Qt here."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Model, UndefinedLikelihood
from engine.models.hidden_markov import HiddenMarkov
from engine.models.sequences import rows_by_sequence
from engine.models.state_space import StateSpace
from engine.parameters import Array, Parameters

MOST_ROWS = 400
"""More rows than this do not stand side by side; the first ones are shown."""
ALL_UP_TO = 20_000
ENOUGH_ROWS = 4_000
"""Of data with more rows than `ALL_UP_TO` only so many are looked at, for a picture must not take seconds. What lies so
far behind the rows that are shown says nothing of them any more."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows (m,) of the data that are shown, sequence after sequence, and where each stands in time.

    `times` (m,) rise by 1 from row to row unless the data have one sequence with times of their own; `values` (m,) are
    those of one column, NaN where missing; `begins` are the places where a sequence begins, the first one included.
    `prepared` is the model's form of the data, or of their beginning where that `is_part`.
    """

    prepared: Any
    is_part: bool
    rows: npt.NDArray[np.intp]
    times: Array
    values: Array
    begins: tuple[int, ...]
    time_name: str
    value_name: str
    all_rows: int


@dataclass(frozen=True, eq=False)
class States:
    """Hidden states of the rows shown: probabilities (K, m) given all and given the past, the likeliest path (m,).

    `levels` (K,) are the means of the states in the column shown.
    """

    smoothed: Array
    filtered: Array
    path: npt.NDArray[np.intp]
    levels: Array


@dataclass(frozen=True, eq=False)
class Levels:
    """A level that moves: expectations (m,) given all and given the past, and a standard deviation of the former."""

    smoothed: Array
    deviations: Array
    filtered: Array


def is_drawn_in_time(model: Model) -> bool:
    """Whether the rows of a model are drawn as a series."""
    return isinstance(model, HiddenMarkov | StateSpace)


def rows_shown(model: Model, prepared: Any) -> Rows:
    """The first rows of prepared data of sequences, in their first column."""
    dataset: Dataset = prepared.dataset
    all_rows, is_part = dataset.rows, dataset.rows > ALL_UP_TO
    if is_part:
        dataset = dataset.selected(np.sort(rows_by_sequence(dataset)[0][:ENOUGH_ROWS]))
        prepared = model.prepare(dataset)
    rows, lengths = rows_by_sequence(dataset)
    shown = rows[:MOST_ROWS]
    begins = np.cumsum(lengths) - lengths
    alone = dataset.times is not None and len(lengths) == 1
    times = dataset.times[shown] if alone and dataset.times is not None else np.arange(1.0, len(shown) + 1)
    return Rows(
        prepared,
        is_part,
        shown,
        times,
        dataset.values[shown, 0],
        tuple(begins[begins < len(shown)].tolist()),
        dataset.time_name if alone else "row",
        dataset.columns[0],
        all_rows,
    )


def in_time(model: Model, parameters: Parameters, shown: Rows) -> States | Levels | None:
    """What the model makes of the rows shown; None where these parameters have no likelihood."""
    prepared = shown.prepared
    try:
        if shown.is_part:
            # The part has a frame of its own.
            parameters = model.accept(prepared, model.describe(parameters), approximate=True)
        if isinstance(model, HiddenMarkov):
            described = model.describe(parameters)
            levels = described["means" if "means" in described else "rates"][:, 0]
            smoothed, filtered = model.smoothed(prepared, parameters), model.filtered(prepared, parameters)
            path = model.most_probable_path(prepared, parameters)
            return States(smoothed[:, shown.rows], filtered[:, shown.rows], path[shown.rows], levels)
        assert isinstance(model, StateSpace)
        level, deviations = model.smoothed(prepared, parameters)
        so_far, _ = model.filtered(prepared, parameters)
        return Levels(level[shown.rows], deviations[shown.rows], so_far[shown.rows])
    except (UndefinedLikelihood, InputError, np.linalg.LinAlgError):
        return None
