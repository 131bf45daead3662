"""Which part of the log-likelihood's curves the axes show: robust, and still while the curves grow. No Qt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.parameters import Array
from gui.curve import Curve
from gui.frame import Frame
from gui.items.curve import roomy

FIRST_ITERATIONS = 40
LEVEL = 1e-12
"""Lanes whose log-likelihoods differ by less than this share are level."""

SETTLED = 3
"""Entries before this one are the fall from the start, which may be deeper than all that follows."""
ROUND_OFF = 1e-13
FARTHEST, FARTHEST_POWER = 1e15, 290.0
"""No window reaches further: numbers, and powers of ten on a log axis."""


@dataclass(frozen=True)
class Window:
    """What the axes show. With `log_y`, y is the gap to the best known value and y_low > 0."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log_y: bool

    def level(self, y: float) -> float:
        return math.log10(max(y, 1e-300)) if self.log_y else y

    def value(self, level: float) -> float:
        return 10.0**level if self.log_y else level

    def moved(self, x: float, level: float) -> "Window":
        """The window shifted by amounts of x and of the vertical level (log10 of y on a log axis)."""
        low, high = self.level(self.y_low) + level, self.level(self.y_high) + level
        return self._or_itself(self.x_low + x, self.x_high + x, low, high)

    def zoomed(self, x: float, y: float, factor: float, horizontal: bool, vertical: bool) -> "Window":
        """The window drawn together around (x, y) by a factor; a factor above 1 shows more."""
        x_low, x_high = self.x_low, self.x_high
        low, high, level = self.level(self.y_low), self.level(self.y_high), self.level(y)
        if horizontal:
            x_low, x_high = x - (x - x_low) * factor, x + (x_high - x) * factor
        if vertical:
            low, high = level - (level - low) * factor, level + (high - level) * factor
        return self._or_itself(x_low, x_high, low, high)

    def _or_itself(self, x_low: float, x_high: float, low: float, high: float) -> "Window":
        """Another window, by its x and its levels; this one where those are too near, or too far away, to be drawn."""
        for start, end, least in ((x_low, x_high, 1e-9), (low, high, 1e-13)):
            farthest = max(1.0, abs(start), abs(end))
            if not (end - start >= least * farthest and farthest <= FARTHEST):
                return self
        if self.log_y and max(abs(low), abs(high)) > FARTHEST_POWER:
            return self
        return Window(x_low, x_high, self.value(low), self.value(high), self.log_y)


def heights(curve: Curve, frame: Frame, part: slice) -> Array:
    """What is drawn vertically of some entries: the log-likelihood, or its gap to the best known one."""
    values = curve.log_likelihood[part]
    return frame.best_known - values if frame.vertical == "gap" else values


def first_width(frame: Frame) -> float:
    """How much of the clock is shown at the beginning: the first iterations of the slowest lane."""
    widths = [1e-9]
    for lane in frame.lanes:
        clock = lane.curve.clock(frame.clock)
        if frame.clock == "iteration":
            widths.append(FIRST_ITERATIONS)
        elif len(clock) > 1:
            widths.append(float(clock[min(FIRST_ITERATIONS, len(clock) - 1)]))
    return max(widths)


def default_window(frame: Frame, reached: float) -> Window:
    """The axes that show what is interesting up to the clock's position `reached`, the furthest seen.

    Downwards they hold every comparable entry after the first few, but nothing below the start, which is
    shown too unless it lies more than twice as deep.
    """
    beginning = roomy(first_width(frame))
    end = roomy(frame.end, fine=True) if frame.end > 0 else beginning
    if frame.clock == "iteration":
        end = min(end, float(frame.experiment.stop.max_iterations))
        end = max(end, 1.0)
    x_high = min(max(beginning, roomy(max(reached, 1e-12))), max(end, reached))
    gaps, best, start = _depths(frame, x_high)
    if not math.isfinite(best):
        return (
            Window(0.0, x_high, 1e-3, 1.0, True)
            if frame.vertical == "gap"
            else Window(0, x_high, 0, 1, False)
        )
    depth = min(gaps, start) if start > 0 else gaps
    if start <= 2 * depth or depth <= 0:
        depth = start
    depth = max(depth, 1e-9 * max(1.0, abs(best)))
    if frame.vertical == "gap":
        return _gap_window(frame, x_high, max(depth, start, 1e-300))
    step = 10.0 ** math.floor(math.log10(depth)) / 2
    low = math.floor((best - 1.03 * depth) / step) * step
    high = math.ceil((best + 0.04 * depth) / step) * step
    return Window(0.0, x_high, low, high, False)


