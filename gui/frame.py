"""View state: what is drawn, resolved from the experiment, its data, the traces and the cursor. No Qt here.

A `Scene` stays as long as the data, the model and the start do; a `Frame` is one moment of it. Both are
frozen, and what a frame shows depends on the traces and the cursor alone.
"""

import dataclasses
import math
import weakref
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.algorithms.base import Event
from engine.algorithms.gradient import GradientState
from engine.analysis.bound import Stair, predicted_gain, stair
from engine.analysis.e_step import EStepUse, e_step_use
from engine.analysis.landscape import Landscape, landscape
from engine.dataset import Dataset
from engine.errors import InputError
from engine.experiment import Experiment
from engine.many_starts import ManyStarts
from engine.models.base import Model, UndefinedLikelihood
from engine.models.missing_cells import Imputation
from engine.models.mixture import Mixture
from engine.models.mixture_proportions import MixtureProportions
from engine.parameters import Array, Parameters
from engine.trace import RUNNING, Trace
from gui.extremes import Extremes
from gui.pins import Pin, PinnedLane

LONGEST_TRAIL = 400
ROOM = 0.08
"""Around the points, as a share of their range."""
ROOM_FOR_MISSING, MOST_ROOM_FOR_MISSING = 0.3, 0.12
"""So much more, times the share of rows that lack the coordinate."""
COUNTS = ("e_steps", "m_steps", "gradients", "log_likelihoods", "trials", "quadratic_programs")
CLOCKS = ("iteration", "passes", "cpu")


