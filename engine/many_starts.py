"""The same lanes from many starts: how often each reaches the best mode, and what that costs.

A start is a run of all lanes from one random start. Starts are independent, so they are shared out over
processes; what comes out does not depend on how many there are.
"""

import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine import catalogue
from engine.analysis.convergence import cost_to_reach
from engine.comparison import compare
from engine.errors import InputError
from engine.experiment import Experiment, Lane
from engine.models.base import Model
from engine.parameters import Array
from engine.preparation import Preparation, prepare
from engine.settings import configure, written
from engine.starts.base import RandomStart
from engine.starts.random_points import RandomPoints

POLL_SECONDS = 0.1
SAME_MODE = 1e-3
"""Two ends whose log-likelihoods differ by at most so much belong to the same mode."""

CLOCKS = ("iteration", "passes", "cpu")
"""What a cost may be counted in: iterations, passes over the data, seconds of CPU time."""

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class RunEnd:
    """How one lane ended from one start, and what it had cost at each iteration.

    `log_likelihood`, `passes` and `cpu_seconds` are (m,), entry 0 the start's; `value` is the last one that
    is a likelihood, NaN where there is none or the lane ended without a maximum.
    """

    seed: int
    lane: int
    status: str
    value: float
    iterations: int
    log_likelihood: Array
    passes: Array
    cpu_seconds: Array

    def clock(self, name: str) -> Array:
        """One of `CLOCKS` at each iteration (m,)."""
        if name == "iteration":
            return np.arange(len(self.log_likelihood), dtype=float)
        return self.passes if name == "passes" else self.cpu_seconds

    def cost_to_reach(self, level: float, clock: str) -> float:
        """The cost by a clock until the log-likelihood first is at least `level`; infinity if never."""
        if not math.isfinite(self.value):
            return math.inf
        return cost_to_reach(self.log_likelihood, self.clock(clock), level)


@dataclass(frozen=True, eq=False)
class ManyStarts:
    """The ends of all lanes from all starts, in the order of the seeds.

    Lanes are counted as `ends` has them: those of the experiment that are switched on, in their order.
    """

    experiment: Experiment
    seeds: tuple[int, ...]
    ends: tuple[tuple[RunEnd, ...], ...]

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that ran."""
        return tuple(self.experiment.lanes[place] for place in self.experiment.running)

    @cached_property
    def best(self) -> float:
        """The highest log-likelihood that any lane reached from any start; NaN where none did."""
        values = [end.value for row in self.ends for end in row if math.isfinite(end.value)]
        return max(values, default=math.nan)

    def best_of(self, lane: int) -> float:
        """The highest log-likelihood that a lane reached; NaN where it reached none from any start."""
        values = [row[lane].value for row in self.ends if math.isfinite(row[lane].value)]
        return max(values, default=math.nan)

    def reached(self, lane: int, within: float = SAME_MODE) -> int:
        """From how many starts a lane reached the best mode."""
        return sum(row[lane].value >= self.best - within for row in self.ends)

    def costs(self, lane: int, clock: str, within: float = SAME_MODE) -> Array:
        """What it cost a lane to reach the best mode, for each start (R,), by one of `CLOCKS`; infinity where it
        did not."""
        return np.array([row[lane].cost_to_reach(self.best - within, clock) for row in self.ends])

    def profile(self, clock: str, within: float = SAME_MODE) -> Array:
        """The performance ratios (lanes, R), sorted: a lane's cost over the cheapest lane's from that start.

        The share of ratios up to tau is the performance profile at tau (Dolan & More 2002, Math. Programming
        91, 201-213); infinity stands for a start from which the lane did not reach the best mode. A lane that
        is there before its first iteration counts as if it had needed one, or no ratio could be formed.
        """
        costs = np.array([self.costs(lane, clock, within) for lane in range(len(self.lanes))])
        if clock == "iteration":
            costs = np.maximum(costs, 1.0)
        cheapest = np.min(costs, axis=0)
        ratios = np.full_like(costs, np.inf)
        np.divide(costs, cheapest, out=ratios, where=np.isfinite(costs) & (cheapest > 0))
        return np.sort(ratios, axis=1)


def share_within(ratios: Array, ratio: float) -> float:
    """A performance profile at a ratio (infinity: at any): the share of a lane's finite ratios (R,) up to it."""
    return float(np.mean((ratios <= ratio) & np.isfinite(ratios)))


