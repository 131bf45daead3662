"""Limited-memory BFGS with bounds that stay bounds."""

import math
import sys
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine import catalogue
from engine.algorithms.base import NOTHING_TO_TELL, Ended, Event, Info, State
from engine.algorithms.gradient import (
    GradientAlgorithm,
    GradientState,
    coordinates_for,
    slope_along,
    within_roundoff,
)
from engine.algorithms.more_thuente import ACCEPTED, LARGEST_STEP, TRIAL, advance, begin, shortened
from engine.coordinates.base import Chart, Coordinates
from engine.coordinates.drop_last import DropLast
from engine.coordinates.raw import Raw
from engine.coordinates.softmax import Softmax
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import (
    Array,
    Block,
    Layout,
    Parameters,
    Positive,
    PositiveDefinite,
    Simplex,
    UnitInterval,
)
from engine.settings import setting

MOST_TRIALS = 20
LEAST_SHARE = 0.1
"""What a step leaves of the weight that has no coordinate of its own, at the least."""
AT_A_BOUND = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """One step s and the fall y of the gradient along it, with their product s'y > 0."""

    step: Array
    fall: Array
    product: float


@dataclass(frozen=True, slots=True, eq=False)
class LbfgsbState(GradientState):
    """A gradient state with the newest corrections, oldest first, and the place of the weight left out of x."""

    memory: tuple[Correction, ...]
    dropped: int | None