@dataclass(frozen=True, eq=False)
class Projection:
    """How points of d dimensions are put on a canvas of at most two: (x - origin) @ matrix.T."""

    matrix: Array
    origin: Array
    labels: tuple[str, ...]

    @property
    def dimension(self) -> int:
        return len(self.matrix)

    @property
    def is_identity(self) -> bool:
        """Whether values already are where they stand on the canvas."""
        return not np.any(self.origin) and np.array_equal(self.matrix, np.eye(len(self.origin)))

    @cached_property
    def chosen(self) -> tuple[int, ...] | None:
        """The places of the columns that the axes show as they are; None where they mix columns."""
        alone = (np.count_nonzero(self.matrix, axis=1) == 1) & (np.max(self.matrix, axis=1) == 1.0)
        if np.any(self.origin) or not np.all(alone):
            return None
        return tuple(np.argmax(self.matrix, axis=1).tolist())

    def points(self, values: Array) -> Array:
        """Values (..., d) on the canvas, (..., 1 or 2); NaN where a cell is missing that is seen there."""
        if self.chosen is not None:
            # In a product a cell that is missing would take those of other columns with it.
            return np.asarray(values[..., list(self.chosen)])
        return np.asarray((values - self.origin) @ self.matrix.T)

    def covariances(self, covariances: Array) -> Array:
        """Covariances (..., d, d) on the canvas."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.matrix @ covariances @ self.matrix.T)


def projection(dataset: Dataset, shown: tuple[int, int] | None) -> Projection:
    """Two columns (indices), or the two principal directions of the standardised columns for None."""
    d = dataset.dimension
    if d == 1:
        return Projection(np.eye(1), np.zeros(1), dataset.columns)
    if shown is not None or d == 2 or not dataset.rows:
        first, second = shown or (0, 1)
        matrix = np.zeros((2, d))
        matrix[0, first] = matrix[1, second] = 1.0
        return Projection(matrix, np.zeros(d), (dataset.columns[first], dataset.columns[second]))
    sample = dataset.values[:: max(1, dataset.rows // 100_000)]
    if dataset.missing and np.isnan(sample).all(axis=0).any():
        sample = dataset.values
    centre, deviation = np.nanmean(sample, axis=0), np.nanstd(sample, axis=0)
    scaled = np.nan_to_num((sample - centre) / deviation)
    _, vectors = np.linalg.eigh(scaled.T @ scaled)
    directions = vectors[:, :-3:-1].T
    # An eigenvector's sign is arbitrary; the largest loading is made positive.
    signs = np.sign(directions[np.arange(2), np.argmax(np.abs(directions), axis=1)])
    return Projection(
        signs[:, None] * directions / deviation,
        centre,
        ("1st principal direction", "2nd principal direction"),
    )


@dataclass(frozen=True, eq=False)
class Components:
    """A mixture as it stands on the canvas: weights (K,), means (K, p), covariances (K, p, p), p = 1 or 2."""

    weights: Array
    means: Array
    covariances: Array


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays while data, model and start stay. `points` are (n, p) on the canvas, NaN where a cell is missing.

    Where a model's components have no `places` among the points, all places are 0; without components there are none.
    """

    generation: int
    dataset: Dataset
    model: Model
    prepared: Any
    start_parameters: Parameters
    projection: Projection
    points: Array
    start: Components
    truth: Components | None

    def components(self, parameters: Parameters) -> Components:
        """The components of some parameters on the canvas."""
        return _on_canvas(self.model, self.projection, parameters)

    @cached_property
    def places(self) -> bool:
        """Whether components have a place on the canvas."""
        return isinstance(self.model, Mixture) and self.model.moments(self.start_parameters) is not None

    @cached_property
    def holds_lines(self) -> bool:
        """Whether components are lines on the canvas."""
        return self.lines(self.start_parameters) is not None

    @property
    def holds_points(self) -> bool:
        """Whether the canvas shows the rows as points or as bars, with the components among them."""
        return self.whole is None and (self.places or self.holds_lines)

    def lines(self, parameters: Parameters) -> Array | None:
        """Components as lines on the canvas, two points each (K, 2, 2), at the ends of the data; None where none are."""
        return self._line_ends(self.model.describe(parameters))

    @cached_property
    def true_lines(self) -> Array | None:
        """The lines that the data were drawn from, where that is known as this kind of model."""
        truth = self.dataset.truth
        if truth is None or truth.model != self.model.name:
            return None
        return self._line_ends({name: np.asarray(block) for name, block in truth.parameters.items()})

    def _line_ends(self, described: Mapping[str, Array]) -> Array | None:
        if not isinstance(self.model, Mixture) or self.dataset.dimension != 2:
            return None
        lines = self.model.lines_of(self.dataset.columns, described)
        if lines is None:
            return None
        coefficients, predictor = lines
        ends = self.limits[predictor]
        heights = coefficients[:, :1] + coefficients[:, 1:] * ends
        along = np.broadcast_to(ends, heights.shape)
        pair = (along, heights) if predictor == 0 else (heights, along)
        return np.stack(pair, axis=-1)

    @cached_property
    def whole(self) -> Landscape | None:
        """The whole log-likelihood, where that is the model's picture."""
        if not self.model.drawn_whole:
            return None
        return landscape(self.model, self.dataset, self.start_parameters)

    def responsibilities(self, parameters: Parameters, rows: npt.NDArray[np.intp] | slice) -> Array:
        """Posterior probabilities (K, m) of the components at some rows of the dataset."""
        return self.posterior(parameters, self.prepared.columns[:, rows])

    def posterior(self, parameters: Parameters, columns: Array) -> Array:
        """Posterior probabilities (K, m) of the components at columns (d, m) of prepared data; NaN where there are none."""
        assert isinstance(self.model, Mixture | MixtureProportions)
        try:
            with np.errstate(all="ignore"):
                return self.model.responsibilities(parameters, columns)
        except (UndefinedLikelihood, np.linalg.LinAlgError):
            return np.full((len(self.start.weights), columns.shape[1]), np.nan)

    def importance(self, parameters: Parameters, rows: npt.NDArray[np.intp]) -> Array | None:
        """How much some rows of the dataset count in the M step, (m,); None where all count in full."""
        if not isinstance(self.model, Mixture):
            return None
        return self.model.importance(parameters, self.prepared.columns[:, rows])

    def imputed(self, parameters: Parameters, rows: npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Some rows (m, d) of a model that can tell what it expects of missing cells, in the data's units.

        And the standard deviations (m, d), 0 where a cell is there. NaN where the parameters have no likelihood.
        """
        assert isinstance(self.model, Imputation)
        try:
            with np.errstate(all="ignore"):
                found, deviations = self.model.imputed(parameters, self.prepared.columns[:, rows])
        except (UndefinedLikelihood, np.linalg.LinAlgError):
            nothing = np.full((len(rows), self.dataset.dimension), np.nan)
            return nothing, nothing
        frame = self.prepared.frame
        return frame.from_frame(found.T), frame.scale * deviations.T

    def weighted_densities(self, parameters: Parameters, grid: Array) -> Array:
        """pi_k f_k (K, m) in the data's units at values (m,) of a one-dimensional dataset."""
        assert isinstance(self.model, Mixture)
        frame = self.prepared.frame
        columns = frame.to_frame(grid[:, None]).T
        logs = self.model.log_densities(parameters, columns, np.arange(len(parameters["weights"])))
        return np.asarray(parameters["weights"][:, None] * np.exp(logs) / float(frame.scale[0]))

    @cached_property
    def limits(self) -> Array:
        """(p, 2): what the canvas shows at first, the points with a little room."""
        points = self.points
        if self.dataset.missing and self.projection.chosen is None:
            # Where a direction mixes columns, a row that lacks a cell stands in that column in the middle of the data.
            values, origin = self.dataset.values, self.projection.origin
            points = self.projection.points(np.where(np.isnan(values), origin, values))
        low, high = _extremes(points)
        room = ROOM + np.zeros(len(low))
        if self.dataset.missing:
            # What is missing may be expected beyond what is there.
            share = np.mean(np.isnan(self.points), axis=0)
            room += np.minimum(ROOM_FOR_MISSING * share, MOST_ROOM_FOR_MISSING)
        room *= np.where(high > low, high - low, 1.0)
        return np.stack((low - room, high + room), axis=1)


def _extremes(points: Array) -> tuple[Array, Array]:
    """The lowest and the highest value of each column that are there."""
    # Column by column: over a million rows that takes a twentieth of the time.
    columns = list(points.T)
    low = [np.min(each, initial=np.inf) for each in columns]
    high = [np.max(each, initial=-np.inf) for each in columns]
    if not np.all(np.isfinite((low, high))):
        columns = [each[np.isfinite(each)] for each in columns]
        # Of a covariance matrix there are no points.
        low = [np.min(each) if len(each) else 0.0 for each in columns]
        high = [np.max(each) if len(each) else 1.0 for each in columns]
    return np.array(low), np.array(high)


def scene(
    generation: int,
    dataset: Dataset,
    model: Model,
    prepared: Any,
    start: Parameters,
    shown: tuple[int, int] | None,
) -> Scene:
    """The scene of prepared data; see `projection` for `shown`."""
    onto = projection(dataset, shown)
    return Scene(
        generation,
        dataset,
        model,
        prepared,
        start,
        onto,
        dataset.values if onto.is_identity else onto.points(dataset.values),
        _on_canvas(model, onto, start),
        _true_components(dataset, model, prepared, onto),
    )


def _true_components(dataset: Dataset, model: Model, prepared: Any, onto: Projection) -> Components | None:
    """What the data were drawn from, where that is known as this kind of model, and its components have a place."""
    truth = dataset.truth
    if truth is None or truth.model != model.name or not isinstance(model, Mixture):
        return None
    values = {name: np.asarray(block, dtype=float) for name, block in truth.parameters.items()}
    if "means" in values and "covariances" in values:
        # As they are, whatever covariances the model itself may have.
        covariances = values["covariances"]
        return Components(values["weights"], onto.points(values["means"]), onto.covariances(covariances))
    known = dataclasses.replace(model, components=len(values["weights"]))
    try:
        parameters = known.accept(prepared, values, approximate=True)
    except InputError:
        return None
    return _on_canvas(known, onto, parameters)


def _on_canvas(model: Model, onto: Projection, parameters: Parameters) -> Components:
    moments = model.moments(parameters) if isinstance(model, Mixture) else None
    if moments is None:
        weights = parameters["weights"] if "weights" in parameters else np.zeros(0)
        count, p = len(weights), onto.dimension
        return Components(weights, np.zeros((count, p)), np.zeros((count, p, p)))
    weights, means, covariances = moments
    return Components(weights, onto.points(means), onto.covariances(covariances))


@dataclass(frozen=True, eq=False)
class Curve:
    """A lane's columns as far as they are computed, entry j for iteration j (views of the trace).

    `counts` are evaluations by kind, see `COUNTS`.
    """

    log_likelihood: Array
    passes: Array
    cpu_seconds: Array
    is_likelihood: npt.NDArray[np.bool_]
    decreased: npt.NDArray[np.bool_]
    counts: Mapping[str, npt.NDArray[np.int64]]
    extremes: Extremes = field(default_factory=Extremes)

    def __len__(self) -> int:
        return len(self.passes)

    def clock(self, name: str) -> Array:
        """The horizontal axis: 'iteration', 'passes' or 'cpu' (seconds)."""
        if name == "passes":
            return self.passes
        return self.cpu_seconds if name == "cpu" else iterations(len(self.passes))

    def comparable(self, part: slice = slice(None)) -> npt.NDArray[np.bool_]:
        """Which entries have a log-likelihood and may be compared with another lane's."""
        return np.asarray(self.is_likelihood[part] & np.isfinite(self.log_likelihood[part]))

    def between(self, first: int, stop: int) -> tuple[float, float]:
        """The lowest and the highest comparable log-likelihood of some entries; see `Extremes`."""
        return self.extremes.between(self.log_likelihood, self.is_likelihood, first, stop)


_counted = np.zeros(0)


def iterations(count: int) -> Array:
    """0, 1, ..., count - 1 as floats, to be read only: a part of one column that all traces share."""
    global _counted
    if count > len(_counted):
        _counted = np.arange(max(1024.0, 2.0 * count))
        _counted.setflags(write=False)
    return _counted[:count]


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
class Frame:
    """One moment of the laboratory. `cursor` is in units of `clock`; `end` is the furthest it can go now."""

    scene: Scene
    experiment: Experiment
    lanes: tuple[LaneFrame, ...]
    cursor: float
    end: float
    clock: str
    vertical: str
    playing: bool
    best_known: float
    best_is_polished: bool
    show_truth: bool
    sentence: str = ""
    pins: tuple[Pin, ...] = ()
    ends: ManyStarts | None = None

    @property
    def components(self) -> int:
        return len(self.scene.start.weights)


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


def clock_column(trace: Trace, clock: str) -> Array:
    """The clock at each entry of a trace: 'iteration', 'passes' or 'cpu' (seconds)."""
    if clock == "iteration":
        return iterations(trace.count)
    return trace.floats("passes" if clock == "passes" else "cpu_seconds")


def iteration_at(trace: Trace, clock: str, cursor: float) -> int:
    """The iteration that a lane shows at a cursor position: the last one the clock has reached."""
    if clock == "iteration":
        return max(0, min(int(cursor + 1e-9), trace.count - 1))
    reached = np.searchsorted(clock_column(trace, clock), cursor * (1 + 1e-12) + 1e-15, side="right")
    return max(0, int(reached) - 1)


def resolve(
    scene: Scene,
    experiment: Experiment,
    sources: Sequence[LaneSource],
    cursor: float,
    playing: bool,
    polished: float | None = None,
    pins: tuple[Pin, ...] = (),
    ends: ManyStarts | None = None,
) -> Frame:
    """The frame at a cursor position, in units of the experiment's clock; every trace has entry 0."""
    show = experiment.show
    half = show.clock == "iteration" and not playing and cursor - math.floor(cursor) > 0.25
    lanes = tuple(_lane_frame(scene, source, show.clock, cursor, half, playing) for source in sources)
    best = polished if polished is not None else _best_seen(lanes)
    end = max((float(clock_column(source.trace, show.clock)[-1]) for source in sources), default=0.0)
    return Frame(
        scene,
        experiment,
        lanes,
        cursor,
        end,
        show.clock,
        show.vertical,
        playing,
        best,
        polished is not None,
        show.truth,
        _sentence(lanes),
        pins,
        ends,
    )


def pinned_lanes(scene: Scene, sources: Sequence[LaneSource]) -> tuple[PinnedLane, ...]:
    """What stays of each lane when its run is pinned: everything up to its newest entry."""
    pinned = []
    for source in sources:
        trace, last = source.trace, source.trace.count - 1
        best = _last_likelihood(trace) or 0
        components = scene.components(trace.parameters(best))
        iterations, weights, _ = _paths(scene, trace, last)
        pinned.append(
            PinnedLane(
                source.index,
                source.title,
                trace.status,
                last,
                float(trace.floats("log_likelihood")[best]),
                {clock: np.array(clock_column(trace, clock)) for clock in CLOCKS},
                np.array(trace.floats("log_likelihood")),
                np.array(trace.column("is_likelihood")),
                np.array(iterations),
                np.array(weights),
                components.means,
                components.covariances,
            )
        )
    return tuple(pinned)


def _last_likelihood(trace: Trace) -> int | None:
    """The last iteration with a likelihood; None where there is none."""
    usable = np.flatnonzero(trace.column("is_likelihood") & np.isfinite(trace.floats("log_likelihood")))
    return int(usable[-1]) if usable.size else None


_extremes_of: weakref.WeakKeyDictionary[Trace, Extremes] = weakref.WeakKeyDictionary()


def _best_seen(lanes: Sequence[LaneFrame]) -> float:
    return max((lane.curve.between(0, len(lane.curve))[1] for lane in lanes), default=-math.inf)


def _lane_frame(
    scene: Scene, source: LaneSource, clock: str, cursor: float, half: bool, playing: bool
) -> LaneFrame:
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
    columns = {
        name: trace.column(name)[:count]
        for name in ("log_likelihood", "passes", "cpu_seconds", "is_likelihood", "decreased")
    }
    iterations, weights_path, means_path = _paths(scene, trace, iteration)
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
        float(columns["log_likelihood"][iteration]),
        float(trace.column("stationarity")[iteration]),
        float(columns["passes"][iteration]),
        float(columns["cpu_seconds"][iteration]),
        int(np.count_nonzero(columns["decreased"][: iteration + 1])),
        bool(columns["is_likelihood"][iteration]),
        parameters,
        coloured,
        scene.components(parameters),
        following,
        iterations,
        weights_path,
        means_path,
        Curve(
            **columns,
            counts={name: trace.column(name)[:count] for name in COUNTS},
            extremes=_extremes_of.setdefault(trace, Extremes()),
        ),
        trace.events_before(count),
        source.settings,
        ended,
        trace.status if ended else RUNNING,
        partial(_stair_at, scene, trace) if source.family == "em" else _no_stair,
        _gain(trace, iteration) if half else None,
        partial(_e_step, scene, trace, iteration),
        partial(_report, scene, trace),
        source.colours or tuple(range(len(scene.start.weights))),
        _free_path(scene, trace, iteration),
        _free_numbers(scene, trace.parameters(iteration + 1)) if half and iteration + 1 < count else None,
        trace.path("transitions", iteration) if "transitions" in trace.layout.by_name else None,
    )