def quartiles(costs: Array) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of the finite costs; NaN where there are none."""
    finite = costs[np.isfinite(costs)]
    if not finite.size:
        return math.nan, math.nan, math.nan
    low, middle, high = np.percentile(finite, (25, 50, 75))
    return float(low), float(middle), float(high)


def with_start_seed(experiment: Experiment, seed: int) -> Experiment:
    """The experiment from the random start with this seed; a start that is not random becomes one that fits the model."""
    start = experiment.start
    if not isinstance(start, RandomStart):
        start = _random_start(experiment.model)
    seeded = configure(type(start), {**written(start), "seed": seed}, "[start]")
    lanes = tuple(lane.without_interventions() for lane in experiment.lanes)
    return experiment.replace(start=seeded, lanes=lanes)


def _random_start(model: Model) -> RandomStart:
    """Random points, where they fit the model, else what does; random points, which are refused, where nothing does."""
    found = [cls() for cls in catalogue.find("starts").values() if issubclass(cls, RandomStart)]
    fitting = [start for start in (RandomPoints(), *found) if start.refusal(model) is None]
    return fitting[0] if fitting else RandomPoints()


def first_seed(experiment: Experiment) -> int:
    """The seed of the first of many starts: the experiment's own, or 0."""
    return experiment.start.seed if isinstance(experiment.start, RandomStart) else 0


def ends_from(experiment: Experiment, seed: int, ground: Preparation | None = None) -> tuple[RunEnd, ...]:
    """All lanes from one start; `ground` lends data that are prepared already."""
    wanted = with_start_seed(experiment, seed)
    found = compare(wanted, preparation=prepare(wanted, ground))
    ends = []
    for place, lane in enumerate(found.lanes):
        trace = lane.trace
        ends.append(
            RunEnd(
                seed,
                place,
                trace.status,
                lane.log_likelihood if lane.has_maximum else math.nan,
                lane.iterations,
                np.array(trace.floats("log_likelihood")),
                np.array(trace.floats("passes")),
                np.array(trace.floats("cpu_seconds")),
            )
        )
    return tuple(ends)


def many_starts(
    experiment: Experiment,
    count: int,
    processes: int = 1,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> ManyStarts | None:
    """Runs all lanes from `count` starts with successive seeds; None where it was cancelled.

    Raises InputError where the data, the model or a start do not fit together, or a number is impossible.
    """
    if count < 1 or processes < 1:
        raise InputError("Starts and processes must be whole numbers of at least 1.")
    seeds = tuple(range(first_seed(experiment), first_seed(experiment) + count))
    found: dict[int, tuple[RunEnd, ...]] = {}
    source = _alone if processes == 1 else _shared
    for ends in source(experiment, seeds, processes, cancelled):
        if ends is None:
            return None
        found[ends[0].seed] = ends
        if progress is not None:
            progress(len(found) / count)
    return ManyStarts(experiment, seeds, tuple(found[seed] for seed in seeds))


Source = Iterator[tuple[RunEnd, ...] | None]


def _alone(
    experiment: Experiment, seeds: Sequence[int], processes: int, cancelled: Cancelled | None
) -> Source:
    ground = prepare(with_start_seed(experiment, seeds[0]))
    for seed in seeds:
        if cancelled is not None and cancelled():
            yield None
            return
        yield ends_from(experiment, seed, ground)


def _shared(
    experiment: Experiment, seeds: Sequence[int], processes: int, cancelled: Cancelled | None
) -> Source:
    # Each process prepares the data for itself, once; "spawn" works alike on every system and with threads.
    prepare(with_start_seed(experiment, seeds[0]))
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(processes, len(seeds)), _begin_process, (experiment, seeds[0])) as pool:
        results = pool.imap_unordered(_in_process, seeds)
        for _ in seeds:
            while True:
                if cancelled is not None and cancelled():
                    yield None
                    return
                try:
                    yield results.next(POLL_SECONDS)
                    break
                except multiprocessing.TimeoutError:
                    continue


_ground: dict[str, tuple[Experiment, Preparation]] = {}
"""What a process of the pool works on, set once when it begins."""


def _begin_process(experiment: Experiment, seed: int) -> None:
    # An interrupt from the keyboard reaches every process; the one that asked ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ground["here"] = (experiment, prepare(with_start_seed(experiment, seed)))


def _in_process(seed: int) -> tuple[RunEnd, ...]:
    experiment, ground = _ground["here"]
    return ends_from(experiment, seed, ground)
