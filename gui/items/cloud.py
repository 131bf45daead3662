"""The rows of a scene as they are drawn: which of them, where, and how much each counts."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.models.missing_cells import patterns_of
from engine.parameters import Array
from gui.items.viewport import same_projection
from gui.scene import Scene

MOST_ROWS = 1_000_000
"""More rows than this change no pixel of a density image that one could see."""
JITTER = 0.3
LARGEST_CODE = 2**62


@dataclass(frozen=True, eq=False)
class Cloud:
    """`positions` (m, p) on the canvas of the rows `rows` (m,), each counting `weights` (m,) (None: 1).

    `whole` is true where they are all the dataset's rows in their order, `distinct` where rows that are
    alike became one (counts), `total` is how many of the dataset's rows lack no coordinate.
    """

    positions: Array
    rows: npt.NDArray[np.intp]
    weights: Array | None
    total: int
    whole: bool
    distinct: bool

    def __len__(self) -> int:
        return len(self.rows)


class CloudKeeper:
    """Keeps the cloud while data and projection stay, whatever happens to the start."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._cloud: Cloud | None = None

    def cloud(self, scene: Scene) -> Cloud:
        """The cloud of a scene; the same object as long as it has not changed."""
        known = self._scene
        if (
            self._cloud is None
            or known is None
            or known.dataset is not scene.dataset
            or holds_counts(known) != holds_counts(scene)
            or not same_projection(scene.projection, known.projection)
        ):
            self._cloud = cloud_of(scene)
        self._scene = scene
        return self._cloud


def holds_counts(scene: Scene) -> bool:
    """Whether the model is one of counts, whose rows stand on a lattice."""
    return scene.model.holds_counts


def cloud_of(scene: Scene) -> Cloud:
    """The finite rows of a scene, at most `MOST_ROWS`, spread evenly over the file; counts made distinct."""
    weights = scene.dataset.row_weights
    total = all_rows = scene.dataset.rows
    rows = np.arange(all_rows) if all_rows <= MOST_ROWS else _spread(all_rows, MOST_ROWS)
    positions = scene.points if all_rows <= MOST_ROWS else scene.points[rows]
    if scene.dataset.missing:
        total -= len(lacking_a_coordinate(scene))
    if not np.isfinite(positions).all():
        finite = np.all(np.isfinite(positions), axis=1)
        rows, positions = rows[finite], positions[finite]
    shown = None if weights is None else weights[rows]
    if holds_counts(scene):
        found = _distinct(scene.dataset.values[rows])
        if found is not None:
            first, place = found
            counted = np.bincount(place, shown, minlength=len(first))
            positions = _apart(scene, np.asarray(positions[first]))
            return Cloud(positions, rows[first], counted.astype(float), total, False, True)
    return Cloud(np.asarray(positions), rows, shown, total, len(rows) == all_rows, False)


def lacking_a_coordinate(scene: Scene) -> npt.NDArray[np.intp]:
    """The rows of a scene in which a cell is missing that is seen on the canvas."""
    if not scene.dataset.missing:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(functools.reduce(np.logical_or, (np.isnan(each) for each in scene.points.T)))


def evenly(places: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """At most so many of some places, spread evenly."""
    count = len(places)
    return places if count <= most else places[np.arange(most) * count // most]


def in_few_patterns(columns: Array, most: int) -> npt.NDArray[np.intp]:
    """Places of those rows of columns (d, m) that have one of the `most` commonest sets of cells.

    What a model finds of rows with missing cells takes as long as there are different sets of them.
    """
    commonest = sorted(patterns_of(columns), key=lambda each: -each.rows.size)[:most]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.intp), *(each.rows for each in commonest)]))


def relative_sizes(weights: Array | None, chosen: npt.NDArray[np.intp]) -> Array | None:
    """How wide some rows are drawn, their area growing with their weight; None where all count alike."""
    if weights is None or not np.any(weights > 0):
        return None
    usual = float(np.median(weights[weights > 0]))
    return np.clip(np.sqrt(weights[chosen] / usual), 0.5, 2.5)


def grouped(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}".replace(",", "\u00a0")


def _spread(total: int, wanted: int) -> npt.NDArray[np.intp]:
    """One row at random from each of `wanted` equal stretches: a fixed stride could hit a period of the data."""
    edges = np.arange(wanted + 1) * total // wanted
    draws = np.random.Generator(np.random.Philox(0)).random(wanted)
    return np.asarray(edges[:-1] + (draws * np.diff(edges)).astype(np.intp))


def _distinct(values: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None:
    """First place of each distinct row of counts (n, d), and which one each row is; None if too wide to code."""
    codes = np.zeros(len(values), dtype=np.int64)
    size = 1
    for column in values.T:
        radix = int(np.max(column, initial=0.0)) + 1
        size *= radix
        if size > LARGEST_CODE:
            return None
        codes = codes * radix + column.astype(np.int64)
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    return first, place


def _apart(scene: Scene, positions: Array) -> Array:
    """Different rows that fall on the same place (other columns tell them apart) moved a little, always alike."""
    if scene.dataset.dimension <= 2 or len(np.unique(positions, axis=0)) == len(positions):
        return positions
    generator = np.random.Generator(np.random.Philox(1))
    return np.asarray(positions + JITTER * (2 * generator.random(positions.shape) - 1))
