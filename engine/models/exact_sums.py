"""Pairs of doubles: sums that also keep what rounding takes from them, about 32 digits in all.

A narrow component's covariance is a small difference of large uncentred sums. Statistics must not be centred
at the parameters, or they would not add; so their rounding is kept beside them instead.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.parameters import Array

SPLITTER = 134217729.0
"""2^27 + 1: a double times this falls apart into two halves of 26 bits (Veltkamp)."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Numbers that are each the unevaluated sum of a double and a much smaller one.

    Dekker (1971), Numerische Mathematik 18, 224-242; Knuth (1997), The Art of Computer Programming 2, 4.2.2.
    """

    high: Array
    low: Array

    def __add__(self, other: "Pair") -> "Pair":
        total, rest = _two_sum(self.high, other.high)
        return _normalised(total, rest + (self.low + other.low))

    def __sub__(self, other: "Pair") -> "Pair":
        return self + Pair(-other.high, -other.low)

    def times(self, factor: Array | float) -> "Pair":
        """The product with plain doubles, broadcast."""
        product, rest = _two_product(self.high, np.asarray(factor, dtype=np.float64))
        return _normalised(product, rest + self.low * factor)

    def __getitem__(self, place: Any) -> "Pair":
        return Pair(self.high[place], self.low[place])

    @property
    def value(self) -> Array:
        """Rounded to doubles."""
        return self.high + self.low


def exactly(values: Array) -> Pair:
    """Plain doubles as pairs."""
    return Pair(values, np.zeros_like(values))


def _normalised(high: Array, low: Array) -> Pair:
    total = high + low
    return Pair(total, low - (total - high))


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b as the rounded sum and its exact error (Knuth)."""
    total = a + b
    added = total - a
    return total, (a - (total - added)) + (b - added)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a * b as the rounded product and its exact error (Dekker)."""
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> tuple[Array, Array]:
    scaled = SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high
