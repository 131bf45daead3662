"""What a view asks of the session; the session decides."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MoveStartMean:
    """The start's component `component` is to be centred at these canvas coordinates (p,)."""

    component: int
    at: tuple[float, ...]
    final: bool


@dataclass(frozen=True)
class ReshapeStart:
    """The start's component is to have this covariance (p, p) on the canvas."""

    component: int
    covariance: tuple[tuple[float, ...], ...]
    final: bool


@dataclass(frozen=True)
class SetStartWeights:
    """The start is to have these weights (K,)."""

    weights: tuple[float, ...]
    final: bool


@dataclass(frozen=True)
class DrawPoints:
    """Points (p,) on the canvas, in a class, are to be added to the data."""

    points: tuple[tuple[float, ...], ...]
    label: int
    final: bool


@dataclass(frozen=True)
class ErasePoints:
    """The data's points within an ellipse around `at` (p,), with half axes `reach` (p,), are to go."""

    at: tuple[float, ...]
    reach: tuple[float, ...]
    final: bool


@dataclass(frozen=True)
class MoveCursor:
    """The cursor is to stand at this position of the clock."""

    at: float


@dataclass(frozen=True)
class OpenStart:
    """All lanes are to begin at the random start with this seed."""

    seed: int


Request = MoveStartMean | ReshapeStart | SetStartWeights | MoveCursor | OpenStart | DrawPoints | ErasePoints
"""`final` is false while the mouse still moves and true when it is released."""
