"""Constrained parameters: supports of their blocks, the layout of a model's blocks, one flat vector.

Parameters live in the model's *frame* (centred and scaled columns, see `engine.models.base.Frame`); each
block knows the affine map that reports it in the data's units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.wording import number_text

Array = npt.NDArray[np.float64]


def frozen(values: Any) -> Array:
    """A contiguous float copy that cannot be written to, so that it may cross threads."""
    array = np.array(values, dtype=np.float64, order="C")
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Support:
    """The set of values that a block may take. `coordinates_setting` names the lane setting that writes it."""

    coordinates_setting: ClassVar[str | None] = None

    @property
    def is_open(self) -> bool:
        """Whether its boundary does not belong to it, so that what runs there never arrives."""
        return False

    def violation(self, values: Array) -> str | None:
        """What is wrong with values outside the support, in words with the number; None inside."""
        return None if np.all(np.isfinite(values)) else "a value is not finite"

    def project(self, values: Array) -> Array:
        """The nearest point of the support in Euclidean distance."""
        return values

    def tangent(self, values: Array) -> Array:
        """A direction as it is within the support's affine hull."""
        return values


@dataclass(frozen=True)
class Real(Support):
    """Any real number."""


@dataclass(frozen=True)
class Positive(Support):
    """Numbers of at least `lower` (0 unless a floor is set), such as a Poisson rate; `noun` is what one is called."""

    coordinates_setting: ClassVar[str | None] = "rate_coordinates"
    lower: float = 0.0
    noun: str = "rate"

    def violation(self, values: Array) -> str | None:
        flat = np.ravel(values)
        if not np.all(np.isfinite(flat)):
            return "a value is not finite"
        worst = int(np.argmin(flat))
        if flat[worst] < self.lower * (1 - 1e-9):
            which = f" {worst // max(1, flat.size // np.shape(values)[0]) + 1}" if np.ndim(values) else ""
            return f"{self._noun}{which} became {number_text(flat[worst])}"
        return None

    def project(self, values: Array) -> Array:
        return np.asarray(np.maximum(values, self.lower))

    @property
    def _noun(self) -> str:
        return self.noun


@dataclass(frozen=True)
class Variance(Positive):
    """The diagonal of a covariance matrix, or its single number where it is spherical."""

    coordinates_setting: ClassVar[str | None] = "covariance_coordinates"

    @property
    def is_open(self) -> bool:
        return self.lower == 0

    def violation(self, values: Array) -> str | None:
        problem = super().violation(values)
        if problem is None and np.min(values) <= 0.0:
            worst = int(np.argmin(values)) // max(1, np.size(values) // np.shape(values)[0]) + 1
            return f"the variance of component {worst} became 0"
        return problem

    @property
    def _noun(self) -> str:
        return "the variance of component"


@dataclass(frozen=True)
class Uniqueness(Positive):
    """Variances that nothing but a column's own noise explains; one of 0 is a Heywood case, and has a likelihood."""

    def violation(self, values: Array) -> str | None:
        flat = np.ravel(values)
        if np.all(np.isfinite(flat)) and np.min(flat) < 0:
            worst = int(np.argmin(flat))
            return f"{self.name_of(np.shape(values), worst)} became {number_text(flat[worst])}"
        return super().violation(values)

    @staticmethod
    def name_of(shape: tuple[int, ...], place: int) -> str:
        """What the number at a place in the flat block is called: of the only one, of a column, or of a component's."""
        if not shape:
            return "the variance of the noise"
        of_component = f" of component {place // shape[-1] + 1}" if len(shape) > 1 else ""
        return f"uniqueness {place % shape[-1] + 1}{of_component}"