@dataclass(frozen=True)
class LimitedMemoryBfgsBounded(GradientAlgorithm):
    """L-BFGS in the weights themselves: what hits 0 is held at exactly 0 until the gradient wants it back.

    The parabola that the last steps taught (B = theta I - W M W', Byrd, Nocedal & Schnabel 1994) is first
    followed along the projected gradient to its first minimum, the generalised Cauchy point, which decides what
    lies at a bound; then it is minimised over what does not, and a line search (Moré & Thuente) goes towards
    that point (Byrd, Lu, Nocedal & Zhu 1995, sections 4 and 5.1; the projected subspace step, the constants and
    the rule for skipping a correction are those of version 3.0, Morales & Nocedal 2011, ACM Trans. Math.
    Software 38, 7). One iteration is one accepted step; every trial costs a gradient.

    Bounds alone cannot say that weights sum to 1. So one weight has no coordinate: it is 1 minus the others
    (drop-last), and each of the others has the bound 0. That the one left out is at least 0 is no bound but a
    sum; therefore it is always a large one: a step leaves it at least a tenth of what it was, and as soon as
    another weight is more than twice as large, that one takes its place. What was learnt is rewritten for the
    new coordinates, a linear map, and nothing is forgotten. At a maximum the largest weight is never 0, so the
    constraint on the sum never holds anything back there.

    Covariances are written in keeping coordinates, without bounds, and so are tables whose rows each sum to 1.
    Rates may be `raw`, with the bound 0, and probabilities, with the bounds 0 and 1.

    The right one where clusters overlap and some weight may have to become 0.
    """

    name: ClassVar[str] = "lbfgs-b"
    source: ClassVar[str] = "Byrd, Lu, Nocedal & Zhu (1995), SIAM J. Sci. Comput. 16, 1190-1208"

    memory: int = setting(
        10,
        label="Memory",
        help="How many of the last steps the curvature is learnt from.",
        minimum=1,
        maximum=100,
    )
    covariance_coordinates: str = setting(
        "log-cholesky",
        label="Covariances as",
        help="How the covariances are written for the gradient.",
        choices=lambda: coordinates_for(PositiveDefinite),
    )
    rate_coordinates: str = setting(
        "log",
        label="Rates as",
        help="How rates and other positive numbers are written for the gradient; raw ones have the bound 0.",
        choices=lambda: coordinates_for(Positive),
    )
    probability_coordinates: str = setting(
        "logit",
        label="Probabilities as",
        help="How probabilities that stand alone are written for the gradient; raw ones have the bounds 0 and 1.",
        choices=lambda: coordinates_for(UnitInterval),
    )

    @property
    def promises(self) -> str | None:
        return "log-likelihood"

    def writing(self, block: Block) -> Coordinates:
        if isinstance(block.support, Simplex):
            # Of several simplexes each would have a largest entry of its own to leave out.
            return DropLast() if len(block.shape) == 1 else Softmax()
        chosen = block.support.coordinates_setting
        if chosen is None or not hasattr(self, chosen):
            return Raw()
        found: type[Coordinates] = catalogue.get("coordinates", getattr(self, chosen))
        return found.of(block)

    def init(self, problem: Problem, parameters: Parameters, key: int) -> State:
        state = self.starting_state(problem, parameters)
        return self._with_largest_dropped(_remembered(state, (), None))

    def step(self, problem: Problem, state: State) -> tuple[State, Info]:
        assert isinstance(state, LbfgsbState)
        known, info = state, NOTHING_TO_TELL
        found = self._searched(problem, known)
        if not isinstance(found, GradientState) and state.memory:
            info = Info((Event("fallback", "no step along the learnt direction rises: it was forgotten"),))
            known = _remembered(state, (), state.dropped)
            found = self._searched(problem, known)
        if isinstance(found, GradientState):
            moved = _remembered(found, self._updated(known, found), state.dropped)
            return self._with_largest_dropped(moved), info
        if found is not None:
            raise found
        reason = "at working precision no step raises the log-likelihood any more"
        return state, Info(info.events, Ended("converged", reason))

    def _searched(self, problem: Problem, state: LbfgsbState) -> GradientState | UndefinedLikelihood | None:
        """The state that the line search accepts; otherwise the last trial without likelihood, or None."""
        box = self.box(state)
        target = _target(Curvature.of(state.memory, state.x.size), box, state.x, -state.gradient)
        direction = target - state.x
        start, slope = state.position.log_likelihood, slope_along(state, direction)
        length = float(np.linalg.norm(direction))
        if not (slope > 0.0 and math.isfinite(slope) and length > 0.0):
            return None
        bound = problem.roundoff_bound(start)
        largest = min(self._longest(state, box, direction), self._longest_for_the_sum(state, direction))
        first = 1.0 if state.memory else min(1.0, 1.0 / length)
        search = begin(-start, -slope, min(first, largest), largest)
        tried: dict[float, GradientState] = {}
        undefined: UndefinedLikelihood | None = None
        for _ in range(MOST_TRIALS):
            x = target if search.step == 1.0 else box.snapped(state.x + search.step * direction)
            trial = self.attempt(problem, state.chart, np.array(x))
            if isinstance(trial, UndefinedLikelihood):
                undefined, search = trial, shortened(search)
                continue
            value, slope_there = trial.position.log_likelihood, slope_along(trial, direction)
            if not math.isfinite(slope_there):
                search = shortened(search)
                continue
            tried[search.step] = trial
            search = advance(search, -value, -slope_there)
            curvature = search.tolerances.curvature
            if search.outcome == ACCEPTED or within_roundoff(
                value, start, bound, slope_there, slope, curvature
            ):
                return trial
            if search.outcome != TRIAL:
                break
        return tried.get(search.step, undefined) if search.outcome != TRIAL else undefined

    def box(self, state: GradientState) -> "Box":
        """The bounds of each coordinate."""
        chart = state.chart
        lower, upper = np.full(state.x.size, -np.inf), np.full(state.x.size, np.inf)
        for name in chart.layout.free:
            block, place = chart.layout.by_name[name], chart.place(name)
            shift, unit = (0.0, 1.0) if self.standardize else (block.shift, block.unit)
            if isinstance(self.writing(block), DropLast):
                lower[place] = 0.0
            elif not isinstance(self.writing(block), Raw):
                continue
            elif isinstance(block.support, Positive):
                lower[place] = np.broadcast_to(shift + unit * block.support.lower, block.shape).ravel()
            elif isinstance(block.support, UnitInterval):
                lower[place] = np.broadcast_to(shift, block.shape).ravel()
                upper[place] = np.broadcast_to(shift + unit, block.shape).ravel()
        return Box(lower, upper)

    def _longest(self, state: LbfgsbState, box: "Box", direction: Array) -> float:
        """How far the line search may go along a direction before a bound is passed."""
        if not box.bounds_anything:
            return LARGEST_STEP
        if not state.memory:
            return 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(direction < 0, box.lower - state.x, box.upper - state.x) / direction
        return min(LARGEST_STEP, float(np.min(steps[direction != 0], initial=np.inf)))

    def _longest_for_the_sum(self, state: LbfgsbState, direction: Array) -> float:
        """How far until the weight without a coordinate has fallen to a tenth."""
        if state.dropped is None:
            return LARGEST_STEP
        fall = float(np.sum(direction[_shares_place(state.chart)]))
        weight = float(state.position.parameters[_shares(state.chart.layout)][state.dropped])
        return (1.0 - LEAST_SHARE) * weight / fall if fall > 0.0 else LARGEST_STEP

    def _updated(self, old: LbfgsbState, new: GradientState) -> tuple[Correction, ...]:
        """The memory with the newest correction, unless its curvature is not positive beyond rounding."""
        step, fall = new.x - old.x, old.gradient - new.gradient
        product = float(np.dot(step, fall))
        if product <= sys.float_info.epsilon * max(0.0, float(np.dot(old.gradient, step))):
            return old.memory
        return (*old.memory, _correction(step, fall))[-self.memory :]

    def _with_largest_dropped(self, state: LbfgsbState) -> LbfgsbState:
        """The same state in the coordinates that leave out the largest weight, where another one has outgrown it."""
        layout = state.chart.layout
        shares = _shares(layout)
        if not shares:
            return state
        weights = state.position.parameters[shares]
        old = weights.size - 1 if state.dropped is None else state.dropped
        if state.dropped is not None and weights[old] >= 0.5 * np.max(weights):
            return state
        # Among equals the last one is left out, as in drop-last.
        new = weights.size - 1 - int(np.argmax(weights[::-1]))
        if new == old:
            return replace(state, dropped=old)
        free = {name: self.writing(layout.by_name[name]) for name in layout.free}
        chart = Chart(state.position.parameters, free | {shares: DropLast(new)}, self.standardize, self.name)
        place = _shares_place(chart)
        memory = tuple(
            _correction(
                _exchanged_step(each.step, place, old, new), _exchanged_gradient(each.fall, place, old, new)
            )
            for each in state.memory
        )
        x, gradient = (
            chart.write(state.position.parameters),
            _exchanged_gradient(state.gradient, place, old, new),
        )
        x.setflags(write=False)
        gradient.setflags(write=False)
        return LbfgsbState(state.position, chart, x, gradient, memory, new)


