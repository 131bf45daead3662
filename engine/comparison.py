"""The headless experiment: every lane to its end, one after the other, and what came out."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.analysis.information_criteria import aic, bic
from engine.analysis.polish import MOST_PASSES, polished_maximum
from engine.errors import InputError
from engine.experiment import Experiment, Lane
from engine.models.base import UndefinedLikelihood
from engine.models.missing_cells import Imputation, IncompletePrepared
from engine.models.mixture import Mixture
from engine.models.mixture_proportions import MixtureProportions
from engine.models.sequences import HiddenStates
from engine.parameters import Array, Parameters
from engine.preparation import Preparation, prepare
from engine.run import run
from engine.trace import Step, Trace

WITHOUT_MAXIMUM = ("refused", "diverged", "left-constraints", "collapsed")
"""Statuses of lanes that ended without a maximum of the likelihood."""
ROWS_AT_ONCE = 1 << 15
ROWS_AT_LEAST = 5_000_000.0
"""The best known maximum is worth a look at so many rows (a moment's work), however few passes the lanes took."""

Progress = Callable[[int, Step], None]
"""Hears the number of the lane and the step that it has just taken."""


@dataclass(frozen=True, eq=False)
class LaneResult:
    """A lane with the trace of its whole run; what it reached is at its last entry that is a likelihood."""

    lane: Lane
    trace: Trace
    total_weight: float
    free_parameters: int

    @cached_property
    def best_iteration(self) -> int | None:
        """The last iteration with a likelihood, None where there is none."""
        usable = self.trace.column("is_likelihood") & np.isfinite(self.trace.floats("log_likelihood"))
        places = np.flatnonzero(usable)
        return int(places[-1]) if places.size else None

    @property
    def log_likelihood(self) -> float:
        """At `best_iteration`; NaN where there is none."""
        place = self.best_iteration
        return math.nan if place is None else float(self.trace.floats("log_likelihood")[place])

    @cached_property
    def parameters(self) -> Parameters | None:
        """The parameters that `log_likelihood` belongs to."""
        return None if self.best_iteration is None else self.trace.parameters(self.best_iteration)

    @property
    def bic(self) -> float:
        return bic(self.log_likelihood, self.free_parameters, self.total_weight)

    @property
    def aic(self) -> float:
        return aic(self.log_likelihood, self.free_parameters)

    @property
    def iterations(self) -> int:
        return self.trace.count - 1

    @property
    def decreases(self) -> int:
        return int(np.count_nonzero(self.trace.column("decreased")))

    @property
    def smallest_weight(self) -> float:
        """At the last entry, even where that is no likelihood; NaN where the model has no weights."""
        last = self.trace.last.parameters
        return float(np.min(last["weights"])) if "weights" in last else math.nan

    @property
    def has_maximum(self) -> bool:
        """Whether the lane ended where its value is a likelihood that may be compared."""
        return self.trace.status not in WITHOUT_MAXIMUM and self.best_iteration == self.iterations


@dataclass(frozen=True, eq=False)
class Comparison:
    """An experiment that has run: what it began with, and every lane's result."""

    experiment: Experiment
    preparation: Preparation
    start_log_likelihood: float
    lanes: tuple[LaneResult, ...]

    @property
    def best(self) -> LaneResult | None:
        """The lane with the highest log-likelihood among those with a maximum; the first of equals."""
        candidates = [lane for lane in self.lanes if lane.has_maximum]
        return max(candidates, key=lambda lane: lane.log_likelihood, default=None)

    @cached_property
    def best_known(self) -> float:
        """The best known maximum: where the best lane ended, polished; NaN where no lane has a maximum.

        It is sought for a moment, or as long as the lanes were at work, in passes; never charged to one.
        """
        best = self.best
        if best is None or best.parameters is None:
            return math.nan
        spent = sum(lane.trace.last.passes for lane in self.lanes)
        limit = min(MOST_PASSES, max(ROWS_AT_LEAST / self.preparation.prepared.units, spent))
        return polished_maximum(self.preparation.problem(), best.parameters, limit)

    @property
    def free_parameters(self) -> int:
        """How many parameters the model has to choose: the number that AIC and BIC charge for."""
        return self.preparation.model.free_dimension(self.preparation.prepared)


def compare(
    experiment: Experiment, progress: Progress | None = None, preparation: Preparation | None = None
) -> Comparison:
    """Runs every lane of an experiment to its end, from the same start, in their order.

    Deterministic but for the clocks, and the same bit for bit as the traces of the window, which drives
    `engine.run.run` alike. `preparation` goes before preparing anew. Raises InputError where the data,
    the model or the start do not fit together; a lane that cannot run is a result (status 'refused').
    """
    ready = preparation if preparation is not None else prepare(experiment)
    traces = [_traced(experiment, ready, number, progress) for number in experiment.running]
    return comparison_of(experiment, ready, traces)


def comparison_of(experiment: Experiment, ready: Preparation, traces: Sequence[Trace]) -> Comparison:
    """What came out of the lanes that are on: the trace of each, in their order."""
    weight = float(ready.prepared.total_weight)
    free = ready.model.free_dimension(ready.prepared)
    lanes = tuple(
        LaneResult(experiment.lanes[number], trace, weight, free)
        for number, trace in zip(experiment.running, traces, strict=True)
    )
    return Comparison(experiment, ready, _value_at_start(ready), lanes)


def _traced(experiment: Experiment, ready: Preparation, number: int, progress: Progress | None) -> Trace:
    lane, problem = experiment.lanes[number], ready.problem()
    trace = ready.trace(lane, problem, experiment.seed)
    for step in run(problem, lane.route(experiment.seed), ready.start_parameters, experiment.stop):
        trace.append(step)
        if progress is not None:
            progress(number, step)
    return trace


def _value_at_start(ready: Preparation) -> float:
    try:
        return ready.problem().expect(ready.start_parameters).log_likelihood
    except UndefinedLikelihood:
        return math.nan


def responsibilities(comparison: Comparison) -> Iterator[tuple[int, Array]]:
    """Posterior probabilities of the components under the best lane, some rows at a time.

    Yields the index of the first row and an array (rows, K). Raises InputError where no lane has a maximum
    or the model has no components.
    """
    best, ready = comparison.best, comparison.preparation
    if best is None or best.parameters is None:
        raise InputError(
            "No lane ended with a likelihood, so there are no assignments; "
            "choose another start, another algorithm or a covariance floor."
        )
    if isinstance(ready.model, HiddenStates):
        return iter([(0, ready.model.smoothed(ready.prepared, best.parameters).T)])
    if not isinstance(ready.model, Mixture | MixtureProportions):
        raise InputError(f"{ready.model.name} has no components to assign rows to; leave --assignments out.")
    return _in_pieces(ready.model, ready.prepared.columns, best.parameters)


def imputed(comparison: Comparison) -> Iterator[tuple[int, Array, Array]]:
    """The data with missing cells filled in as they are expected under the best lane, some rows at a time.

    Yields the index of the first row, values (rows, d) and standard deviations (rows, d), 0 of a cell that is there,
    all in the data's units. Raises InputError where no lane has a maximum, nothing is missing, or the model does not
    cope with missing cells.
    """
    best, ready = comparison.best, comparison.preparation
    if not ready.dataset.missing:
        raise InputError(f"{ready.dataset.name} has no missing cells, so there is nothing to fill in.")
    if not isinstance(ready.model, Imputation):
        raise InputError(
            f"{ready.model.name} does not tell what it expects in missing cells; choose gaussian-mixture."
        )
    if best is None or best.parameters is None:
        raise InputError(
            "No lane ended with a likelihood, so nothing is expected of missing cells; choose another start, another "
            "algorithm or a covariance floor."
        )
    return _filled_in(ready.model, ready.prepared, best.parameters)


def _filled_in(
    model: Imputation, prepared: IncompletePrepared, parameters: Parameters
) -> Iterator[tuple[int, Array, Array]]:
    frame, columns = prepared.frame, prepared.columns
    for first in range(0, columns.shape[1], ROWS_AT_ONCE):
        part = np.ascontiguousarray(columns[:, first : first + ROWS_AT_ONCE])
        expected, deviations = model.imputed(parameters, part)
        there = prepared.dataset.values[first : first + ROWS_AT_ONCE]
        values = np.where(np.isnan(there), frame.from_frame(expected.T), there)
        yield first, values, deviations.T * frame.scale


def most_probable_path(comparison: Comparison) -> npt.NDArray[np.intp] | None:
    """The states (n,), from 0, that together are the most probable under the best lane; None without hidden states."""
    best, ready = comparison.best, comparison.preparation
    if best is None or best.parameters is None or not isinstance(ready.model, HiddenStates):
        return None
    return ready.model.most_probable_path(ready.prepared, best.parameters)


def _in_pieces(
    model: Mixture | MixtureProportions, columns: Array, parameters: Parameters
) -> Iterator[tuple[int, Array]]:
    for first in range(0, columns.shape[1], ROWS_AT_ONCE):
        part = np.ascontiguousarray(columns[:, first : first + ROWS_AT_ONCE])
        yield first, model.responsibilities(parameters, part).T
