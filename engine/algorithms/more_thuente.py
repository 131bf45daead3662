"""The line search of Moré & Thuente, as pure functions: a search, and how a trial's value advances it.

Moré & Thuente (1994), ACM Trans. Math. Software 20, 286-307. phi(step) is to be made small along a
direction in which it falls. A trial is accepted where both strong Wolfe conditions hold:

    phi(step) <= phi(0) + sufficient * step * phi'(0)     and     |phi'(step)| <= curvature * |phi'(0)|
"""

import dataclasses
import math
from dataclasses import dataclass

LARGEST_STEP = 1e10

EXTRAPOLATE_LEAST = 1.1
EXTRAPOLATE_MOST = 4.0
SHRINK = 0.66

TRIAL = "trial"
ACCEPTED = "accepted"
BEST_KNOWN = "best known"


@dataclass(frozen=True, slots=True)
class Point:
    """phi and its slope at a step."""

    step: float
    value: float
    slope: float

    def tilted(self, slope: float) -> "Point":
        """The same point of phi(step) - slope * step."""
        return Point(self.step, self.value - slope * self.step, self.slope - slope)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """The constants of the two conditions; a bracket narrower than `narrow` times its upper end is given up."""

    sufficient: float
    curvature: float
    narrow: float


FOR_QUASI_NEWTON = Tolerances(sufficient=1e-3, curvature=0.9, narrow=0.1)
"""Those of L-BFGS-B (Zhu, Byrd, Lu & Nocedal 1997, ACM Trans. Math. Software 23, 550-560)."""


@dataclass(frozen=True, slots=True)
class Search:
    """A line search between two trials.

    `step` is the next trial, or the result once `outcome` is not TRIAL: ACCEPTED where both conditions
    hold, BEST_KNOWN where the interval became too small, rounding prevents progress, or the largest step
    is reached (then `step` is the best point known, which is 0 where nothing was found). `best` and
    `other` are the interval's ends: `best` has the lowest value, `other` lies behind the minimum once
    `bracketed`. `low` and `high` bound the next trial; the widths are those of the last two intervals.
    """

    step: float
    start: Point
    best: Point
    other: Point
    low: float
    high: float
    largest: float
    width: float
    width_before: float
    tolerances: Tolerances
    bracketed: bool = False
    auxiliary: bool = True
    outcome: str = TRIAL


def begin(
    value: float,
    slope: float,
    step: float,
    largest: float = LARGEST_STEP,
    tolerances: Tolerances = FOR_QUASI_NEWTON,
) -> Search:
    """A search from phi(0) = value with phi'(0) = slope < 0, whose first trial is `step`."""
    start = Point(0.0, value, slope)
    return Search(step, start, start, start, 0.0, 5.0 * step, largest, largest, 2.0 * largest, tolerances)


def shortened(search: Search) -> Search:
    """The search after a trial where phi has no value: begun anew, with half that step as the largest."""
    half = 0.5 * search.step
    return begin(search.start.value, search.start.slope, half, half, search.tolerances)


def advance(search: Search, value: float, slope: float) -> Search:
    """The search once phi and phi' are known at its trial (section 2 of the paper)."""
    trial = Point(search.step, value, slope)
    least_slope = search.tolerances.sufficient * search.start.slope
    enough = search.start.value + trial.step * least_slope
    if value <= enough and abs(slope) <= search.tolerances.curvature * -search.start.slope:
        return dataclasses.replace(search, outcome=ACCEPTED)
    if trial.step == search.largest and value <= enough and slope <= least_slope:
        return dataclasses.replace(search, outcome=BEST_KNOWN)
    auxiliary = search.auxiliary and not (value <= enough and slope >= 0.0)
    best, other, bracketed = search.best, search.other, search.bracketed
    # While no trial has fallen enough, the interval closes in on a minimum of
    # psi(step) = phi(step) - sufficient * step * phi'(0), which satisfies the first condition.
    tilt = least_slope if auxiliary and enough < value <= best.value else 0.0
    best, other, current = best.tilted(tilt), other.tilted(tilt), trial.tilted(tilt)
    step, bracketed_now = next_step(best, other, current, bracketed, search.low, search.high)
    best, other = next_interval(best, other, current)
    best, other = best.tilted(-tilt), other.tilted(-tilt)
    width, width_before = search.width, search.width_before
    if bracketed_now:
        if abs(other.step - best.step) >= SHRINK * width_before:
            step = best.step + 0.5 * (other.step - best.step)
        width, width_before = abs(other.step - best.step), width
        low, high = min(best.step, other.step), max(best.step, other.step)
    else:
        low = step + EXTRAPOLATE_LEAST * (step - best.step)
        high = step + EXTRAPOLATE_MOST * (step - best.step)
    step = min(max(step, 0.0), search.largest)
    moved = dataclasses.replace(
        search,
        step=step,
        best=best,
        other=other,
        low=low,
        high=high,
        width=width,
        width_before=width_before,
        bracketed=bracketed_now,
        auxiliary=auxiliary,
    )
    return dataclasses.replace(moved, step=best.step, outcome=BEST_KNOWN) if _exhausted(moved) else moved