@dataclass(frozen=True)
class UnitInterval(Support):
    """Numbers from 0 to 1."""

    coordinates_setting: ClassVar[str | None] = "probability_coordinates"

    def violation(self, values: Array) -> str | None:
        if not np.all(np.isfinite(values)):
            return "a value is not finite"
        if np.min(values) < 0 or np.max(values) > 1:
            worst = float(np.min(values) if np.min(values) < 0 else np.max(values))
            # Rounded to a few digits, 1 + 1e-9 would be 1.
            told = f"1 + {number_text(worst - 1.0)}" if 1.0 < worst < 1.01 else number_text(worst)
            return f"a probability became {told}"
        return None

    def project(self, values: Array) -> Array:
        return np.asarray(np.clip(values, 0.0, 1.0))


FAR_AWAY = 1e6
SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Simplex(Support):
    """Rows (along the last axis) of numbers that are at least 0 and sum to 1; `nouns` are for one and for several."""

    coordinates_setting: ClassVar[str | None] = "weight_coordinates"
    nouns: tuple[str, str] = ("weight", "weights")

    def violation(self, values: Array) -> str | None:
        if not np.all(np.isfinite(values)):
            return f"a {self.nouns[0]} is not finite"
        lowest = int(np.argmin(values))
        if np.ravel(values)[lowest] < 0:
            row, place = divmod(lowest, values.shape[-1])
            which = f"{place + 1}" if values.ndim == 1 else f"{row + 1}, {place + 1}"
            return f"{self.nouns[0]} {which} became {number_text(np.ravel(values)[lowest])}"
        sums = np.ravel(np.sum(values, axis=-1))
        worst = int(np.argmax(np.abs(sums - 1)))
        if abs(sums[worst] - 1) > SUM_TOLERANCE:
            return f"the {self.nouns[1]}' sum became {number_text(sums[worst], 6)}"
        return None

    def project(self, values: Array) -> Array:
        """Sort-and-threshold projection onto the simplex (Duchi et al. 2008, figure 1), row by row.

        A number that all of a row share changes nothing, so of rows far away the largest is taken off first: nothing
        would be left beside it of the 1 that they are to sum to.
        """
        if values.ndim == 1:
            # Where no entry ends at 0 the threshold is the excess shared equally.
            shifted = values - (np.add.reduce(values) - 1.0) / values.size
            if min(shifted.tolist()) >= 0.0:
                return np.asarray(shifted)
        if not np.max(np.abs(values)) < FAR_AWAY:
            with np.errstate(invalid="ignore"):
                values = values - np.max(values, axis=-1, keepdims=True)
        descending = -np.sort(-values, axis=-1)
        excess = np.cumsum(descending, axis=-1) - 1
        ranks = np.arange(1, values.shape[-1] + 1)
        support = np.sum(descending * ranks > excess, axis=-1, keepdims=True)
        threshold = np.take_along_axis(excess, support - 1, axis=-1) / support
        return np.asarray(np.maximum(values - threshold, 0.0))

    def tangent(self, values: Array) -> Array:
        return np.asarray(values - np.mean(values, axis=-1, keepdims=True))


def leading_minors(matrices: Array, lower: float = 0.0) -> tuple[Array, ...]:
    """The leading principal minors, (m,) each, of symmetric matrices minus lower * I; only for d = 1 and 2.

    All of them are above 0 where every eigenvalue is above `lower` (Sylvester's criterion).
    """
    d = matrices.shape[-1]
    flat = matrices.reshape(-1, d * d)
    first = flat[:, 0] - lower
    if d == 1:
        return (first,)
    beside = flat[:, 1]
    return first, first * (flat[:, 3] - lower) - beside * beside


