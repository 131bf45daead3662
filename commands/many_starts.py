"""`main.py fit ... --starts R`: the same lanes from many starts, as a table or as JSON."""

import json
import math
import os
import sys
from typing import Any

from commands.progress import counted_progress
from commands.source import Options, experiment_from
from engine.errors import InputError
from engine.experiment import Experiment
from engine.many_starts import ManyStarts, many_starts, quartiles
from engine.results import plain
from engine.settings import written

CLOCKS = ("passes", "cpu")
MOST_STARTS = 100_000


def fit_many(source: str, options: Options, starts: str, processes: str | None, as_json: bool) -> None:
    """Runs every lane of SOURCE from so many random starts and prints how often each reached the best mode.

    Raises InputError before anything is printed.
    """
    experiment = experiment_from(source, options)
    count = _whole_number(starts, "--starts", MOST_STARTS)
    workers = min(count, os.cpu_count() or 1)
    if processes is not None:
        workers = _whole_number(processes, "--processes", 1024)
    progress = None if as_json else counted_progress("starts", count)
    try:
        found = many_starts(experiment, count, workers, None if progress is None else progress.reached)
    finally:
        if progress is not None:
            progress.close()
    assert found is not None
    if math.isnan(found.best):
        raise InputError(
            f"No lane reached a maximum from any start; the first ended {found.ends[0][0].status}."
        )
    if as_json:
        sys.stdout.write(json.dumps(document(found), allow_nan=False) + "\n")
        return
    _print_table(found)


def document(found: ManyStarts) -> dict[str, Any]:
    """The ends of many starts as plain values for JSON; a cost that was never reached is None."""
    experiment = found.experiment
    profiles = {clock: found.profile(clock) for clock in CLOCKS}
    lanes = []
    for number, place in enumerate(experiment.running):
        lane = experiment.lanes[place]
        passes, seconds = (found.costs(number, clock) for clock in CLOCKS)
        lanes.append(
            {
                "name": lane.title,
                "algorithm": lane.algorithm.name,
                "settings": plain(written(lane.algorithm)),
                "reached": found.reached(number),
                "passes": plain(passes),
                "cpu_seconds": plain(seconds),
                "profile": {
                    "passes": plain(profiles["passes"][number]),
                    "cpu_seconds": plain(profiles["cpu"][number]),
                },
                "ends": [
                    {
                        "seed": row[number].seed,
                        "status": row[number].status,
                        "log_likelihood": plain(row[number].value),
                        "iterations": row[number].iterations,
                    }
                    for row in found.ends
                ],
            }
        )
    return {
        "model": {"name": experiment.model.name, "settings": plain(written(experiment.model))},
        "starts": {"seeds": list(found.seeds), "best": plain(found.best), "lanes": lanes},
    }


def _whole_number(text: str, option: str, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        raise InputError(f"{option} {text} is not possible; give a whole number from 1 to {most}.")
    return number


def _print_table(found: ManyStarts) -> None:
    from rich.console import Console
    from rich.table import Table

    from commands.table import terminal_width

    experiment, count = found.experiment, len(found.seeds)
    console = Console(width=terminal_width(), highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(_heading(experiment, found), soft_wrap=True)
        table = Table(box=None, pad_edge=False)
        for heading in ("lane", "reached it", "passes to it: median (quartiles)", "CPU time to it", "best"):
            table.add_column(heading, justify="left" if heading == "lane" else "right")
        for number, place in enumerate(experiment.running):
            best = max(
                (row[number].value for row in found.ends if math.isfinite(row[number].value)),
                default=math.nan,
            )
            table.add_row(
                experiment.lanes[place].title,
                f"{found.reached(number)} of {count}",
                _spread(quartiles(found.costs(number, "passes")), "{:.4g}"),
                _spread(quartiles(found.costs(number, "cpu")), "{:.3g} s"),
                f"{best:.6f}",
            )
        console.print(table)
    sys.stdout.write(capture.get())


def _heading(experiment: Experiment, found: ManyStarts) -> str:
    return (
        f"{len(found.seeds)} starts ({found.seeds[0]} to {found.seeds[-1]}) of {experiment.model.name}; the best "
        f"mode has log-likelihood {found.best:.6f}."
    )


def _spread(values: tuple[float, float, float], form: str) -> str:
    low, middle, high = values
    if math.isnan(middle):
        return "never"
    return f"{form.format(middle)} ({form.format(low)} to {form.format(high)})"
