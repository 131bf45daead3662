"""A comparison as JSON holds it and as CSV files tell it."""

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.analysis.convergence import GAPS, cost_to_reach, observed_rate
from engine.comparison import Comparison, LaneResult, imputed, most_probable_path, responsibilities
from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.datasets.file import File
from engine.models.base import Model
from engine.parameters import Array, Parameters
from engine.saving import write_whole, writing
from engine.settings import written
from engine.wording import singular

TRACE_COLUMNS = {
    "log_likelihood": "log_likelihood",
    "is_likelihood": "is_likelihood",
    "decreased": "decreased",
    "stationarity": "projected_gradient",
    "e_steps": "e_steps",
    "gradients": "gradients",
    "log_likelihoods": "log_likelihoods",
    "m_steps": "m_steps",
    "passes": "passes",
    "cpu_seconds": "cpu_seconds",
}
"""Columns of a trace with their headings in the CSV."""
JSON_TRACE_COLUMNS = ("log_likelihood", "passes", "cpu_seconds")
ROWS_TOLD = 4096
"""After so many rows of assignments it is told how far they are, and they may be given up."""
ParameterPlace = tuple[str, tuple[int, ...]]
"""A block of natural parameters and where in a component's part of it a number stands."""


def document(comparison: Comparison, with_trace: bool = False) -> dict[str, Any]:
    """A comparison as plain values for JSON: numbers at full precision, None for what is not finite.

    Every key that holds a clock ends in 'seconds'; covariances are always (K, d, d), in the data's units.
    """
    ready = comparison.preparation
    return {
        "data": _data(ready.story, ready.dataset),
        "model": {
            "name": ready.model.name,
            "settings": plain(written(ready.model)),
            "free_parameters": comparison.free_parameters,
        },
        "start": {
            "log_likelihood": plain(comparison.start_log_likelihood),
            "parameters": _parameters(ready.model, ready.start_parameters),
        },
        "lanes": [_lane(comparison, lane, with_trace) for lane in comparison.lanes],
    }


def plain(value: Any) -> Any:
    """A value as JSON holds it: lists for arrays and tuples, None for numbers that are not finite."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _data(story: DataStory, dataset: Dataset) -> dict[str, Any]:
    settings = written(story)
    # The text of a CSV that is saved inside the experiment is data, not a setting to be told.
    settings.pop("content", None)
    return {
        "name": dataset.name,
        "story": story.name,
        "settings": plain(settings),
        "rows": dataset.rows,
        "columns": list(dataset.columns),
        "total_weight": plain(dataset.total_weight),
        "note": dataset.note,
    }


def _parameters(model: Model, parameters: Parameters | None) -> dict[str, Any] | None:
    return None if parameters is None else plain(model.describe(parameters))


def _lane(comparison: Comparison, result: LaneResult, with_trace: bool) -> dict[str, Any]:
    trace, last, lane = result.trace, result.trace.last, result.lane
    settings = plain(written(lane.algorithm))
    if lane.after_leaving != "stop":
        settings["after_leaving"] = lane.after_leaving
    found = {
        "name": lane.title,
        "algorithm": lane.algorithm.name,
        "settings": settings,
        "status": trace.status,
        "reason": trace.reason,
        "log_likelihood": plain(result.log_likelihood),
        "bic": plain(result.bic),
        "aic": plain(result.aic),
        "parameters": _parameters(comparison.preparation.model, result.parameters),
        "iterations": result.iterations,
        "evaluations": {
            "e_steps": last.e_steps,
            "gradients": last.gradients,
            "log_likelihoods": last.log_likelihoods,
            "m_steps": last.m_steps,
            "trials": last.trials,
            "quadratic_programs": last.quadratic_programs,
        },
        "passes": last.passes,
        "cpu_seconds": last.cpu_seconds,
        "decreases": result.decreases,
        "events": [
            {"iteration": place, "kind": event.kind, "detail": event.detail} for place, event in trace.events
        ],
        "smallest_weight": plain(result.smallest_weight),
        **_approach(comparison, result),
    }
    if result.parameters is not None:
        ready = comparison.preparation
        report = ready.model.report(ready.prepared, result.parameters)
        if report:
            found["report"] = plain(report)
    if with_trace:
        found["trace"] = {name: plain(trace_column(comparison, result, name)) for name in JSON_TRACE_COLUMNS}
    return found


def _approach(comparison: Comparison, result: LaneResult) -> dict[str, Any]:
    """How near a lane came to the best known maximum, at what rate, and what it had spent at each of `GAPS`."""
    trace, best = result.trace, comparison.best_known
    values = np.where(trace.column("is_likelihood"), trace.floats("log_likelihood"), np.nan)
    clocks = {
        "iterations": np.arange(trace.count, dtype=float),
        "passes": trace.floats("passes"),
        "cpu_seconds": trace.floats("cpu_seconds"),
    }
    return {
        "gap": plain(max(best - result.log_likelihood, 0.0)),
        "rate_of_gap": plain(observed_rate(values, best)),
        "to_gap": {
            f"{gap:g}": {
                name: plain(cost_to_reach(values, clock, best - gap)) for name, clock in clocks.items()
            }
            for gap in GAPS
        },
    }


def trace_column(comparison: Comparison, result: LaneResult, name: str) -> npt.NDArray[Any]:
    """A column of a lane's trace; a refused lane's only entry has the start's log-likelihood, as all have."""
    column = np.array(result.trace.column(name))
    if name == "log_likelihood" and result.trace.status == "refused":
        column[0] = comparison.start_log_likelihood
    return column