def _remembered(state: GradientState, memory: tuple[Correction, ...], dropped: int | None) -> LbfgsbState:
    return LbfgsbState(state.position, state.chart, state.x, state.gradient, memory, dropped)


def _correction(step: Array, fall: Array) -> Correction:
    step.setflags(write=False)
    fall.setflags(write=False)
    return Correction(step, fall, float(np.dot(step, fall)))


def _shares(layout: Layout) -> str:
    """The free block that is one simplex, weights or the initial law of a chain; '' where there is none."""
    blocks = (layout.by_name[name] for name in layout.free)
    return next(
        (each.name for each in blocks if isinstance(each.support, Simplex) and len(each.shape) == 1), ""
    )


def _shares_place(chart: Chart) -> slice:
    return chart.place(_shares(chart.layout))


def _exchanged_step(step: Array, place: slice, old: int, new: int) -> Array:
    """A step in the coordinates that leave out weight `new` from one in those that leave out `old`."""
    others = step[place]
    return _put(step, place, DropLast(new).write(np.insert(others, old, -np.sum(others))))


def _exchanged_gradient(gradient: Array, place: slice, old: int, new: int) -> Array:
    """The same for a gradient, whose entries are differences to that of the weight left out."""
    whole = np.insert(gradient[place], old, 0.0)
    return _put(gradient, place, DropLast(new).pull_back(whole[1:], whole))


