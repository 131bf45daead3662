"""Models that can begin at given places among the rows: what the starts that choose such places need of them."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from engine.parameters import Array, Parameters


class FromCentres(ABC):
    """A model with components, or states, that can be put at places of the data's columns; inherited beside `Model`.

    Its prepared data have `columns` (d, n) in frame units and `row_weights` (n,) or None.
    """

    @property
    @abstractmethod
    def components(self) -> int:
        """How many places are wanted."""

    @abstractmethod
    def from_centres(self, prepared: Any, centres: Array, spread: Array) -> Parameters:
        """Parameters with the given centres (K, d) and variances `spread` (d,), in frame units."""


def filled_with_means(columns: Array) -> Array:
    """Columns (d, n) whose missing cells have the mean of what is there; the very same where nothing is missing."""
    missing = np.isnan(columns)
    if not missing.any():
        return columns
    return np.where(missing, np.nanmean(columns, axis=1, keepdims=True), columns)
