"""One lane at the cursor, as a frozen value: what its canvas, strip and curves show."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from engine.algorithms.base import Event
from engine.algorithms.gradient import GradientState
from engine.analysis.bound import Stair, predicted_gain, stair
from engine.analysis.e_step import EStepUse, e_step_use
from engine.parameters import Array, Parameters
from engine.trace import RUNNING, Trace
from gui.clock import iteration_at
from gui.curve import Curve, curve
from gui.paths import free_numbers, free_path, paths
from gui.scene import Components, Scene


@dataclass(frozen=True, slots=True)
class Gain:
    """What the gradient promised for the step at the cursor, and what the log-likelihood really gained."""

    predicted: float
    real: float


@dataclass(frozen=True, eq=False)
class LaneFrame:
    """One lane at the cursor.

    `half` is true between two iterations: the E half of a step is done (colours and bound moved), or the
    direction of a gradient step is known; `next_components` are where the other half will lead, where
    that is known. `complete`: the lane has come to its end, wherever the cursor stands, with
    `whole_status`. `colour_parameters` are those whose posterior colours the points. `weights_path` (m,
    K) and `means_path` (m, K, p) belong to the iterations `path_iterations` (m,) up to the cursor.
    `stair_at(iteration)` is EM's step from there as a stair on the bound, computed when asked for; `gain`
    what a gradient's half step promises. `e_step()` is what EM and a gradient make of the E step at the
    cursor, likewise. `report()` are the numbers that the model tells beyond its parameters, at the last iteration with
    a likelihood. `colours` (K) says which colour each component has, see `LaneSource`. `free_path` (m, s + 1) are
    the numbers of the scene's whole likelihood on the way, and its height there; `free_next` (s,) where the next step
    leads them. Where there are hidden states, `transitions_path` are iterations (m,) up to the cursor and the
    probabilities of all transitions there, (m, K, K).
    """

    index: int
    title: str
    algorithm: str
    family: str
    iteration: int
    last_iteration: int
    half: bool
    status: str
    reason: str
    log_likelihood: float
    stationarity: float
    passes: float
    cpu_seconds: float
    decreases: int
    is_likelihood: bool
    parameters: Parameters
    colour_parameters: Parameters
    components: Components
    next_components: Components | None
    path_iterations: npt.NDArray[np.intp]
    weights_path: Array
    means_path: Array
    curve: Curve
    events: tuple[tuple[int, Event], ...]
    settings: str
    complete: bool
    whole_status: str
    stair_at: Callable[[int], Stair | None]
    gain: Gain | None
    e_step: Callable[[], EStepUse | None]
    report: Callable[[], Mapping[str, float]]
    colours: tuple[int, ...]
    free_path: Array
    free_next: Array | None
    transitions_path: tuple[npt.NDArray[np.intp], Array] | None = None

    @property
    def ended(self) -> bool:
        return self.status not in ("running", "paused")

    @property
    def weight_sum(self) -> float:
        return float(np.sum(self.components.weights))

    @property
    def weight_minimum(self) -> float:
        return float(np.min(self.components.weights, initial=math.inf))


@dataclass(frozen=True, eq=False)
class LaneSource:
    """What `resolve` reads of a lane: its place, words, trace and family.

    `colours` are the colours of its components, so that one colour means one cluster in every lane; empty:
    their own order.
    """

    index: int
    title: str
    algorithm: str
    family: str
    settings: str
    trace: Trace
    colours: tuple[int, ...] = ()


def lane_frame(
    scene: Scene, source: LaneSource, clock: str, cursor: float, half: bool, playing: bool
) -> LaneFrame:
    """A lane at a cursor position; `half` where that is between two iterations, unless the lane ended there."""
    trace = source.trace
    # The trace may grow while it is read: what is asked for last is the longest.
    ended = trace.ended
    iteration = iteration_at(trace, clock, cursor)
    count = trace.count
    at_end = ended and iteration == count - 1
    half = half and not at_end
    parameters = trace.parameters(iteration)
    coloured = parameters
    if source.family == "em" and not half and iteration > 0:
        coloured = trace.parameters(iteration - 1)
    if not _finite(coloured):
        coloured = trace.nearest_state(max(0, iteration - 1))[1].position.parameters
    following = None
    if half and iteration + 1 < count:
        following = scene.components(trace.parameters(iteration + 1))
    lane_curve = curve(trace, count)
    iterations, weights_path, means_path = paths(scene, trace, iteration)
    return LaneFrame(
        source.index,
        source.title,
        source.algorithm,
        source.family,
        iteration,
        count - 1,
        half,
        trace.status if at_end else ("running" if playing else "paused"),
        trace.reason if at_end else "",
        float(lane_curve.log_likelihood[iteration]),
        float(trace.column("stationarity")[iteration]),
        float(lane_curve.passes[iteration]),
        float(lane_curve.cpu_seconds[iteration]),
        int(np.count_nonzero(lane_curve.decreased[: iteration + 1])),
        bool(lane_curve.is_likelihood[iteration]),
        parameters,
        coloured,
        scene.components(parameters),
        following,
        iterations,
        weights_path,
        means_path,
        lane_curve,
        trace.events_before(count),
        source.settings,
        ended,
        trace.status if ended else RUNNING,
        partial(_stair_at, scene, trace) if source.family == "em" else _no_stair,
        _gain(trace, iteration) if half else None,
        partial(_e_step, scene, trace, iteration),
        partial(_report, scene, trace),
        source.colours or tuple(range(len(scene.start.weights))),
        free_path(scene, trace, iteration),
        free_numbers(scene, trace.parameters(iteration + 1)) if half and iteration + 1 < count else None,
        trace.path("transitions", iteration) if "transitions" in trace.layout.by_name else None,
    )


def _no_stair(iteration: int) -> None:
    """A gradient method climbs no bound."""


def _stair_at(scene: Scene, trace: Trace, iteration: int) -> Stair | None:
    """The stair that begins at an iteration; None where the states were not kept or are no likelihoods."""
    if not 0 <= iteration < trace.count - 1 or trace.stride > 1:
        return None
    place, state = trace.nearest_state(iteration)
    after = float(trace.column("log_likelihood")[iteration + 1])
    if place != iteration or not math.isfinite(after):
        return None
    return stair(scene, state.position, trace.parameters(iteration + 1), after)


def _e_step(scene: Scene, trace: Trace, iteration: int) -> EStepUse | None:
    """What EM and a gradient make of the E step at an iteration; None where it was not kept."""
    if trace.last.state is None:
        return None
    place, state = trace.nearest_state(iteration)
    return e_step_use(scene, state.position) if place == iteration else None


def last_likelihood(trace: Trace) -> int | None:
    """The last iteration with a likelihood; None where there is none."""
    usable = np.flatnonzero(trace.column("is_likelihood") & np.isfinite(trace.floats("log_likelihood")))
    return int(usable[-1]) if usable.size else None


def _report(scene: Scene, trace: Trace) -> Mapping[str, float]:
    """What the model tells in numbers of a trace's last parameters that have a likelihood."""
    last = last_likelihood(trace)
    if last is None:
        return {}
    found = scene.model.report(scene.prepared, trace.parameters(last))
    return {name: float(value) for name, value in found.items() if not np.ndim(value)}


def _gain(trace: Trace, iteration: int) -> Gain | None:
    """Promised and real gain of the step behind an iteration; None where it was not kept."""
    if iteration + 1 >= trace.count:
        return None
    place, state = trace.nearest_state(iteration)
    reached, following = trace.nearest_state(iteration + 1)
    if (place, reached) != (iteration, iteration + 1):
        return None
    if not isinstance(state, GradientState) or not isinstance(following, GradientState):
        return None
    values = trace.column("log_likelihood")
    return Gain(predicted_gain(state, following), float(values[iteration + 1] - values[iteration]))


def _finite(parameters: Parameters) -> bool:
    return bool(np.all(np.isfinite(parameters.vector)))