def json_text(comparison: Comparison, with_trace: bool = False) -> str:
    """`document` as a line of JSON."""
    return json.dumps(document(comparison, with_trace), allow_nan=False) + "\n"


def write_json(comparison: Comparison, path: Path, with_trace: bool = False) -> None:
    """Writes `json_text` into a file. Raises InputError."""
    write_whole(path, json_text(comparison, with_trace))


def write_traces(comparison: Comparison, path: Path) -> None:
    """Every lane's trace as one CSV; an empty cell where a number is not finite. Raises InputError."""
    with writing(path, newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("lane", "iteration", *TRACE_COLUMNS.values()))
        for result in comparison.lanes:
            columns = [trace_column(comparison, result, name).tolist() for name in TRACE_COLUMNS]
            for iteration, cells in enumerate(zip(*columns, strict=True)):
                rows.writerow((result.lane.title, iteration, *(_cell(value) for value in cells)))


def write_parameters(comparison: Comparison, path: Path) -> None:
    """The start's and every lane's natural parameters as one CSV, a component a row. Raises InputError.

    `lane` is empty for the start; a lane without a likelihood has no rows.
    """
    ready = comparison.preparation
    told = [("", ready.start_parameters), *((each.lane.title, each.parameters) for each in comparison.lanes)]
    with writing(path, newline="") as stream:
        rows = csv.writer(stream)
        for number, (title, parameters) in enumerate(told):
            if parameters is not None:
                names = ready.model.axis_names(ready.dataset.columns)
                heading, *components = parameter_rows(ready.model.describe(parameters), names)
                if number == 0:
                    rows.writerow(("lane", *heading))
                rows.writerows((title, *cells) for cells in components)


def parameter_rows(described: Mapping[str, Array], columns: tuple[str, ...]) -> Iterator[list[Any]]:
    """Natural parameters as rows of a CSV: the headings, then a row for each component, counted from 1.

    `columns` name what the numbers of a component belong to, see `engine.models.base.Model.axis_names`. Without
    components there is one row.
    """
    places = parameter_places(described)
    yield ["component", *(parameter_heading(place, columns) for place in places)]
    for k, row in enumerate(component_rows(described)):
        yield [k + 1, *(_cell(float(described[name][(*row, *where)])) for name, where in places)]


def component_rows(described: Mapping[str, Array]) -> list[tuple[int, ...]]:
    """The first index of each component's or state's numbers; a single () where there are none."""
    counted = next((described[name] for name in ("weights", "initial") if name in described), None)
    return [()] if counted is None else [(k,) for k in range(len(counted))]