def _exhausted(search: Search) -> bool:
    """Whether rounding or the interval's width leaves no room for another trial."""
    if not search.bracketed:
        return False
    outside = search.step <= search.low or search.step >= search.high
    return outside or search.high - search.low <= search.tolerances.narrow * search.high


def next_interval(best: Point, other: Point, trial: Point) -> tuple[Point, Point]:
    """The interval's new ends (the updating algorithm of section 2)."""
    if trial.value > best.value:
        return best, trial
    if trial.slope * math.copysign(1.0, best.slope) < 0.0:
        return trial, best
    return trial, other


def next_step(
    best: Point, other: Point, trial: Point, bracketed: bool, low: float, high: float
) -> tuple[float, bool]:
    """The next trial and whether a minimum is bracketed now: the four cases of section 4."""
    towards = trial.step - best.step
    if trial.value > best.value:
        cubic = _cubic_minimum(best, trial)
        rise = (best.value - trial.value) / towards + best.slope
        quadratic = best.step + 0.5 * _ratio(best.slope, rise) * towards
        if abs(cubic - best.step) <= abs(quadratic - best.step):
            return cubic, True
        return cubic + 0.5 * (quadratic - cubic), True
    secant = trial.step - _ratio(trial.slope, trial.slope - best.slope) * towards
    if trial.slope * math.copysign(1.0, best.slope) < 0.0:
        cubic = _cubic_minimum(trial, best)
        return (cubic if abs(cubic - trial.step) > abs(secant - trial.step) else secant), True
    if abs(trial.slope) < abs(best.slope):
        cubic = _cubic_beyond(best, trial, low, high)
        nearer = abs(cubic - trial.step) < abs(secant - trial.step)
        if not bracketed:
            return min(max(secant if nearer else cubic, low), high), False
        step = cubic if nearer else secant
        limit = trial.step + SHRINK * (other.step - trial.step)
        return (min(limit, step) if towards > 0.0 else max(limit, step)), True
    if bracketed:
        return _cubic_minimum(trial, other), True
    return (high if towards > 0.0 else low), False


def _theta_gamma(a: Point, b: Point) -> tuple[float, float]:
    """theta and |gamma| of the cubic through two points and their slopes, without overflow."""
    theta = 3.0 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope
    scale = max(abs(theta), abs(a.slope), abs(b.slope))
    if scale == 0.0:
        return theta, 0.0
    inside = (theta / scale) ** 2 - (a.slope / scale) * (b.slope / scale)
    return theta, scale * math.sqrt(max(0.0, inside))


def _cubic_minimum(a: Point, b: Point) -> float:
    """The minimum of the cubic that agrees with two points in value and slope."""
    theta, gamma = _theta_gamma(a, b)
    if b.step < a.step:
        gamma = -gamma
    share = _ratio((gamma - a.slope) + theta, ((gamma - a.slope) + gamma) + b.slope)
    return a.step + share * (b.step - a.step)


def _cubic_beyond(best: Point, trial: Point, low: float, high: float) -> float:
    """The cubic's minimum where it lies beyond the trial; otherwise the bound in that direction."""
    theta, gamma = _theta_gamma(best, trial)
    if trial.step > best.step:
        gamma = -gamma
    share = _ratio((gamma - trial.slope) + theta, (gamma + (best.slope - trial.slope)) + gamma)
    if share < 0.0 and gamma != 0.0:
        return trial.step + share * (best.step - trial.step)
    return high if trial.step > best.step else low


def _ratio(numerator: float, denominator: float) -> float:
    """A quotient; the middle where flat data leave it undefined."""
    return numerator / denominator if denominator != 0.0 else 0.5
