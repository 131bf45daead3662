"""What every benchmark gives back: a row of a table, with the raw samples behind it."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One figure: ours and the reference in the same unit, what is compared with the goal, and whether it is met.

    `figure` is what the goal is about: a ratio where there is a reference, else `ours`.
    """

    name: str
    unit: str
    ours: float
    reference: float | None
    figure: float
    goal: str
    met: bool
    note: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)


IN_A_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def compared(
    name: str,
    unit: str,
    samples: dict[str, list[float]],
    figure: float,
    outcome: tuple[str, bool],
    note: str = "",
) -> Row:
    """A row from seconds of ours and of the reference, the two of `samples` in this order; medians in `unit`."""
    ours, reference = (IN_A_SECOND[unit] * statistics.median(each) for each in samples.values())
    return Row(name, unit, ours, reference, figure, *outcome, note, samples)


Figure = tuple[str, Callable[[], Sequence[Row]]]
"""What a figure is called, to choose by, and what measures it."""


def at_least(figure: float, goal: float) -> tuple[str, bool]:
    """A goal that is met from below."""
    return f">= {goal:g}", figure >= goal


def at_most(figure: float, goal: float) -> tuple[str, bool]:
    """A goal that is met from above."""
    return f"<= {goal:g}", figure <= goal


def seconds_of(work: Callable[[], object], settling: float = 0.0, least: float = 0.05) -> float:
    """Seconds of one call, from as many calls as fill `least` seconds, on the wall clock.

    Before them it is called for `settling` seconds that do not count.
    """
    settled = time.perf_counter() + settling
    while time.perf_counter() < settled:
        work()
    began = time.perf_counter()
    work()
    once = time.perf_counter() - began
    repeats = max(1, round(least / max(once, 1e-9)))
    if repeats == 1:
        return once
    began = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - began) / repeats


def in_pairs(
    ours: Callable[[], object], reference: Callable[[], object], pairs: int = 7, settling: float = 0.0
) -> tuple[list[float], list[float]]:
    """Seconds of both by turns, A B A B, after a warm-up of each, so that a drifting machine drifts for both.

    Each has `settling` seconds first: threads of a linear-algebra library spin for a while behind the other's last
    product, and the processor's cache is full of the other's data.
    """
    ours()
    reference()
    gc.collect()
    first, second = [], []
    for _ in range(pairs):
        first.append(seconds_of(ours, settling))
        second.append(seconds_of(reference, settling))
    return first, second


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios pair by pair."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))
