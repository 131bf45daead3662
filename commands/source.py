"""From a SOURCE and the options of the command line to an experiment.

A SOURCE is an experiment (a path that ends in .toml, or the name of a shipped one), a data story with settings,
or else a CSV file. What an experiment says stands unless an option overrides it. A data story may suggest a
model, which stands unless --model is given, and a start, which stands unless --model or --start is given; for
everything else the defaults below hold.
"""

import csv
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from engine import catalogue
from engine.datasets.base import DataStory
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import MOST_LANES, Experiment, Lane, distinctly_named, named, read_experiment
from engine.models.base import Model
from engine.settings import configure, settings_of, written
from engine.shipped_experiments import shipped_path
from engine.specification import instance, lane, value_of
from engine.starts.base import Start
from engine.starts.parameters import GivenParameters
from engine.stopping import Stop

DEFAULT_MODEL = "gaussian-mixture:components=3"
DEFAULT_ALGORITHMS = ("em", "gradient-ascent")
EXPERIMENT = "an experiment (a .toml file, or the name of a shipped one)"
EXPECTED = f"give a CSV file, {EXPERIMENT} or a data story such as three-clusters:size=1000,seed=3"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Options:
    """What the command line says of an experiment, as it was typed; None where it says nothing."""

    model: str | None = None
    algorithms: tuple[str, ...] = ()
    start: str | None = None
    tolerance: str | None = None
    rule: str | None = None
    max_iterations: str | None = None
    columns: str | None = None
    weights_column: str | None = None
    drop_missing: bool = False
    sequence_column: str | None = None
    time_column: str | None = None
    matrix: bool = False
    observations: str | None = None


NOTHING_SAID = Options()


def experiment_from(source: str, options: Options = NOTHING_SAID) -> Experiment:
    """The experiment that SOURCE and the options describe; no data are read yet. Raises InputError."""
    path = experiment_path(source)
    given = None if path is None else read_experiment(path)
    if given is None:
        experiment = _defaulted(_with_columns(_story(source), options), options)
    else:
        experiment = _overridden(given, options)
    if len(experiment.lanes) > MOST_LANES:
        raise InputError(f"An experiment has at most {MOST_LANES} lanes; give --algorithm no more than that.")
    return experiment.replace(lanes=distinctly_named(experiment.lanes), stop=_stop(experiment.stop, options))


def experiment_path(source: str, expected: str = EXPECTED) -> Path | None:
    """The file of the experiment that a SOURCE names, shipped or not; None where it names something else.

    Raises InputError, which ends in what is `expected` here, where an experiment's file is not there.
    """
    return existing_file(source, expected) if source.lower().endswith(".toml") else shipped_path(source)


def experiment_named(source: str) -> Experiment:
    """The experiment in a file or of that name; raises InputError where there is none."""
    path = experiment_path(source, f"give {EXPERIMENT}")
    if path is None:
        raise InputError(
            f"There is no experiment called {source!r}; `main.py list experiments` has them all."
        )
    return read_experiment(path)


def _story(source: str) -> DataStory:
    """A data story by its name; else the CSV file of that path, which must be there."""
    name = source.partition(":")[0].strip()
    stories = catalogue.find("datasets")
    if name in stories:
        story: DataStory = instance("datasets", source, "SOURCE")
        return story.resolved(Path.cwd()) if isinstance(story, File) else story
    if not os.path.exists(source) and not _looks_like_path(source):
        raise InputError(
            f"There is no file, no experiment and no data story called {source!r}; {EXPECTED}; "
            "`main.py list` has them all."
        )
    return File(path=str(existing_file(source)))


def _looks_like_path(source: str) -> bool:
    # A suffix begins with a letter: `three-cluster:separation=1.5` is a story with a wrong name.
    return "/" in source or "\\" in source or Path(source).suffix[1:2].isalpha()


def existing_file(source: str, expected: str = EXPECTED) -> Path:
    """The path of a file that is there; raises InputError where it is not, or is a folder."""
    path = Path(source)
    if not source or "\0" in source or not os.path.exists(path):
        raise InputError(f"There is no file {source!r}; {expected}.")
    if path.is_dir():
        raise InputError(f"{source!r} is a folder; {expected}.")
    return path


