"""A dataset: named columns of numbers with their roles, and what is known of how they came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.parameters import Array
from engine.wording import counted


@dataclass(frozen=True)
class Truth:
    """The parameters (data's units) from which data were drawn, with the model that they belong to."""

    model: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of observations.

    `values` is (n, d), NaN where a cell is missing. `row_weights` (n,), at least 0, count how often a row
    was seen. `labels` (n,) are codes into `label_names`, -1 where unknown; they colour the truth and are
    never used in fitting.

    `sequences` (n,) are codes into `sequence_names` where the rows are several sequences; `times` (n,) is the column
    `time_name`. Neither is fitted: within a sequence time runs as the rows do.

    Where nothing is known but the covariance matrix of the columns, `covariance` (d, d) holds it, with the number of
    `observations` for its divisor; then there are no rows, and `values` is (0, d).
    """

    name: str
    columns: tuple[str, ...]
    values: Array
    row_weights: Array | None = None
    labels: npt.NDArray[np.int64] | None = None
    label_names: tuple[str, ...] = ()
    truth: Truth | None = None
    note: str = ""
    covariance: Array | None = None
    observations: float = 0.0
    sequences: npt.NDArray[np.int64] | None = None
    sequence_names: tuple[str, ...] = ()
    times: Array | None = None
    time_name: str = ""
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for array in (
            self.values,
            self.row_weights,
            self.labels,
            self.covariance,
            self.sequences,
            self.times,
        ):
            if array is not None:
                array.setflags(write=False)

    @property
    def rows(self) -> int:
        return int(self.values.shape[0])

    @property
    def dimension(self) -> int:
        return int(self.values.shape[1])

    @property
    def total_weight(self) -> float:
        """n: how many rows there are, counted by their weights, or how many observations a matrix is of."""
        if self.covariance is not None:
            return float(self.observations)
        return float(self.rows if self.row_weights is None else np.sum(self.row_weights))

    @property
    def missing(self) -> int:
        """How many cells are missing."""
        if "missing" not in self._cache:
            self._cache["missing"] = int(np.count_nonzero(np.isnan(self.values)))
        return int(self._cache["missing"])

    @property
    def missing_in_words(self) -> str:
        """'3 missing cells in 2 of 9 rows'; '' where none is missing."""
        if not self.missing:
            return ""
        if "incomplete" not in self._cache:
            self._cache["incomplete"] = int(np.count_nonzero(np.any(np.isnan(self.values), axis=1)))
        rows = self._cache["incomplete"]
        return f"{counted(self.missing, 'missing cell')} in {rows} of {counted(self.rows, 'row')}"

    def without_missing(self) -> "Dataset":
        """The complete rows only; raises InputError where none is left."""
        complete = ~np.any(np.isnan(self.values), axis=1)
        if not np.any(complete):
            raise InputError(f"{self.name}: every row has a missing cell; choose other columns.")
        return self.selected(complete)

    def selected(self, rows: npt.NDArray[Any]) -> "Dataset":
        """Some of the rows (a mask or indices), in the same roles."""
        return Dataset(
            self.name,
            self.columns,
            np.ascontiguousarray(self.values[rows]),
            None if self.row_weights is None else self.row_weights[rows],
            None if self.labels is None else self.labels[rows],
            self.label_names,
            self.truth,
            self.note,
            sequences=None if self.sequences is None else self.sequences[rows],
            sequence_names=self.sequence_names,
            times=None if self.times is None else self.times[rows],
            time_name=self.time_name,
        )
