"""Drives one lane: a generator of Steps, with stopping rules, events and cost."""

import dataclasses
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.algorithms.base import Algorithm, Event, State
from engine.algorithms.gradient import GradientAlgorithm, GradientState
from engine.analysis.curvature import largest_stable_rate
from engine.analysis.saddle import direction_upwards, weight_to_raise
from engine.errors import CannotRun
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import SUM_TOLERANCE, Parameters, Simplex, Uniqueness
from engine.stopping import Stop
from engine.trace import RUNNING, Step
from engine.wording import number_text, singular

NEARLY_STATIONARY = 1e-4
STANDING_STILL = 1e-14
FALLEN = 1.0
ON_THE_WAY = (0.5, 0.9, 0.99)
HEYWOOD = 0.005
"""A uniqueness below this share of its column's variance is a Heywood case (the usual lower bound of programs)."""

# A step that overflows ends as a status with its sentence, so numpy need not warn of it as well.
OVERFLOW_IS_AN_OUTCOME = np.errstate(over="ignore", divide="ignore", invalid="ignore")


@dataclass(frozen=True)
class Intervention:
    """A setting that was changed in flight: it holds for every step after `iteration`."""

    iteration: int
    setting: str
    value: Any


@dataclass(frozen=True)
class Route:
    """How one lane runs: its algorithm, what was changed in flight, and what happens outside the constraints."""

    algorithm: Algorithm
    interventions: tuple[Intervention, ...] = ()
    continue_outside: bool = False
    key: int = 0

    def algorithm_after(self, iteration: int) -> Algorithm:
        """The algorithm as it is set for the step that follows `iteration`."""
        if not self.interventions:
            return self.algorithm
        changes = {each.setting: each.value for each in self.interventions if each.iteration <= iteration}
        return dataclasses.replace(self.algorithm, **changes) if changes else self.algorithm


def run(
    problem: Problem, route: Route, start: Parameters, stop: Stop, after: Step | None = None
) -> Iterator[Step]:
    """Steps of one lane: entry 0 is the start, entry j what step j produced; the last one has a status.

    With `after`, the run goes on behind that step (whose state must be given) as if it had never stopped.
    The clock is the CPU time of the step itself, helpers included; what is done here for stopping rules
    and diagnosis is not on it.
    """
    yield from _Lane(problem, route, stop).steps(start, after)


def replay(problem: Problem, route: Route, iteration: int, state: State, target: int) -> State:
    """The state at iteration `target`, stepped again from that at `iteration`; uncharged."""
    free = problem.uncharged()
    for each in range(iteration, target):
        state, _ = route.algorithm_after(each).step(free, state)
    return route.algorithm.measured(free, state)