@dataclass(frozen=True)
class PositiveDefinite(Support):
    """Symmetric matrices (last two axes) whose eigenvalues are at least `lower`, and above 0."""

    coordinates_setting: ClassVar[str | None] = "covariance_coordinates"
    lower: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.lower == 0

    def violation(self, values: Array) -> str | None:
        if not np.isfinite(values).all():
            return "a covariance is not finite"
        if self._surely_inside(values):
            return None
        eigenvalues = np.linalg.eigvalsh(values).reshape(-1, values.shape[-1])
        smallest = eigenvalues[:, 0]
        worst = int(np.argmin(smallest))
        value = f"(smallest eigenvalue {number_text(smallest[worst])})"
        if smallest[worst] <= 0:
            return f"covariance {worst + 1} lost positive definiteness {value}"
        # The rounding of a matrix's entries is that of its largest eigenvalue.
        if smallest[worst] < self.lower * (1 - 1e-9) - 1e-14 * eigenvalues[worst, -1]:
            return f"covariance {worst + 1} fell below its floor of {self.lower:g} {value}"
        return None

    def project(self, values: Array) -> Array:
        """Eigenvalues clipped at `lower`: the nearest matrix in Frobenius norm (Higham 1988)."""
        if self._surely_inside(values):
            return values
        eigenvalues, vectors = np.linalg.eigh(values)
        if np.all(eigenvalues >= self.lower):
            return values
        clipped = np.maximum(eigenvalues, self.lower)
        return np.asarray((vectors * clipped[..., None, :]) @ np.swapaxes(vectors, -1, -2))

    def _surely_inside(self, values: Array) -> bool:
        """Whether every eigenvalue is above `lower` and 0: by minors in one and two dimensions, else by Cholesky."""
        d = values.shape[-1]
        if d > 2:
            try:
                np.linalg.cholesky(values - self.lower * np.eye(d))
            except np.linalg.LinAlgError:
                return False
            return True
        minors = leading_minors(values, self.lower)
        return all(each > 0 for minor in minors for each in minor.tolist())

    def tangent(self, values: Array) -> Array:
        return np.asarray(0.5 * (values + np.swapaxes(values, -1, -2)))


@dataclass(frozen=True, eq=False)
class Block:
    """A named parameter block: its shape, its support, whether it is held fixed, and its report.

    In the data's units the block is `shift + unit * values`, elementwise, and then, where there is a matrix `mixing`
    (m, m), mixed along the last axis: an intercept that is reported where the predictors are 0 moves with the slopes.
    """

    name: str
    shape: tuple[int, ...]
    support: Support
    held: bool = False
    shift: Array = field(default_factory=lambda: np.zeros(()))
    unit: Array = field(default_factory=lambda: np.ones(()))
    mixing: Array | None = None

    def in_data_units(self, values: Array) -> Array:
        """The block in the data's units from its values in the frame."""
        plain = self.shift + self.unit * values
        return plain if self.mixing is None else np.asarray(plain @ self.mixing.T)

    def in_the_frame(self, reported: Array) -> Array:
        """The block's values in the frame from those in the data's units."""
        if self.mixing is not None:
            reported = np.asarray(np.linalg.solve(self.mixing, reported[..., None])[..., 0])
        return np.asarray((reported - self.shift) / self.unit)

    def gradient_in_data_units(self, gradient: Array) -> Array:
        """The gradient in the block as it is in the data's units from that in the frame."""
        plain = gradient / self.unit
        if self.mixing is None:
            return np.asarray(plain)
        return np.asarray(np.linalg.solve(self.mixing.T, plain[..., None])[..., 0])

    @cached_property
    def size(self) -> int:
        return int(np.prod(self.shape))


