"""What every way of writing a block shares, and the chart that writes all blocks of a lane."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.errors import CannotRun
from engine.parameters import (
    Array,
    Block,
    Layout,
    Parameters,
    Positive,
    PositiveDefinite,
    Real,
    Support,
    Variance,
)


@dataclass(frozen=True)
class Coordinates(ABC):
    """Writes a constrained block as a vector for an optimiser, and reads it back.

    `supports` are the supports that it can write. `keeps_support`: every vector reads as a block inside
    the support. `reaches_boundary`: some finite vector reads as a block on the support's boundary.
    """

    name: ClassVar[str]
    formula: ClassVar[str] = ""
    """LaTeX, one display a line; '' where words are enough."""
    try_it: ClassVar[str] = ""
    """One sentence that says what to try in the window; '' where there is nothing special."""
    supports: ClassVar[tuple[type[Support], ...]]
    keeps_support: ClassVar[bool]
    reaches_boundary: ClassVar[bool]

    @classmethod
    def of(cls, block: Block) -> "Coordinates":
        """These coordinates, made for a block of a layout."""
        return cls()

    def refusal(self, block: Array) -> str | None:
        """Why this block cannot be written here, as the end of a sentence; None where it can."""
        return None

    @abstractmethod
    def write(self, block: Array) -> Array:
        """The block as coordinates; any shape that `read` takes back."""

    @abstractmethod
    def read(self, x: Array) -> Array:
        """The block at coordinates x."""

    @abstractmethod
    def pull_back(self, x: Array, gradient: Array) -> Array:
        """The gradient in x from the gradient in the block (symmetric for matrices) at read(x)."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """One free block of a chart: where it stands, how it is written, in which units."""

    block: Block
    coordinates: Coordinates
    shape: tuple[int, ...]
    place: slice
    shift: Array
    unit: Array
    floor: Array
    as_it_is: bool
    """Whether it is written in the frame and without a floor, so that shift, unit and floor do nothing."""


class Chart:
    """Coordinates of all free blocks of a lane (but those in `without`), as one vector.

    With `standardize` the blocks are written in the model's frame, otherwise in the data's units. A block
    with a floor is written as what lies above it, so that a keeping map keeps the floor too.
    """

    def __init__(
        self,
        start: Parameters,
        coordinates: Mapping[str, Coordinates],
        standardize: bool,
        lane: str,
        without: tuple[str, ...] = (),
    ) -> None:
        self.layout: Layout = start.layout
        self._held = start.vector
        self.standardize = standardize
        pieces, offset = [], 0
        for name in start.layout.free:
            if name in without:
                continue
            block = start.layout.by_name[name]
            writing = coordinates[name]
            floor = _floor(block) if writing.keeps_support else np.zeros(())
            shift = np.zeros(()) if standardize else block.shift
            unit = np.ones(()) if standardize else block.unit
            refused = writing.refusal(start[name] - floor)
            if refused is not None:
                raise CannotRun(f"{lane} cannot start here: {refused}")
            x = writing.write(shift + unit * (start[name] - floor))
            place = slice(offset, offset + x.size)
            as_it_is = standardize and not np.any(floor)
            pieces.append(_Piece(block, writing, x.shape, place, shift, unit, floor, as_it_is))
            offset += x.size
        self._pieces = tuple(pieces)
        self.size = offset
        self.keeps_support = all(
            piece.coordinates.keeps_support or type(piece.block.support) is Real for piece in pieces
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks that are written, in the order in which they stand in x."""
        return tuple(piece.block.name for piece in self._pieces)

    def write(self, parameters: Parameters) -> Array:
        """Coordinates (size,) of the free blocks."""
        x = np.empty(self.size)
        for piece in self._pieces:
            block = piece.shift + piece.unit * (parameters[piece.block.name] - piece.floor)
            x[piece.place] = np.ravel(piece.coordinates.write(block))
        return x

    def read(self, x: Array) -> Parameters:
        """Parameters at coordinates x; held blocks are those of the start."""
        vector, places = np.array(self._held), self.layout.places
        for piece in self._pieces:
            natural = piece.coordinates.read(x[piece.place].reshape(piece.shape))
            if not piece.as_it_is:
                natural = (natural - piece.shift) / piece.unit + piece.floor
            vector[places[piece.block.name]] = natural.reshape(-1)
        vector.setflags(write=False)
        return Parameters(self.layout, vector)

    def pull_back(self, x: Array, gradient: Array) -> Array:
        """The gradient (size,) in x from the flat gradient in the natural blocks at read(x)."""
        pulled, places = np.empty(self.size), self.layout.places
        for piece in self._pieces:
            natural = gradient[places[piece.block.name]].reshape(piece.block.shape)
            if not piece.as_it_is:
                natural = natural / piece.unit
            in_x = piece.coordinates.pull_back(x[piece.place].reshape(piece.shape), natural)
            pulled[piece.place] = in_x.reshape(-1)
        return pulled

    def place(self, name: str) -> slice:
        """Where the block `name` stands in x."""
        return next(piece.place for piece in self._pieces if piece.block.name == name)


def _floor(block: Block) -> Array:
    """What is subtracted from a block before it is written, so that its lower bound becomes 0."""
    support = block.support
    if isinstance(support, PositiveDefinite):
        return np.asarray(support.lower * np.eye(block.shape[-1]))
    if isinstance(support, (Positive, Variance)):
        return np.asarray(support.lower)
    return np.zeros(())
