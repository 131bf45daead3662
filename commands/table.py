"""The comparison as a person reads it in a terminal."""

import math
import os
import sys
from collections.abc import Iterable

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.comparison import Comparison, LaneResult
from engine.parameters import Array
from engine.results import parameter_rows, trace_column
from engine.specification import text_of
from engine.wording import counted, singular

WIDTH_IN_A_FILE = 100
WIDEST_MATRIX = 3
"""Up to so many columns of data a covariance is shown whole; above, its standard deviations."""
LONGEST_TEXT = 100
LARGE = 1e4
"""A log-likelihood of this size is shown with fewer decimals; --json has all of them."""
WIDEST_NUMBER = 1e15
"""A number of this size is shown with an exponent."""


def print_table(comparison: Comparison, with_trace: bool = False) -> None:
    """Prints what was run, a line for each lane, every status whole, and the best lane's parameters."""
    console = Console(width=terminal_width(), highlight=False, markup=False, emoji=False)
    # Captured first, so that nothing is half printed where something is wrong.
    with console.capture() as capture:
        _print_all(console, comparison, with_trace)
    sys.stdout.write(capture.get())


def terminal_width() -> int | None:
    """The width of a table: the terminal's own (None), or a fixed one in a file."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_IN_A_FILE


def _print_all(console: Console, comparison: Comparison, with_trace: bool) -> None:
    for line in _heading(comparison):
        _say(console, line)
    console.print(_lanes(comparison))
    for lane in comparison.lanes:
        _say(console, f"{lane.lane.title} ({lane.trace.status}): {lane.trace.reason.rstrip('.')}.")
    best = comparison.best
    if best is None:
        _say(console, "\nNo lane ended with a likelihood, so there is no best one.")
    else:
        _say(console, f"\nParameters under {best.lane.title}, the best lane, in the data's units:")
        _print_parameters(console, comparison, best)
    if with_trace:
        console.print(_traces(comparison))


def _say(console: Console, text: str) -> None:
    """A sentence, never broken: a terminal wraps it itself, and a file keeps it whole."""
    console.print(Text(text), soft_wrap=True)


def _heading(comparison: Comparison) -> Iterable[str]:
    experiment, dataset = comparison.experiment, comparison.preparation.dataset
    if experiment.title:
        yield experiment.title
    weight = "" if dataset.row_weights is None else f" with a total weight of {dataset.total_weight:g}"
    rows = f"{dataset.rows} rows{weight}" if dataset.covariance is None else "no rows"
    yield f"Data   {dataset.name}: {rows}, {', '.join(dataset.columns)}"
    if dataset.missing:
        yield f"       {dataset.missing_in_words}, which {experiment.model.name} fits as they are"
    if dataset.note:
        yield f"       {dataset.note}"
    yield f"Model  {text_of(experiment.model, whole=True)}, {counted(comparison.free_parameters, 'free parameter')}"
    start = text_of(experiment.start, whole=True)
    start = start if len(start) <= LONGEST_TEXT else experiment.start.name
    yield f"Start  {start}, log-likelihood {_number(comparison.start_log_likelihood, 6)}"


def _lanes(comparison: Comparison) -> Table:
    table = _table("\nlane")
    for heading in (
        "log-\nlikelihood",
        "\nBIC",
        "\nAIC",
        "iter-\nations",
        "\npasses",
        "CPU\nseconds",
        "de-\ncreases",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for lane in comparison.lanes:
        last = lane.trace.last
        cells = (
            lane.lane.title,
            _number(lane.log_likelihood, 6 if abs(lane.log_likelihood) < LARGE else 3),
            _number(lane.bic, 2),
            _number(lane.aic, 2),
            str(lane.iterations),
            f"{last.passes:g}",
            f"{last.cpu_seconds:.3f}",
            str(lane.decreases),
        )
        style = "bold" if lane is comparison.best else ""
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table


def _print_parameters(console: Console, comparison: Comparison, best: LaneResult) -> None:
    assert best.parameters is not None
    model, columns = comparison.preparation.model, comparison.preparation.dataset.columns
    blocks, names = model.describe(best.parameters), model.axis_names(columns)
    if "loadings" in blocks and "weights" not in blocks:
        _print_factors(console, comparison, best)
        return
    if "initial" in blocks:
        headings, *rows = parameter_rows(blocks, names)
        table = _table("state")
        for each in headings[1:]:
            table.add_column(Text(each.replace(" ", "\n", 1)), justify="right")
        for number, *values in rows:
            table.add_row(str(number), *(_significant(float(value)) for value in values))
        console.print(table)
        return
    if "weights" not in blocks:
        table = _table("parameter")
        table.add_column("value", justify="right")
        for heading, value in zip(*list(parameter_rows(blocks, names)), strict=True):
            if heading != "component":
                table.add_row(heading, _significant(float(value)))
        console.print(table)
        return
    count = len(blocks["weights"])
    shown = {name: block for name, block in blocks.items() if block.shape[:1] == (count,)}
    table = _table("component")
    # Where weights are all there is, the columns of the data are the components.
    known = tuple(shown) == ("weights",)
    several = any(block.ndim > 1 for block in shown.values())
    for heading in _headings(shown, names, known or several):
        left = heading == "column"
        table.add_column(Text(heading), justify="left" if left else "right", overflow="fold", no_wrap=left)
    for component in range(count):
        places = list(enumerate(names)) if several else [(0, columns[component] if known else "")]
        for place, name in places:
            cells = [str(component + 1) if place == 0 else ""]
            cells += [_number(b[component], 6) if place == 0 else "" for b in shown.values() if b.ndim == 1]
            cells += [name] if known or several else []
            for block in shown.values():
                cells += _cells(block, component, place)
            table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def _print_factors(console: Console, comparison: Comparison, best: LaneResult) -> None:
    """A line for each column of the data, and under them what the model tells beyond its parameters."""
    assert best.parameters is not None
    ready = comparison.preparation
    columns, blocks = ready.dataset.columns, ready.model.describe(best.parameters)
    report = ready.model.report(ready.prepared, best.parameters)
    told = {**blocks, **{name: each for name, each in report.items() if isinstance(each, np.ndarray)}}
    table = _table("column")
    by_column = [np.asarray(each).reshape(len(columns), -1) for each in told.values() if np.ndim(each)]
    for name, block in zip((name for name, each in told.items() if np.ndim(each)), by_column, strict=True):
        for place in range(block.shape[1]):
            number = f"\n{place + 1}" if block.shape[1] > 1 else ""
            table.add_column(Text(f"{singular(name)}{number}"), justify="right")
    for place, column in enumerate(columns):
        table.add_row(Text(column), *(_significant(value) for block in by_column for value in block[place]))
    console.print(table)
    for name, each in (*blocks.items(), *report.items()):
        if not np.ndim(each) and math.isfinite(float(each)):
            _say(console, f"{name.replace('_', ' ')} {_significant(float(each))}")


def _headings(blocks: dict[str, Array], columns: tuple[str, ...], with_column: bool) -> Iterable[str]:
    yield from (singular(name) for name, block in blocks.items() if block.ndim == 1)
    if with_column:
        yield "column"
    for name, block in blocks.items():
        if block.ndim == 2:
            yield singular(name)
        elif not _is_square(block):
            yield from (f"{singular(name)}\n{place + 1}" for place in range(block.shape[2]))
        elif block.ndim == 3 and len(columns) <= WIDEST_MATRIX:
            yield from (f"{singular(name)}\n{column}" for column in columns)
        elif block.ndim == 3:
            yield "standard deviation"


def _is_square(block: Array) -> bool:
    """Whether each component has a square matrix, such as a covariance, or no matrix at all."""
    return block.ndim < 3 or block.shape[-1] == block.shape[-2]


def _cells(block: Array, component: int, place: int) -> list[str]:
    """A block's part for one component and one column of the data."""
    if block.ndim == 2:
        return [_significant(block[component, place])]
    if block.ndim == 3 and (not _is_square(block) or block.shape[-1] <= WIDEST_MATRIX):
        return [_significant(value) for value in block[component, place]]
    if block.ndim == 3:
        return [_significant(math.sqrt(max(0.0, block[component, place, place])))]
    return []


def _traces(comparison: Comparison) -> Table:
    """The log-likelihood of every lane at every iteration."""
    table = _table("iteration")
    columns = [trace_column(comparison, lane, "log_likelihood") for lane in comparison.lanes]
    for lane in comparison.lanes:
        table.add_column(Text(lane.lane.title), justify="right")
    for iteration in range(max(len(column) for column in columns)):
        cells = (_number(column[iteration], 8) if iteration < len(column) else "" for column in columns)
        table.add_row(str(iteration), *cells)
    return table


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    table.add_column(first, overflow="fold")
    return table


def _number(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "none"
    return f"{value:.{digits}f}" if abs(value) < WIDEST_NUMBER else f"{value:.8e}"


def _significant(value: float) -> str:
    return f"{value:.6g}"