def _put(vector: Array, place: slice, part: Array) -> Array:
    changed = np.array(vector)
    changed[place] = part
    return changed


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Lower and upper bounds (size,), infinite where there are none."""

    lower: Array
    upper: Array

    @property
    def bounds_anything(self) -> bool:
        return bool(np.any(np.isfinite(self.lower)) or np.any(np.isfinite(self.upper)))

    def clipped(self, x: Array) -> Array:
        """The nearest point of the box."""
        return np.minimum(np.maximum(x, self.lower), self.upper)

    def snapped(self, x: Array) -> Array:
        """x, exactly at a bound where only rounding keeps it from it."""
        x = np.where(np.abs(x - self.lower) <= AT_A_BOUND, self.lower, x)
        return self.clipped(np.where(np.abs(x - self.upper) <= AT_A_BOUND, self.upper, x))


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """The parabola's matrix B = theta I - W M W' in compact form (Byrd et al. 1995, equations 3.2 to 3.4).

    `wide` is W (size, 2m) = [Y, theta S]; `middle` is the inverse of M (2m, 2m), which is never inverted.
    """

    theta: float
    wide: Array
    middle: Array

    @classmethod
    def of(cls, memory: tuple[Correction, ...], size: int) -> "Curvature":
        if not memory:
            return cls(1.0, np.zeros((size, 0)), np.zeros((0, 0)))
        falls = np.stack([each.fall for each in memory], axis=1)
        steps = np.stack([each.step for each in memory], axis=1)
        newest = memory[-1]
        theta = float(np.dot(newest.fall, newest.fall)) / newest.product
        products = steps.T @ falls
        lower = np.tril(products, -1)
        middle = np.block([[-np.diag(np.diagonal(products)), lower.T], [lower, theta * (steps.T @ steps)]])
        return cls(theta, np.concatenate((falls, theta * steps), axis=1), middle)

    def times_middle(self, vectors: Array) -> Array:
        """M times a vector (2m,) or the columns of a matrix (2m, k)."""
        return np.asarray(np.linalg.solve(self.middle, vectors)) if self.middle.size else vectors


def _target(curvature: Curvature, box: Box, x: Array, gradient: Array) -> Array:
    """Where the parabola leads: the Cauchy point, then the minimum over what it left free. x where both fail.

    `gradient` is that of what is to be made small.
    """
    try:
        cauchy, along = cauchy_point(curvature, box, x, gradient)
        target = subspace_minimum(curvature, box, x, gradient, cauchy, along)
    except np.linalg.LinAlgError:
        return x
    return target if np.all(np.isfinite(target)) else x


def cauchy_point(curvature: Curvature, box: Box, x: Array, gradient: Array) -> tuple[Array, Array]:
    """The parabola's first minimum along the projected steepest descent, and W' times the way to it.

    Byrd et al. (1995), algorithm CP: the path bends wherever a coordinate meets its bound; between two bends
    the parabola is one of a single variable.
    """
    theta, wide = curvature.theta, curvature.wide
    with np.errstate(divide="ignore", invalid="ignore"):
        limits = np.where(gradient < 0, x - box.upper, x - box.lower) / gradient
    bends = np.where(gradient == 0, np.inf, limits)
    direction = np.where(bends > 0, -gradient, 0.0)
    cauchy = np.array(x)
    turned = wide.T @ direction
    along = np.zeros(wide.shape[1])
    slope = -float(np.dot(direction, direction))
    if slope == 0.0:
        return cauchy, along
    bend = -theta * slope - float(np.dot(turned, curvature.times_middle(turned)))
    least_bend = sys.float_info.epsilon * bend
    best, before = -slope / bend, 0.0
    order = np.argsort(bends, kind="stable")
    ahead: npt.NDArray[np.intp] = order[(bends[order] > 0) & np.isfinite(bends[order])]
    for place in ahead.tolist():
        length = float(bends[place]) - before
        if best < length:
            break
        cauchy[place] = box.upper[place] if direction[place] > 0 else box.lower[place]
        moved, g, row = cauchy[place] - x[place], gradient[place], wide[place]
        along = along + length * turned
        inside = curvature.times_middle(row)
        slope += length * bend + g * g + theta * g * moved - g * float(np.dot(inside, along))
        bend -= theta * g * g + 2.0 * g * float(np.dot(inside, turned)) + g * g * float(np.dot(inside, row))
        bend = max(bend, least_bend)
        turned = turned + g * row
        direction[place] = 0.0
        before = float(bends[place])
        best = -slope / bend
    best = max(best, 0.0) if np.any(direction != 0) else 0.0
    going = direction != 0
    cauchy[going] = x[going] + (before + best) * direction[going]
    return cauchy, along + best * turned


def subspace_minimum(
    curvature: Curvature, box: Box, x: Array, gradient: Array, cauchy: Array, along: Array
) -> Array:
    """The parabola's minimum over the coordinates that the Cauchy point leaves off their bounds, within the box.

    The direct primal method (Byrd et al. 1995, section 5.1) by the formula of Sherman, Morrison & Woodbury. What
    leaves the box is projected onto it, where that still goes downhill; else the way there is cut short (Morales
    & Nocedal 2011).
    """
    free = (cauchy > box.lower) & (cauchy < box.upper)
    if not np.any(free) or not curvature.middle.size:
        return cauchy
    theta, wide = curvature.theta, curvature.wide[free]
    reduced = gradient[free] + theta * (cauchy[free] - x[free]) - wide @ curvature.times_middle(along)
    coupled = np.eye(len(along)) - curvature.times_middle(wide.T @ wide) / theta
    inner = np.asarray(np.linalg.solve(coupled, curvature.times_middle(wide.T @ reduced)))
    way = np.zeros_like(x)
    way[free] = -reduced / theta - (wide @ inner) / theta**2
    projected = box.clipped(cauchy + way)
    if float(np.dot(projected - x, gradient)) <= 0.0:
        return projected
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(way < 0, box.lower - cauchy, box.upper - cauchy) / way
    share = min(1.0, float(np.min(steps[way != 0], initial=np.inf)))
    return box.snapped(cauchy + share * way)
