"""`main.py fit`: an experiment without a window, as a table or as JSON."""

import sys

from commands.outputs import different, writable
from commands.progress import terminal_progress
from commands.source import Options, experiment_from, experiment_path
from engine.comparison import Comparison, compare
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment
from engine.preparation import prepare
from engine.results import json_text, row_numbers, write_assignments, write_imputed, write_traces


def fit(
    source: str,
    options: Options,
    as_json: bool = False,
    with_trace: bool = False,
    csv_file: str | None = None,
    assignments: str | None = None,
    imputed: str | None = None,
) -> None:
    """Runs every lane of SOURCE and prints what came out; raises InputError before anything is printed.

    A lane that is refused is a result. Where every lane is refused there is none, and that is an InputError.
    """
    experiment = experiment_from(source, options)
    read = _read_files(source, experiment)
    traces = None if csv_file is None else writable(csv_file, "--csv", read)
    rows = None if assignments is None else writable(assignments, "--assignments", read)
    completed = None if imputed is None else writable(imputed, "--imputed", read)
    different({"--csv": traces, "--assignments": rows, "--imputed": completed})
    comparison = compare(experiment) if as_json else _compared(experiment)
    refused = [lane for lane in comparison.lanes if lane.trace.status == "refused"]
    if len(refused) == len(comparison.lanes):
        raise InputError(refused[0].trace.reason)
    if rows is not None:
        write_assignments(comparison, rows, row_numbers(experiment.data))
    if completed is not None:
        write_imputed(comparison, completed)
    if traces is not None:
        write_traces(comparison, traces)
    if as_json:
        sys.stdout.write(json_text(comparison, with_trace))
        return
    from commands.table import print_table

    print_table(comparison, with_trace)


def _read_files(source: str, experiment: Experiment) -> tuple[str, ...]:
    path = experiment.data.path if isinstance(experiment.data, File) else ""
    return tuple(str(each) for each in (source, experiment_path(source), path) if each)


def _compared(experiment: Experiment) -> Comparison:
    """The lanes' results, with progress where a person waits for a table on a terminal."""
    progress = terminal_progress(experiment)
    if progress is None:
        return compare(experiment)
    try:
        preparation = prepare(experiment, progress=progress.read)
        return compare(experiment, progress.stepped, preparation)
    finally:
        progress.close()
