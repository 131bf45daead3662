"""An experiment as the words of a command: the line that runs it without a window."""

import csv
import io
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engine.datasets.base import DataStory
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment
from engine.settings import settings_of
from engine.shipped_experiments import FOLDER
from engine.specification import lane_text, text_of
from engine.starts.parameters import GivenParameters
from engine.stopping import Stop

PROGRAM = "main.py"
LONGEST = 2000
"""Letters of a line that a person still copies; the shells of some systems end at 8191."""
OPTIONS_OF_STOP = ("rule", "tolerance", "max_iterations")


class _Unsayable(Exception):
    """What no option can say, in words that go on after a semicolon."""


def fit_line(experiment: Experiment, file: Path | None = None, csv_file: Path | None = None) -> str:
    """The line `main.py fit ...` that runs the same data, model, start, lanes and rule, quoted for the shell.

    `file` holds this very experiment, `csv_file` the data that are saved inside it; None where there is none.
    What no option can say is left to `file`. Raises InputError where there is no line without saving first.
    """
    try:
        line = _joined(_words(experiment, csv_file))
        if len(line) > LONGEST:
            given = isinstance(experiment.start, GivenParameters)
            raise _Unsayable(
                f"{'The start by parameters' if given else 'This experiment'} is too long for a line"
            )
    except _Unsayable as reason:
        if file is None:
            raise InputError(
                f"{reason}; save the experiment (File, Save as), and `{PROGRAM} fit` takes its file."
            ) from None
        return _joined([PROGRAM, "fit", file.stem if file.parent == FOLDER else str(file)])
    return line


def _words(experiment: Experiment, csv_file: Path | None) -> list[str]:
    """The words of the line; raises _Unsayable."""
    lanes = [experiment.lanes[number] for number in experiment.running]
    if any(lane.interventions for lane in lanes):
        raise _Unsayable("What was changed while a lane ran cannot be said on a line")
    if experiment.seed:
        raise _Unsayable("The seed of the algorithms cannot be said on a line")
    words = [PROGRAM, "fit", *_source(experiment.data, csv_file)]
    words += ["--model", text_of(experiment.model), "--start", text_of(experiment.start)]
    for lane in lanes:
        words += ["--algorithm", lane_text(lane)]
    return words + _stop(experiment.stop)


def _source(story: DataStory, csv_file: Path | None) -> list[str]:
    if not isinstance(story, File):
        return [text_of(story)]
    if story.content and csv_file is None:
        return [text_of(story)]
    words = [str(csv_file if story.content else Path(story.path))]
    if story.columns:
        words += ["--columns", _names(story.columns)]
    for key in ("weights_column", "sequence_column", "time_column"):
        if getattr(story, key):
            words += [f"--{key.replace('_', '-')}", getattr(story, key)]
    if story.drop_missing:
        words.append("--drop-missing")
    if story.matrix:
        words += ["--matrix", "--observations", str(story.observations)]
    return words


def _names(names: Sequence[str]) -> str:
    """Names separated by commas, quoted as in a CSV where they hold one."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(names)
    return stream.getvalue()


def _stop(stop: Stop) -> list[str]:
    words: list[str] = []
    for each in settings_of(Stop):
        value = getattr(stop, each.name)
        if value == each.default:
            continue
        if each.name not in OPTIONS_OF_STOP:
            raise _Unsayable(f"{each.label!r} cannot be said on a line")
        words += [f"--{each.name.replace('_', '-')}", f"{value}"]
    return words


def _joined(words: Sequence[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