def parameter_places(described: Mapping[str, Array]) -> list[ParameterPlace]:
    """Where the numbers of one component stand; of a square matrix, which is symmetric, one triangle."""
    first = len(component_rows(described)[0])
    return [
        (name, where)
        for name, block in described.items()
        for where in np.ndindex(*np.shape(block)[first:])
        if len(where) < 2 or where[0] <= where[1] or len(set(np.shape(block)[first:])) > 1
    ]


def parameter_heading(place: ParameterPlace, columns: tuple[str, ...]) -> str:
    """What one number of a component is: 'weight', 'mean waiting', 'covariance waiting,eruptions'."""
    name, where = place
    if name == "loadings":
        column, factor = where
        return f"loading {columns[column]} factor {factor + 1}"
    if name == "transitions":
        return f"transition to {where[0] + 1}"
    return " ".join([singular(name), ",".join(columns[axis] for axis in where)]).strip()


def write_assignments(
    comparison: Comparison,
    path: Path,
    row_numbers: npt.NDArray[np.intp] | None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Each row's most probable component (from 1) and its responsibilities, under the best lane, as a CSV.

    Of hidden states the last column tells the most probable path, which need not go through each row's own state.
    `row_numbers` (n,) are the data's own, from 1, where rows were left out. `progress` hears the fraction that is
    written. Raises InputError.
    """
    pieces, total = responsibilities(comparison), comparison.preparation.dataset.rows
    states = most_probable_path(comparison)
    with writing(path, newline="") as stream:
        rows = csv.writer(stream)
        for first, shares in pieces:
            if first == 0:
                names = (f"responsibility_{k + 1}" for k in range(shares.shape[1]))
                rows.writerow(("row", "component", *names, *(() if states is None else ("path",))))
            last = first + len(shares)
            numbers = np.arange(first + 1, last + 1) if row_numbers is None else row_numbers[first:last]
            components = np.argmax(shares, axis=1) + 1
            for begin in range(0, len(shares), ROWS_TOLD):
                part = slice(begin, begin + ROWS_TOLD)
                cells = shares[part].tolist()
                if states is not None:
                    of_path = (states[first:last][part] + 1).tolist()
                    cells = [[*each, state] for each, state in zip(cells, of_path, strict=True)]
                columns = (numbers[part].tolist(), components[part].tolist(), cells)
                rows.writerows(
                    (row, component, *cells) for row, component, cells in zip(*columns, strict=True)
                )
                if progress is not None:
                    progress(min(first + part.stop, last) / total)


def row_numbers(story: DataStory) -> npt.NDArray[np.intp] | None:
    """Numbers of the file's rows that were fitted, where incomplete ones were left out; reads the file again."""
    if not isinstance(story, File) or not story.drop_missing:
        return None
    return complete_rows(replace(story, drop_missing=False).read().values)


def complete_rows(values: Array) -> npt.NDArray[np.intp]:
    """Numbers, from 1, of the rows of (n, d) values in which no cell is missing."""
    return np.flatnonzero(~np.any(np.isnan(values), axis=1)) + 1


def write_imputed(
    comparison: Comparison, path: Path, progress: Callable[[float], None] | None = None
) -> None:
    """The rows of the data, missing cells filled in as the best lane expects them, as a CSV.

    Behind the columns stand their standard deviations, 0 where a cell was there. `progress` hears the fraction that is
    written. Raises InputError.
    """
    pieces, dataset = imputed(comparison), comparison.preparation.dataset
    with writing(path, newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("row", *dataset.columns, *(f"{name} deviation" for name in dataset.columns)))
        for first, values, deviations in pieces:
            cells = np.concatenate((values, deviations), axis=1)
            for begin in range(0, len(cells), ROWS_TOLD):
                part = cells[begin : begin + ROWS_TOLD].tolist()
                rows.writerows((first + begin + place + 1, *row) for place, row in enumerate(part))
                if progress is not None:
                    progress((first + begin + len(part)) / dataset.rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if isinstance(value, float) and not math.isfinite(value) else value