@dataclass(frozen=True, eq=False)
class Layout:
    """The blocks of a model on a dataset, in the order in which they stand in the flat vector."""

    blocks: tuple[Block, ...]

    @cached_property
    def places(self) -> dict[str, slice]:
        places, offset = {}, 0
        for block in self.blocks:
            places[block.name] = slice(offset, offset + block.size)
            offset += block.size
        return places

    @cached_property
    def views(self) -> dict[str, tuple[slice, tuple[int, ...]]]:
        """Where a block stands in the flat vector, and its shape."""
        return {block.name: (self.places[block.name], block.shape) for block in self.blocks}

    @cached_property
    def by_name(self) -> dict[str, Block]:
        return {block.name: block for block in self.blocks}

    @cached_property
    def size(self) -> int:
        return sum(block.size for block in self.blocks)

    @cached_property
    def free(self) -> tuple[str, ...]:
        """Names of the blocks that are not held fixed."""
        return tuple(block.name for block in self.blocks if not block.held)

    @cached_property
    def free_probabilities(self) -> tuple[str, ...]:
        """Names of the free blocks whose numbers each lie between 0 and 1."""
        return tuple(name for name in self.free if type(self.by_name[name].support) is UnitInterval)

    @cached_property
    def free_uniquenesses(self) -> tuple[str, ...]:
        """Names of the free blocks of variances that may become 0."""
        return tuple(name for name in self.free if isinstance(self.by_name[name].support, Uniqueness))

    @cached_property
    def constrained(self) -> tuple[Block, ...]:
        """The blocks that may not take every value."""
        return tuple(block for block in self.blocks if type(block.support) is not Real)

    def pack(self, values: Mapping[str, Any]) -> "Parameters":
        """Parameters in the frame from one array for each block."""
        return self.joined(tuple(np.asarray(values[block.name], dtype=np.float64) for block in self.blocks))

    def joined(self, values: tuple[Array, ...]) -> "Parameters":
        """Parameters in the frame from one array for each block, in the layout's order."""
        vector = np.concatenate([block.reshape(-1) for block in values])
        vector.setflags(write=False)
        return Parameters(self, vector)

    def flat(self, blocks: Mapping[str, Array]) -> Array:
        """One new vector, of a gradient say, from some of the blocks: 0 for all others, and for those held fixed."""
        vector = np.zeros(self.size)
        for name in self.free:
            if name in blocks:
                vector[self.places[name]] = blocks[name].reshape(-1)
        return vector

    def pack_data_units(self, values: Mapping[str, Any]) -> "Parameters":
        """Parameters from blocks given in the data's units."""
        return self.pack({b.name: b.in_the_frame(np.asarray(values[b.name], float)) for b in self.blocks})

    @cached_property
    def closed(self) -> tuple[Block, ...]:
        """Constrained blocks whose support has its boundary with it."""
        return tuple(block for block in self.constrained if not block.support.is_open)

    def project(self, vector: Array) -> Array:
        """Each block projected onto its support; one whose support is open has no nearest point and stays."""
        projected = np.array(vector)
        for block in self.closed:
            place, shape = self.views[block.name]
            values = projected[place].reshape(shape)
            nearest = block.support.project(values)
            if nearest is not values:
                values[...] = nearest
        return projected

    def violation(self, vector: Array) -> str | None:
        """The first thing that is wrong with a vector outside the supports, in words; None inside."""
        for block in self.blocks:
            problem = block.support.violation(vector[self.places[block.name]].reshape(block.shape))
            if problem is not None:
                return problem
        return None


class Parameters:
    """Natural parameters of a model: a layout and one flat, read-only vector in the model's frame.

    `derived` belongs to the model: what it worked out from the vector alone and will need again.
    """

    __slots__ = ("derived", "layout", "vector")

    def __init__(self, layout: Layout, vector: Array) -> None:
        self.layout = layout
        self.vector = vector
        self.derived: object = None

    def __getitem__(self, name: str) -> Array:
        """The block `name` as a view with its own shape."""
        place, shape = self.layout.views[name]
        return self.vector[place].reshape(shape)

    def __contains__(self, name: str) -> bool:
        return name in self.layout.by_name

    def replaced(self, values: Mapping[str, Array]) -> "Parameters":
        """The same parameters with some blocks exchanged."""
        vector = np.array(self.vector)
        for name, block in values.items():
            vector[self.layout.places[name]] = block.reshape(-1)
        vector.setflags(write=False)
        return Parameters(self.layout, vector)

    def in_data_units(self) -> dict[str, Array]:
        """Every block in the data's units, shape as in the layout."""
        return {block.name: block.in_data_units(self[block.name]) for block in self.layout.blocks}
