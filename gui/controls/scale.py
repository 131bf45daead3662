"""Which values a slider's positions stand for. No Qt here."""

import math
from dataclasses import dataclass

from engine.settings import Setting

POSITIONS = 400
DECADES_EITHER_SIDE = 2.0
MOST_WHOLE_NUMBERS = 1000
COUNTED_UP_TO = 1e6


@dataclass(frozen=True)
class Scale:
    """Positions 0 ... `positions` over the values from `low` to `high`, even in the value or in its logarithm."""

    low: float
    high: float
    logarithmic: bool
    whole: bool
    positions: int

    def value(self, position: int) -> float | int:
        """The value at a position, rounded to what a hand can aim at; both ends are exact."""
        if position <= 0 or position >= self.positions:
            found = self.low if position <= 0 else self.high
            return round(found) if self.whole else found
        share = position / self.positions
        if self.logarithmic:
            found = float(f"{self.low * (self.high / self.low) ** share:.2g}")
        else:
            found = self.low + (self.high - self.low) * share
            step = _nice_step((self.high - self.low) / self.positions)
            found = float(f"{round(found / step) * step:.12g}")
        found = min(max(found, self.low), self.high)
        return round(found) if self.whole else found

    def position(self, value: float | None) -> int:
        """The position nearest to a value; values beyond an end are at that end."""
        if value is None or math.isnan(value) or value <= self.low:
            return 0
        if value >= self.high:
            return self.positions
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(share * self.positions)


def scale_for(setting: Setting, whole: bool) -> Scale | None:
    """The slider's scale for a number's setting; None where its range gives a slider no meaning.

    A logarithmic slider spans two decades either side of the default, because a range such as "above 0 and
    at most 1000" has no first decade; one of whole numbers goes on to a million, where that many are allowed.
    What lies beyond is typed.
    """
    low = setting.minimum if setting.minimum is not None else setting.above
    high = setting.maximum
    if low is None or high is None or high <= low:
        return None
    if setting.logarithmic:
        middle = setting.default
        if not isinstance(middle, (int, float)) or middle <= 0:
            return None
        reach = 10.0**DECADES_EITHER_SIDE
        first = max(middle / reach, low) if low > 0 or not whole else max(middle / reach, low, 1.0)
        if whole:
            first = float(max(1, round(first)))
        last = min(max(middle * reach, COUNTED_UP_TO if whole else 0.0), high)
        return Scale(first, last, True, whole, POSITIONS) if last > first else None
    if whole:
        low = low + 1 if setting.above is not None else low
        count = round(high - low)
        return Scale(low, high, False, True, count) if count <= MOST_WHOLE_NUMBERS else None
    if setting.above is not None:
        low += _nice_step((high - low) / POSITIONS)
    return Scale(low, high, False, False, POSITIONS)


def neighbour(setting: Setting, scale: Scale | None, whole: bool, value: float, steps: int) -> float | int:
    """The value so many small steps up (or down, below 0) from `value`, kept inside the setting's range."""
    if setting.logarithmic and value > 0:
        moved = float(f"{value * 1.05**steps:.2g}")
        if moved == value or (whole and round(moved) == round(value)):
            digit = 10.0 ** (math.floor(math.log10(value)) - 1)
            moved = value + math.copysign(max(digit, 1.0 if whole else 0.0), steps)
    elif whole:
        moved = value + steps
    else:
        span = scale.high - scale.low if scale is not None else max(abs(value), 1.0)
        step = _nice_step(span / 100)
        moved = float(f"{(round(value / step) + steps) * step:.12g}")
    if setting.minimum is not None:
        moved = max(moved, setting.minimum)
    if setting.maximum is not None:
        moved = min(moved, setting.maximum)
    if setting.above is not None and moved <= setting.above:
        moved = value
    return round(moved) if whole else moved


def _nice_step(width: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is at most `width`."""
    power = 10.0 ** math.floor(math.log10(width))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= width * (1 + 1e-9))