def _defaulted(story: DataStory, options: Options) -> Experiment:
    suggested = story.setup()
    model = _model(options)
    if model is None:
        table = suggested.get("model")
        model = named("models", table, "[model]") if table else instance("models", DEFAULT_MODEL, "--model")
    start = _start(options)
    if start is None:
        table = None if options.model else suggested.get("start")
        start = (
            named("starts", table, "[start]") if table else instance("starts", model.default_start, "--start")
        )
    lanes = _lanes(options) or tuple(lane(text, "--algorithm") for text in DEFAULT_ALGORITHMS)
    return Experiment(story, model, start, lanes)


def _overridden(experiment: Experiment, options: Options) -> Experiment:
    return experiment.replace(
        data=_with_columns(experiment.data, options),
        model=_model(options) or experiment.model,
        start=_start(options) or experiment.start,
        lanes=_lanes(options) or experiment.lanes,
    )


def _model(options: Options) -> Model | None:
    return None if options.model is None else instance("models", options.model, "--model")


def _lanes(options: Options) -> tuple[Lane, ...]:
    return tuple(lane(text, "--algorithm") for text in options.algorithms)


def _start(options: Options) -> Start | None:
    text = options.start
    if text is None:
        return None
    if text.lower().endswith(".json"):
        return _start_in_file(text)
    start: Start = instance("starts", text, "--start")
    return start


def _start_in_file(source: str) -> GivenParameters:
    """Natural parameters in a JSON file, as --json tells them."""
    where = f"--start {source}"
    try:
        content = Path(source).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is impossible"
        raise InputError(f"{where} cannot be read: {reason}.") from None
    try:
        table = msgspec.json.decode(content.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{where} is not readable JSON: {str(error).rstrip('.')}.") from None
    if not isinstance(table, dict):
        raise InputError(
            f'{where} must hold an object such as {{"weights": [...], "means": [[...]], "covariances": [[[...]]]}}.'
        )
    return configure(GivenParameters, table, where)


def _stop(stop: Stop, options: Options) -> Stop:
    given = {"tolerance": options.tolerance, "rule": options.rule, "max_iterations": options.max_iterations}
    for key, text in given.items():
        if text is not None:
            where = f"--{key.replace('_', '-')}"
            if not text.strip():
                raise InputError(f"{where} needs a value; see main.py fit --help.")
            stop = configure(Stop, {**written(stop), key: value_of(text, where)}, where)
    return stop


def _with_columns(story: DataStory, options: Options) -> DataStory:
    """The story with other columns; raises InputError where it has no such choice."""
    changes: dict[str, Any] = {}
    if options.columns is not None:
        changes["columns"] = _column_names(options.columns)
    for key in ("weights_column", "sequence_column", "time_column"):
        column = getattr(options, key)
        if column is not None:
            if not column:
                raise InputError(f"--{key.replace('_', '-')} needs the name of a column.")
            changes[key] = column
    if options.drop_missing:
        changes["drop_missing"] = True
    if options.matrix:
        changes["matrix"] = True
    if options.observations is not None:
        changes["observations"] = value_of(options.observations, "--observations")
    known = {each.name for each in settings_of(type(story))}
    for key in changes:
        if key not in known:
            raise InputError(f"--{key.replace('_', '-')} is for a CSV file; {story.name} has no such choice.")
    if "observations" in changes:
        if not (options.matrix or getattr(story, "matrix", False)):
            raise InputError(
                "--observations goes with a covariance matrix; say that the CSV is one (--matrix), or leave it out."
            )
        # Checked here, for it is the only one of these that is neither text nor flag.
        configure(type(story), {"observations": changes["observations"]}, "--observations")
    return replace(story, **changes)


def _column_names(text: str) -> tuple[str, ...]:
    """Names separated by commas; one that holds a comma is quoted as in a CSV."""
    names = tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))
    if not names or not all(names):
        raise InputError("--columns needs names separated by commas, such as --columns eruptions,waiting.")
    return names
