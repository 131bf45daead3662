"""`main.py fit ... --starts R`: the same lanes from many starts, as a table or as JSON."""

import json
import math
import os
import sys
from typing import Any

from commands.progress import counted_progress
from commands.source import Options, experiment_from
from engine.errors import InputError
from engine.many_starts import CLOCKS, ManyStarts, many_starts, quartiles, share_within
from engine.parameters import Array
from engine.results import plain
from engine.settings import written

RATIOS = (1.0, 1.5, 2.0, 4.0, 10.0)
"""Where the table reads the performance profile."""
JSON_CLOCKS = {"iteration": "iterations", "passes": "passes", "cpu": "cpu_seconds"}
"""What a clock is called in JSON."""
COST_HEADINGS = {"iteration": "iterations to it", "passes": "passes to it", "cpu": "CPU ms to it"}
COST_UNITS = {"iteration": 1.0, "passes": 1.0, "cpu": 1e-3}
"""What the table counts a clock in, in the clock's own units."""
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
    profiles = {clock: found.profile(clock) for clock in CLOCKS}
    lanes = []
    for number, lane in enumerate(found.lanes):
        costs = {clock: found.costs(number, clock) for clock in CLOCKS}
        lanes.append(
            {
                "name": lane.title,
                "algorithm": lane.algorithm.name,
                "settings": plain(written(lane.algorithm)),
                "reached": found.reached(number),
                "best": plain(found.best_of(number)),
                **{JSON_CLOCKS[clock]: plain(costs[clock]) for clock in CLOCKS},
                "quartiles": {JSON_CLOCKS[clock]: plain(quartiles(costs[clock])) for clock in CLOCKS},
                "profile": {JSON_CLOCKS[clock]: plain(profiles[clock][number]) for clock in CLOCKS},
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
    model = found.experiment.model
    return {
        "model": {"name": model.name, "settings": plain(written(model))},
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
    from rich.text import Text

    from commands.table import terminal_width

    console = Console(width=terminal_width(), highlight=False, markup=False, emoji=False)
    count = len(found.seeds)

    def table(*headings: str) -> Table:
        made = Table(box=None, pad_edge=False)
        for heading in headings:
            # Broken on purpose, so that long numbers do not break it elsewhere.
            made.add_column(
                Text(heading.replace(" to it", "\nto it")), justify="left" if heading == "lane" else "right"
            )
        return made

    with console.capture() as capture:
        console.print(Text(_heading(found)), soft_wrap=True)
        reached = table("lane", "reached it", *COST_HEADINGS.values(), "best")
        for number, lane in enumerate(found.lanes):
            spreads = (_spread(found.costs(number, clock) / COST_UNITS[clock]) for clock in CLOCKS)
            reached.add_row(
                Text(lane.title),
                f"{found.reached(number)} of {count}",
                *spreads,
                _value(found.best_of(number)),
            )
        console.print(reached)
        for clock, words in (("passes", "passes"), ("cpu", "CPU time")):
            console.print(Text(f"\nReached it with at most so many times the cheapest lane's {words}:"))
            profile = table("lane", *(f"{ratio:g}" for ratio in RATIOS), "ever")
            for lane, ratios in zip(found.lanes, found.profile(clock), strict=True):
                shares = (share_within(ratios, ratio) for ratio in (*RATIOS, math.inf))
                profile.add_row(Text(lane.title), *(f"{share:.0%}" for share in shares))
            console.print(profile)
    sys.stdout.write(capture.get())


def _heading(found: ManyStarts) -> str:
    return (
        f"{len(found.seeds)} starts ({found.seeds[0]} to {found.seeds[-1]}) of {found.experiment.model.name}; the "
        f"best mode has log-likelihood {found.best:.6f}. Costs: median (quartiles)."
    )


def _value(value: float) -> str:
    return f"{value:.6f}" if math.isfinite(value) else "none"


def _spread(costs: Array) -> str:
    """Median and quartiles of the finite costs."""
    low, middle, high = quartiles(costs)
    return "never" if math.isnan(middle) else f"{middle:.3g} ({low:.3g} to {high:.3g})"
