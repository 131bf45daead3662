"""The lanes of an experiment at work: one engine and one trace each, from the same start."""

import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.algorithms.base import Algorithm, State
from engine.algorithms.gradient import GradientAlgorithm, GradientState
from engine.analysis.matching import matched_components
from engine.experiment import Experiment, Lane
from engine.models.base import Model
from engine.objective import Problem
from engine.parameters import Parameters
from engine.preparation import Preparation
from engine.run import replay
from engine.settings import written
from engine.trace import Step, Trace
from gui.lane_frame import LaneSource
from gui.worker import Engine, Turns

CLOSING_SECONDS = 0.4


class Race:
    """Engines, traces and problems of one experiment's lanes on one preparation.

    Lists hold the lanes that are switched on, in their order; a lane's `number` is its place among all.
    """

    def __init__(self, turns: Turns, experiment: Experiment, preparation: Preparation) -> None:
        self.experiment = experiment
        self.preparation = preparation
        self._turns = turns
        self._limit: float = 0
        self._problems: list[Problem] = []
        self._engines: list[Engine] = []
        self._abandoned: list[Engine] = []
        for number in experiment.running:
            self._problems.append(preparation.problem())
            self._engines.append(self._engine(experiment.lanes[number], self._problems[-1], None, None))

    def _engine(self, lane: Lane, problem: Problem, trace: Trace | None, after: Step | None) -> Engine:
        experiment, preparation = self.experiment, self.preparation
        fresh = trace if trace is not None else preparation.trace(lane, problem, experiment.seed)
        engine = Engine(
            self._turns,
            problem,
            lane.route(experiment.seed),
            preparation.start_parameters,
            experiment.stop,
            fresh,
            after,
        )
        engine.allow(self._limit)
        engine.begin()
        return engine

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that are switched on."""
        return [self.experiment.lanes[number] for number in self.experiment.running]

    def _place(self, number: int) -> int:
        return self.experiment.running.index(number)

    def trace_of(self, number: int) -> Trace:
        """The trace of the lane with this number, which must be switched on."""
        return self._engines[self._place(number)].trace

    @property
    def traces(self) -> list[Trace]:
        return [engine.trace for engine in self._engines]

    def sources(self, colours: Sequence[tuple[int, ...]] = ()) -> list[LaneSource]:
        """What a frame reads of each lane; `colours` as in `LaneSource`, none for the components' own order."""
        return [
            LaneSource(
                number,
                lane.title,
                lane.algorithm.name,
                lane.algorithm.family,
                _settings_text(lane.algorithm, _writes_weights(self.experiment.model)),
                self._engines[place].trace,
                colours[place] if place < len(colours) else (),
            )
            for place, (number, lane) in enumerate(zip(self.experiment.running, self.lanes, strict=True))
        ]

    def allow(self, iterations: float) -> None:
        """All engines may compute up to this iteration."""
        self._limit = iterations
        for engine in self._engines:
            engine.allow(iterations)

    def wait_for_entries(self, iteration: int, seconds: float) -> bool:
        """Waits until every trace has this entry or has ended; whether they have."""
        return all(engine.wait_for_entry(iteration, seconds) for engine in self._engines)

    @property
    def ended(self) -> bool:
        """Whether every lane has come to its end."""
        return all(trace.ended for trace in self.traces)

    def exchange(self, experiment: Experiment) -> bool:
        """Takes an experiment that differs in some lanes only; whether any lane begins or ends thereby.

        Lanes that did not change keep their engines and traces, wherever they stand now.
        """
        kept: dict[tuple[object, ...], list[tuple[Problem, Engine]]] = {}
        for lane, problem, engine in zip(self.lanes, self._problems, self._engines, strict=True):
            kept.setdefault(_work_of(lane), []).append((problem, engine))
        self.experiment = experiment
        problems, engines = [], []
        for lane in self.lanes:
            found = kept.get(_work_of(lane))
            if found:
                problem, engine = found.pop(0)
            else:
                problem = self.preparation.problem()
                engine = self._engine(lane, problem, None, None)
            problems.append(problem)
            engines.append(engine)
        left = [engine for rest in kept.values() for _, engine in rest]
        self._abandon(left)
        begun = [engine for engine in engines if engine not in self._engines]
        self._problems, self._engines = problems, engines
        return bool(left or begun)

    def resumable(self, number: int, iteration: int) -> int:
        """The newest entry of a lane, at or before an iteration, from which it may go on; 0 where none is.

        What has no value is none, nor what lies outside the constraints unless the lane may go on there.
        """
        trace = self.trace_of(number)
        usable = np.isfinite(trace.floats("log_likelihood")[: iteration + 1])
        if self.experiment.lanes[number].after_leaving != "continue":
            usable &= trace.column("is_likelihood")[: iteration + 1]
        return int(np.flatnonzero(usable)[-1]) if np.any(usable) else 0

    def intervene(self, experiment: Experiment, number: int, iteration: int) -> None:
        """Takes an experiment whose lane `number` was changed in flight: it goes on behind `iteration`."""
        old_lane, old_trace, place = self.experiment.lanes[number], self.trace_of(number), self._place(number)
        self._abandon([self._engines[place]])
        problem = self.preparation.problem()
        iteration, state = _state_at(old_trace, old_lane, problem, iteration, self.experiment.seed)
        lane = experiment.lanes[number]
        self.experiment = experiment
        trace = old_trace.copied_until(iteration, state)
        trace.replay = self.preparation.trace(lane, problem, experiment.seed).replay
        self._problems[place] = problem
        self._engines[place] = self._engine(lane, problem, trace, trace.last)

    def _abandon(self, engines: Sequence[Engine]) -> None:
        for engine in engines:
            engine.abandon()
        self._abandoned = [engine for engine in (*self._abandoned, *engines) if not engine.join(0.0)]

    def best_end(self) -> Parameters | None:
        """The parameters of the highest log-likelihood at which a lane ended; None where none has one."""
        ends = [trace.last for trace in self.traces]
        valid = [step for step in ends if step.is_likelihood and np.isfinite(step.log_likelihood)]
        return max(valid, key=lambda step: step.log_likelihood).parameters if valid else None

    def rated_points(self, iterations: Sequence[int]) -> list[GradientState | None]:
        """Where each lane stands at an iteration, if a learning rate is its whole step; else None."""
        points: list[GradientState | None] = []
        for lane, trace, iteration in zip(self.lanes, self.traces, iterations, strict=True):
            algorithm = lane.route(self.experiment.seed).algorithm_after(iteration)
            rated = isinstance(algorithm, GradientAlgorithm) and algorithm.fixed_rate is not None
            point = None
            if rated and trace.last.state is not None:
                place, state = trace.nearest_state(iteration)
                if place == iteration and isinstance(state, GradientState):
                    point = state
            points.append(point)
        return points

    def matched(self) -> tuple[tuple[int, ...], ...]:
        """For every lane, which component of the first lane each of its own has become in the end."""
        ends = [trace.last.parameters for trace in self.traces]
        return matched_components(ends[0], ends)

    def close(self, seconds: float = CLOSING_SECONDS) -> bool:
        """Ends every engine; whether all had ended within the time."""
        self._abandon(self._engines)
        deadline = time.monotonic() + seconds
        for engine in self._abandoned:
            engine.join(max(0.0, deadline - time.monotonic()))
        return all(engine.join(0.0) for engine in self._abandoned)


def _work_of(lane: Lane) -> tuple[object, ...]:
    """What decides a lane's trace: everything but its name."""
    return (lane.algorithm, lane.interventions, lane.after_leaving)


def _state_at(trace: Trace, lane: Lane, problem: Problem, iteration: int, key: int) -> tuple[int, State]:
    place, state = trace.nearest_state(iteration)
    last = trace.last
    if iteration == last.iteration and last.state is not None:
        lost = last.parameters is not last.state.position.parameters
        iteration -= lost
    if place < iteration:
        state = replay(problem, lane.route(key), place, state, iteration)
    return iteration, state


def _writes_weights(model: Model) -> bool:
    """Whether a gradient in this model needs coordinates for weights."""
    return "weights" in model.blocks and "weights" not in getattr(model, "hold", ())


@lru_cache(maxsize=64)
def _settings_text(algorithm: Algorithm, writes_weights: bool) -> str:
    """An algorithm's most telling settings in a few words."""
    values = written(algorithm)
    told = []
    if "learning_rate" in values:
        told.append(f"rate {values['learning_rate']:g}")
    if writes_weights and algorithm.family == "gradient" and "weight_coordinates" in values:
        told.append(f"weights {values['weight_coordinates']}")
    return ", ".join(told)
