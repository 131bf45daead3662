"""What every data story shares."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.parameters import Array
from engine.settings import setting

# Stories that draw block by block give other points with other blocks, so this is part of what a seed means.
ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class DataStory(ABC):
    """Where a dataset comes from: settings, and `generate`."""

    name: ClassVar[str]
    formula: ClassVar[str] = ""
    """LaTeX, one display a line; '' where words are enough."""
    try_it: ClassVar[str] = ""
    """One sentence that says what to try in the window; '' where there is nothing special."""
    suits: ClassVar[tuple[str, ...]] = ("gaussian-mixture", "student-t-mixture")
    """Names of the models that the story is meant for; none means any that its data can be fitted to."""

    @abstractmethod
    def generate(self) -> Dataset:
        """The dataset; the same settings always give the same one, bit for bit."""

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        """Sections of an experiment ('model', 'start') that show the story at its best; may be empty."""
        return {}


@dataclass(frozen=True)
class GeneratedStory(DataStory):
    """A story that draws its points: it has a size and a seed."""

    size: int = setting(
        600,
        label="Points",
        help="How many points are drawn.",
        minimum=1,
        maximum=10_000_000,
        logarithmic=True,
    )
    seed: int = setting(
        0,
        label="Seed",
        help="Another seed draws other points from the same story.",
        minimum=0,
        maximum=2**31 - 1,
    )

    def generator(self) -> np.random.Generator:
        """The counter-based generator (Philox) that this story's seed names."""
        return np.random.Generator(np.random.Philox(self.seed))


def with_default(name: str, default: int) -> Any:
    """The field `name` of `GeneratedStory` ('size' or 'seed') once more, with another default."""
    inherited = {each.name: each for each in dataclasses.fields(GeneratedStory)}[name]
    return dataclasses.field(default=default, metadata=inherited.metadata)


def row_blocks(size: int) -> Iterator[slice]:
    """Slices that cover `size` rows in order, short enough for temporary arrays to stay small."""
    for start in range(0, size, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, size))


def draw_labels(generator: np.random.Generator, size: int, weights: Array) -> npt.NDArray[np.int64]:
    """Component codes (size,), each drawn with the probabilities `weights` (K,), which may hold zeros."""
    cumulative = np.cumsum(weights)
    # The last bound must be exactly 1, or rounding could hand a row to a component of weight 0.
    cumulative /= cumulative[-1]
    labels = np.empty(size, dtype=np.int64)
    for rows in row_blocks(size):
        labels[rows] = np.searchsorted(cumulative, generator.random(rows.stop - rows.start), side="right")
    return labels