def _depths(frame: Frame, x_high: float) -> tuple[float, float, float]:
    """The deepest settled entry below the best one, the best one, and the start's depth."""
    best, lowest, start = -math.inf, math.inf, math.nan
    for lane in frame.lanes:
        curve = lane.curve
        count = int(np.searchsorted(curve.clock(frame.clock), x_high * (1 + 1e-12), side="right"))
        if count == 0:
            continue
        highest = curve.between(0, count)[1]
        if highest == -math.inf:
            continue
        best = max(best, highest)
        beginning = curve.comparable(slice(0, SETTLED + 1))
        if beginning[0]:
            start = float(curve.log_likelihood[0])
        settled = SETTLED if count > SETTLED else count - 1
        if not np.all(beginning):
            usable = np.flatnonzero(curve.comparable(slice(0, count)))
            settled = int(usable[min(SETTLED, len(usable) - 1)])
        lowest = min(lowest, curve.between(settled, count)[0])
    if not math.isfinite(best):
        return 0.0, best, 0.0
    return best - lowest, best, best - start if math.isfinite(start) else best - lowest


def _gap_window(frame: Frame, x_high: float, deepest: float) -> Window:
    floor = max(ROUND_OFF * max(1.0, abs(frame.best_known)), 1e-290)
    smallest = deepest
    for lane in frame.lanes:
        curve = lane.curve
        count = int(np.searchsorted(curve.clock(frame.clock), x_high * (1 + 1e-12), side="right"))
        part = slice(0, count)
        gaps = frame.best_known - curve.log_likelihood[part][curve.comparable(part)]
        gaps = gaps[gaps > floor]
        if gaps.size:
            smallest = min(smallest, float(np.min(gaps)))
    high = math.ceil(math.log10(deepest) + 0.02)
    low = min(math.floor(math.log10(max(smallest, floor))), high - 1)
    return Window(0.0, x_high, 10.0**low, 10.0**high, True)


@dataclass(frozen=True)
class Reading:
    """What one lane says at a position of the clock. `gap` is NaN where nothing may be compared."""

    lane: int
    title: str
    iteration: int
    value: float
    gap: float
    is_likelihood: bool
    x: float
    height: float


def readings(frame: Frame, at: float) -> list[Reading]:
    """All lanes at a position of the clock, each at the last iteration that it had reached there."""
    found = []
    for lane in frame.lanes:
        curve = lane.curve
        clock = curve.clock(frame.clock)
        place = max(0, int(np.searchsorted(clock, at * (1 + 1e-12) + 1e-15, side="right")) - 1)
        value = float(curve.log_likelihood[place])
        valid = bool(curve.is_likelihood[place])
        gap = frame.best_known - value if valid else math.nan
        height = gap if frame.vertical == "gap" else value
        found.append(Reading(lane.index, lane.title, place, value, gap, valid, float(clock[place]), height))
    return found


def leader(found: Sequence[Reading]) -> Reading | None:
    """The lane with the highest log-likelihood; None where two are level or fewer have one."""
    ranked = sorted(
        (reading for reading in found if reading.is_likelihood and math.isfinite(reading.value)),
        key=lambda reading: reading.value,
        reverse=True,
    )
    if len(ranked) < 2 or ranked[0].value - ranked[1].value <= LEVEL * abs(ranked[0].value):
        return None
    return ranked[0]
