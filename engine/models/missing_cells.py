"""Rows with missing cells, grouped by the columns that they have, so that an E step works group by group."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from engine.models.base import Frame, Units
from engine.models.mixture import STORED_FEATURE_BYTES, MixturePrepared, Places, block_edges
from engine.parameters import Array, Parameters

PATTERNS_AT_ONCE = 256
"""So many patterns are completed together: enough to hide the interpreter, few enough for the memory."""


@runtime_checkable
class Imputation(Protocol):
    """A model that can tell what it expects where a cell is missing."""

    def imputed(self, parameters: Parameters, columns: Array) -> tuple[Array, Array]:
        """Expected values and standard deviations (d, m) of the cells of columns (d, m), NaN where missing.

        All in frame units; a cell that is there is itself, with a deviation of 0.
        """


@dataclass(frozen=True, eq=False)
class Pattern:
    """The rows (m,), as places among all rows, in which the columns `observed` (o,) are there and no other."""

    observed: Places
    rows: Places


def patterns_of(columns: Array) -> list[Pattern]:
    """The rows of columns (d, n), NaN where missing, by which of their cells are there; each pattern's rows in order."""
    there = ~np.isnan(columns)
    if not there.shape[1]:
        return []
    packed = np.ascontiguousarray(np.packbits(there, axis=0).T)
    codes = packed.view(np.dtype((np.void, packed.shape[1]))).ravel() if packed.shape[1] > 1 else packed[:, 0]
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    return [Pattern(np.flatnonzero(there[:, place]), rows) for place, rows in zip(first, groups, strict=True)]


@dataclass(frozen=True, eq=False)
class Piece:
    """One block of the rows of a pattern, as data of their own with only the columns that are there.

    `pattern` is its place among the patterns.
    """

    pattern: int
    prepared: MixturePrepared


class Batch(NamedTuple):
    """Patterns with as many columns each: their places (P,) among all, and the columns `observed` (P, o)."""

    patterns: tuple[int, ...]
    observed: Places


@dataclass(frozen=True, eq=False, kw_only=True)
class IncompletePrepared(MixturePrepared):
    """Data with missing cells: NaN in `columns`, and once more as pieces without any.

    `piece_of` and `place_in` (n,) tell of each row which piece has it, and where. Patterns of which no row counts
    are left out; their rows are in piece -1.
    """

    patterns: tuple[Pattern, ...]
    pieces: tuple[Piece, ...]
    piece_of: Places
    place_in: Places

    def parts(self, units: Units) -> Sequence[tuple[Piece, Units]]:
        """The pieces that hold these rows, each with the rows' places in it; None means all of its rows."""
        if units is None:
            return [(piece, None) for piece in self.pieces]
        counting = units[self.piece_of[units] >= 0]
        if not counting.size:
            return []
        where = self.piece_of[counting]
        order = np.argsort(where, kind="stable")
        present, first = np.unique(where[order], return_index=True)
        places = np.split(self.place_in[counting][order], first[1:])
        return [(self.pieces[index], each) for index, each in zip(present, places, strict=True)]

    @cached_property
    def every_batch(self) -> list[Batch]:
        """All patterns, by how many columns they have: what every E step over all rows needs."""
        return self.batches(range(len(self.patterns)))

    def batches(self, among: Iterable[int]) -> list[Batch]:
        """Some of the patterns, by how many columns they have."""
        by_size: dict[int, list[int]] = {}
        for index in sorted(among):
            by_size.setdefault(self.patterns[index].observed.size, []).append(index)
        batches = []
        for size, found in sorted(by_size.items()):
            for first in range(0, len(found), PATTERNS_AT_ONCE):
                some = tuple(found[first : first + PATTERNS_AT_ONCE])
                observed = np.array([self.patterns[index].observed for index in some]).reshape(
                    len(some), size
                )
                batches.append(Batch(some, observed.astype(np.intp)))
        return batches


def in_patterns(
    prepared: MixturePrepared, feature_count: Callable[[int], int], by_product: Callable[[int], bool]
) -> IncompletePrepared:
    """Data with missing cells, with their rows sorted into pieces.

    `feature_count` and `by_product` tell of a number of columns what `MixturePrepared` has to know of them. The
    log-likelihood of a row is that of the cells that it has, and so is what it lacks to that of the data's units.
    """
    counts = prepared.row_weights
    found = patterns_of(prepared.columns)
    patterns = tuple(each for each in found if counts is None or counts[each.rows].any())
    piece_of, place_in = np.full(prepared.units, -1), np.zeros(prepared.units, dtype=np.intp)
    log_scale, kept = np.log(prepared.frame.scale), 0
    pieces: list[Piece] = []
    for index, pattern in enumerate(patterns):
        observed = pattern.observed
        frame = Frame(prepared.frame.centre[observed], prepared.frame.scale[observed])
        count, product = feature_count(observed.size), by_product(observed.size)
        width = max(1, count if product else observed.size)
        edges = block_edges(pattern.rows.size, width, prepared.components)
        for first, last in itertools.pairwise(edges):
            rows = pattern.rows[first:last]
            columns = np.ascontiguousarray(prepared.columns[observed[:, None], rows])
            columns.setflags(write=False)
            row_weights = None if counts is None else counts[rows]
            weight = float(rows.size if row_weights is None else np.sum(row_weights))
            kept += 8 * count * rows.size
            piece_of[rows], place_in[rows] = len(pieces), np.arange(rows.size)
            part = MixturePrepared(
                prepared.dataset,
                frame,
                rows.size,
                weight,
                -weight * float(np.sum(log_scale[observed])),
                columns,
                row_weights,
                (0, rows.size),
                prepared.features,
                count,
                product,
                components=prepared.components,
                keeps_features=kept <= STORED_FEATURE_BYTES,
                first_block=len(pieces),
            )
            pieces.append(Piece(index, part))
    shared = {each.name: getattr(prepared, each.name) for each in dataclasses.fields(MixturePrepared)}
    shared["log_jacobian"] = sum(piece.prepared.log_jacobian for piece in pieces)
    return IncompletePrepared(
        **shared, patterns=patterns, pieces=tuple(pieces), piece_of=piece_of, place_in=place_in
    )