def _free_numbers(scene: Scene, parameters: Parameters) -> Array:
    """The numbers (s,) that the scene's whole likelihood depends on."""
    places = scene.whole.places if scene.whole is not None else ()
    return parameters.vector[list(places)]


def _free_path(scene: Scene, trace: Trace, iteration: int) -> Array:
    """Those numbers and the log-likelihood on the way to an iteration, (m, s + 1); (0, 0) without such a likelihood."""
    if scene.whole is None:
        return np.zeros((0, 0))
    paths = [trace.path(name, iteration) for name in trace.layout.free]
    numbers = [block.reshape(len(block), -1) for _, block in paths]
    heights = trace.floats("log_likelihood")[paths[0][0]]
    return np.concatenate((*numbers, heights[:, None]), axis=1)


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


def _report(scene: Scene, trace: Trace) -> Mapping[str, float]:
    """What the model tells in numbers of a trace's last parameters that have a likelihood."""
    last = _last_likelihood(trace)
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


def _paths(scene: Scene, trace: Trace, iteration: int) -> tuple[npt.NDArray[np.intp], Array, Array]:
    """Weights and means (on the canvas) on the way to an iteration; the trail of means is thinned."""
    layout, model = trace.layout, scene.model
    if "weights" not in layout.by_name:
        return np.arange(1), np.zeros((1, 0)), np.zeros((1, 0, scene.projection.dimension))
    iterations, weights = trace.path("weights", iteration)
    if not isinstance(model, Mixture) or not scene.places:
        return iterations, weights, np.zeros((1, weights.shape[1], scene.projection.dimension))
    thinned = {}
    for name in model.mean_blocks:
        _, block = trace.path(name, iteration)
        every = max(1, -(-len(block) // LONGEST_TRAIL))
        kept = np.concatenate((block[::every], block[-1:])) if every > 1 else block
        thinned[name] = layout.by_name[name].in_data_units(kept)
    return iterations, weights, scene.projection.points(model.means_of(thinned))


SAYS_ITSELF = ("left-constraints", "collapsed", "diverged", "iteration-limit", "time-limit", "stopped")
"""Statuses whose reason is a verb with all that belongs to it: 'collapsed at 9: ...'."""


def _ending(lane: LaneFrame) -> str:
    """How a lane ended, in a sentence that names it once."""
    if lane.reason.startswith(lane.title):
        return lane.reason
    if lane.status in SAYS_ITSELF:
        return f"{lane.title} {lane.reason}"
    return f"{lane.title} {lane.status} after {lane.iteration}: {lane.reason}"


def _sentence(lanes: Sequence[LaneFrame]) -> str:
    """The line that says in words what just happened: the newest event at the cursor, or the end."""
    said = []
    for lane in lanes:
        # Events stand in the order of their iterations, and there may be very many of them.
        newest = bisect_right(lane.events, lane.iteration, key=lambda each: each[0]) - 1
        here = newest >= 0 and lane.events[newest][0] == lane.iteration
        if lane.ended:
            said.append(_ending(lane))
        elif here:
            said.append(f"{lane.title} at {lane.iteration}: {lane.events[newest][1].detail}")
        elif lane.half:
            words = (
                "the E step shared out the points; next, the M step moves the components"
                if lane.family == "em"
                else "the direction is known (arrows); next, the move"
            )
            said.append(f"{lane.title}: {words}")
    return "   |   ".join(said)