class _Lane:
    def __init__(self, problem: Problem, route: Route, stop: Stop) -> None:
        self._problem = problem
        self._route = route
        self._stop = stop
        self._measuring = problem.uncharged()
        self._cpu_nanoseconds = 0
        self._best = -math.inf

    def steps(self, start: Parameters, after: Step | None) -> Iterator[Step]:
        if after is None:
            first = self._first(start)
            yield first
            if first.status != RUNNING:
                return
            after = first
        else:
            self._restore(after)
        step = after
        while True:
            step = self._next(step)
            yield step
            if step.status != RUNNING:
                return

    def _restore(self, step: Step) -> None:
        meter = self._problem.meter
        meter.e_steps, meter.gradients = step.e_steps, step.gradients
        meter.log_likelihoods, meter.m_steps = step.log_likelihoods, step.m_steps
        meter.trials, meter.quadratic_programs = step.trials, step.quadratic_programs
        meter.passes = step.passes
        self._cpu_nanoseconds = round(step.cpu_seconds * 1e9)
        self._best = step.log_likelihood

    @OVERFLOW_IS_AN_OUTCOME
    def _first(self, start: Parameters) -> Step:
        began = self._clock()
        try:
            state = self._route.algorithm.init(self._problem, start, self._route.key)
        except CannotRun as refusal:
            return self._entry(0, None, start, status="refused", reason=str(refusal))
        except UndefinedLikelihood as undefined:
            self._charge(began)
            return self._lost(0, None, undefined, ())
        self._charge(began)
        try:
            state = self._route.algorithm.measured(self._measuring, state)
        except UndefinedLikelihood as undefined:
            return self._lost(0, None, undefined, ())
        return self._judged(0, state, None, (), None, None)

    @OVERFLOW_IS_AN_OUTCOME
    def _next(self, before: Step) -> Step:
        state, iteration = before.state, before.iteration + 1
        assert state is not None
        algorithm = self._route.algorithm_after(before.iteration)
        events = self._interventions_at(before.iteration)
        began = self._clock()
        try:
            new, info = algorithm.step(self._problem, state)
        except UndefinedLikelihood as undefined:
            self._charge(began)
            return self._lost(iteration, state, undefined, events)
        self._charge(began)
        try:
            new = algorithm.measured(self._measuring, new)
        except UndefinedLikelihood as undefined:
            return self._lost(iteration, state, undefined, events)
        events += info.events
        ended = None if info.ended is None else (info.ended.status, info.ended.reason)
        return self._judged(iteration, new, before, events, ended, state)

    def _judged(
        self,
        iteration: int,
        state: State,
        before: Step | None,
        events: tuple[Event, ...],
        ended: tuple[str, str] | None,
        state_before: State | None,
    ) -> Step:
        """The entry of a step that has a value: events, status and sentence."""
        problem, position = self._problem, state.position
        status, reason = RUNNING, ""
        outside = self._violation(state)
        if outside is not None and (before is None or before.is_likelihood):
            detail = outside + self._why_no_likelihood(position.parameters)
            events += (Event("left-constraints", detail),)
            if not self._route.continue_outside:
                status = "left-constraints"
                reason = f"left the constraints at {iteration}: {detail}{self._rate_remark(state_before, iteration)}"
        decreased = False
        if before is not None and outside is None and before.is_likelihood:
            fall = before.log_likelihood - position.log_likelihood
            if fall > 0 and fall > problem.roundoff_bound(position.log_likelihood):
                decreased = True
                events += (Event("decrease", f"the log-likelihood fell by {number_text(fall)}"),)
        events += self._emptied(before, position.parameters)
        events += self._certain(before, position.parameters)
        events += self._heywood(before, position.parameters)
        stationarity = problem.stationarity(position.parameters, position.expectation)
        if status == RUNNING and outside is None:
            status, reason = self._rule(iteration, state, state_before, stationarity, ended)
        elif status == RUNNING and ended is not None:
            status, reason = "left-constraints", f"outside the constraints ({outside}), {ended[1]}"
        if status == RUNNING:
            limit = self._stop.limit_reached(iteration, problem.meter, self._cpu_nanoseconds / 1e9)
            status, reason = limit or (status, reason)
        self._best = max(self._best, position.log_likelihood)
        return self._entry(
            iteration,
            state,
            position.parameters,
            position.log_likelihood,
            stationarity,
            outside is None,
            decreased,
            events,
            status,
            reason,
        )

    def _rule(
        self,
        iteration: int,
        state: State,
        before: State | None,
        stationarity: float,
        ended: tuple[str, str] | None,
    ) -> tuple[str, str]:
        if state.under_way:
            return ended or (RUNNING, "")
        holds = self._stop.satisfied(self._problem, state, before, stationarity)
        if holds is not None or (ended is not None and ended[0] == "converged"):
            reason = holds if holds is not None else ended[1] if ended is not None else ""
            upwards = None
            if stationarity < NEARLY_STATIONARY:
                upwards = direction_upwards(self._problem, state.position)
            elif holds is None:
                slope = f"the projected gradient is still {number_text(stationarity, 2)}"
                upwards = weight_to_raise(self._problem, state.position) or slope
            return ("stuck", f"{reason}, but {upwards}") if upwards else ("converged", reason)
        if ended is not None:
            return ended
        if before is not None and self._stop.tolerance > 0 and self._stands_still(state, before):
            upwards = weight_to_raise(self._problem, state.position)
            if upwards is not None:
                return "stuck", f"nothing moves any more, but {upwards}"
        return RUNNING, ""

    def _stands_still(self, state: State, before: State) -> bool:
        new, old = state.position.parameters, before.position.parameters
        if "weights" not in new or min(new["weights"].tolist()) > 0:
            return False
        return self._problem.free_change(new.vector, old.vector) < STANDING_STILL

    def _lost(
        self,
        iteration: int,
        state: State | None,
        undefined: UndefinedLikelihood,
        events: tuple[Event, ...],
    ) -> Step:
        """The entry of a step that landed where there is no likelihood."""
        kind, detail = undefined.kind, undefined.detail
        if kind == "left-constraints":
            violation = self._problem.layout.violation(undefined.parameters.vector)
            detail = f"{violation}, and there the log-likelihood has no value" if violation else detail
        if kind == "collapsed" and state is not None:
            if state.position.log_likelihood < self._best - FALLEN:
                kind, detail = "not-finite", f"{detail}, but the log-likelihood had fallen before"
            elif self._route.algorithm.promises is None and not self._rises_towards(
                state, undefined.parameters
            ):
                kind, detail = "not-finite", f"{detail}, but the step overshot, for on the way there it falls"
        status = {"not-finite": "diverged"}.get(kind, kind)
        sentence = {
            "collapsed": f"collapsed at {iteration}: {detail}",
            "left-constraints": f"left the constraints at {iteration}: {detail}{self._rate_remark(state, iteration)}",
            "diverged": f"diverged at {iteration}: {detail}{self._rate_remark(state, iteration)}",
        }[status]
        return self._entry(
            iteration,
            state,
            undefined.parameters,
            is_likelihood=False,
            events=(*events, Event(kind, detail)),
            status=status,
            reason=sentence,
        )

    def _rises_towards(self, state: State, parameters: Parameters) -> bool:
        """Whether the log-likelihood grows along the natural parameters' segment from a state to a collapse."""
        here, problem = state.position.parameters, self._problem.uncharged()
        value = state.position.log_likelihood
        for share in ON_THE_WAY:
            between = np.asarray((1 - share) * here.vector + share * parameters.vector)
            try:
                there = problem.log_likelihood(Parameters(here.layout, between))
            except UndefinedLikelihood:
                break
            if there < value - FALLEN:
                return False
            value = there
        return True

    def _violation(self, state: State) -> str | None:
        if not isinstance(state, GradientState) or state.chart.keeps_support:
            return None
        return self._problem.layout.violation(state.position.parameters.vector)

    def _why_no_likelihood(self, parameters: Parameters) -> str:
        for block in parameters.layout.blocks:
            if isinstance(block.support, Simplex):
                sums = np.sum(parameters[block.name], axis=-1)
                if np.max(np.abs(sums - 1)) > SUM_TOLERANCE:
                    return "; what it climbs is no likelihood any more, because it grows without end as that sum grows"
        return ""

    def _rate_remark(self, state: State | None, iteration: int) -> str:
        """How the learning rate compares with the largest stable one where the lane still had a likelihood."""
        algorithm = self._route.algorithm_after(iteration - 1)
        rate = algorithm.fixed_rate if isinstance(algorithm, GradientAlgorithm) else None
        if rate is None or not isinstance(state, GradientState):
            return ""
        stable = largest_stable_rate(self._problem, state.chart, state.x)
        if stable is None:
            return ""
        times = number_text(rate / stable, 2)
        return f"; the rate is about {times} times the largest stable one, 2/\u03bbmax, here"

    def _interventions_at(self, iteration: int) -> tuple[Event, ...]:
        if not self._route.interventions:
            return ()
        changed = [each for each in self._route.interventions if each.iteration == iteration]
        return tuple(
            Event("intervention", f"{each.setting.replace('_', ' ')} set to {each.value} after {iteration}")
            for each in changed
        )

    def _emptied(self, before: Step | None, parameters: Parameters) -> tuple[Event, ...]:
        if before is None or "weights" not in parameters or 0.0 not in parameters["weights"].tolist():
            return ()
        gone = np.flatnonzero((parameters["weights"] == 0) & (before.parameters["weights"] != 0))
        return tuple(Event("empty-component", f"weight {k + 1} became exactly 0") for k in gone)

    def _certain(self, before: Step | None, parameters: Parameters) -> tuple[Event, ...]:
        """Probabilities that have just become exactly 0 or 1."""
        found: list[Event] = []
        for block in self._problem.layout.free_probabilities if before is not None else ():
            assert before is not None
            now, old = parameters[block], before.parameters[block]
            for edge in (0.0, 1.0):
                for place in np.argwhere((now == edge) & (old != edge)).tolist():
                    where = f" {place[-1] + 1}" if place else ""
                    of_component = f" of component {place[0] + 1}" if len(place) > 1 else ""
                    detail = f"{singular(block)}{where}{of_component} became exactly {edge:g}"
                    found.append(Event("certain-probability", detail))
        return tuple(found)

    def _heywood(self, before: Step | None, parameters: Parameters) -> tuple[Event, ...]:
        """Uniquenesses that have just fallen below what counts as a Heywood case, or become exactly 0.

        A component of a mixture may be narrow without being a Heywood case: there only 0 itself counts.
        """
        found: list[Event] = []
        for block in self._problem.layout.free_uniquenesses if before is not None else ():
            assert before is not None
            shape = parameters[block].shape
            now, old = np.ravel(parameters[block]), np.ravel(before.parameters[block])
            gone = (now == 0) & (old != 0)
            small = (now < HEYWOOD) & (old >= HEYWOOD) if len(shape) < 2 else gone
            for place in np.flatnonzero(small | gone).tolist():
                fell = f"fell below {HEYWOOD:g} of its column's variance: a Heywood case"
                what = "became exactly 0: a Heywood case" if gone[place] else fell
                found.append(Event("heywood", f"{Uniqueness.name_of(shape, place)} {what}"))
        return tuple(found)

    def _clock(self) -> int:
        return time.thread_time_ns() + self._problem.workspace.helper_nanoseconds

    def _charge(self, began: int) -> None:
        self._cpu_nanoseconds += self._clock() - began

    def _entry(
        self,
        iteration: int,
        state: State | None,
        parameters: Parameters,
        log_likelihood: float = math.nan,
        stationarity: float = math.nan,
        is_likelihood: bool = True,
        decreased: bool = False,
        events: tuple[Event, ...] = (),
        status: str = RUNNING,
        reason: str = "",
    ) -> Step:
        meter = self._problem.meter
        return Step(
            iteration,
            state,
            parameters,
            log_likelihood,
            stationarity,
            meter.e_steps,
            meter.gradients,
            meter.log_likelihoods,
            meter.m_steps,
            meter.trials,
            meter.quadratic_programs,
            meter.passes,
            self._cpu_nanoseconds / 1e9,
            is_likelihood,
            decreased,
            events,
            status,
            reason,
        )
