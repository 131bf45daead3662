"""Natural values, written as they are."""

from dataclasses import dataclass
from typing import ClassVar

from engine.coordinates.base import Coordinates
from engine.parameters import (
    Array,
    Positive,
    PositiveDefinite,
    Real,
    Simplex,
    Support,
    UnitInterval,
    Variance,
)


@dataclass(frozen=True)
class Raw(Coordinates):
    """The natural values themselves: nothing keeps the constraints.

    For weights the sum is not kept either, and the log-likelihood of weights that do not sum to 1 grows
    without end: it is no likelihood.
    """

    name: ClassVar[str] = "raw"
    formula: ClassVar[str] = r"""
        x = \phi
    """
    try_it: ClassVar[str] = (
        "Watch the sum of the weights: nothing holds it at 1, and what the lane climbs is no "
        "likelihood any more."
    )
    supports: ClassVar[tuple[type[Support], ...]] = (
        Simplex,
        PositiveDefinite,
        Variance,
        Positive,
        UnitInterval,
        Real,
    )
    keeps_support: ClassVar[bool] = False
    reaches_boundary: ClassVar[bool] = True

    def write(self, block: Array) -> Array:
        return block

    def read(self, x: Array) -> Array:
        return x

    def pull_back(self, x: Array, gradient: Array) -> Array:
        return gradient
