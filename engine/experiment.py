"""The experiment: one frozen value that the window edits, a file holds and the command line runs."""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from engine import catalogue
from engine.algorithms.base import Algorithm
from engine.claims import MOST_CLAIMS, parse
from engine.datasets.base import DataStory
from engine.errors import InputError
from engine.models.base import Model
from engine.run import Intervention, Route
from engine.settings import configure, setting, settings_of, written
from engine.starts.base import Start
from engine.stopping import Stop

LANE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 \-]*")
MOST_LANES = 8
PLAIN_KEYS = {
    "title": "a text",
    "caption": "a text",
    "seed": "a whole number of at least 0",
    "claims": f'a list of at most {MOST_CLAIMS} texts such as "em.decreases == 0"',
    "slow": "true or false",
    "place": "a whole number of at least 0",
}
"""What stands at the top of a file, outside its tables, and what it must be."""


@dataclass(frozen=True)
class Lane:
    """One engine of an experiment: an algorithm with its settings, a name, and what was changed in flight."""

    algorithm: Algorithm
    name: str = ""
    interventions: tuple[Intervention, ...] = ()
    after_leaving: str = setting(
        "stop",
        label="Outside the constraints",
        help="What a lane does after it has left the constraints: stop there, or continue, shown hatched.",
        choices=("stop", "continue"),
    )
    on: bool = setting(True, label="On", help="Whether this lane takes part in the race.")

    @property
    def title(self) -> str:
        """The lane's own name, or its algorithm's."""
        return self.name or self.algorithm.name

    def without_interventions(self) -> "Lane":
        """The lane as it was set before anything was changed in flight."""
        return dataclasses.replace(self, interventions=())

    def route(self, key: int) -> Route:
        """The lane as `run` wants it; `key` seeds stochastic algorithms alike in every lane."""
        return Route(self.algorithm, self.interventions, self.after_leaving == "continue", key)


@dataclass(frozen=True)
class Show:
    """How fast and by which clock an experiment is played, and what is drawn."""

    speed: float = setting(
        6.0,
        label="Speed",
        help="Iterations a second; 0 plays flat out.",
        unit="/s",
        minimum=0.0,
        maximum=1000.0,
        logarithmic=True,
    )
    clock: str = setting(
        "iteration",
        label="Clock",
        help="What the horizontal axis and the cursor count.",
        choices=("iteration", "passes", "cpu"),
    )
    vertical: str = setting(
        "value",
        label="Vertical",
        help="The log-likelihood itself, or its gap to the best known maximum on a log axis.",
        choices=("value", "gap"),
    )
    truth: bool = setting(False, label="Truth", help="Draw the components from which the data were drawn.")
    columns: tuple[str, ...] = setting(
        (), label="Columns", help="The two columns that the canvases show; none named: the first two."
    )
    principal: bool = setting(
        False,
        label="Principal directions",
        help="Show the two directions in which the data vary most, and not two columns.",
    )

    def places(self, columns: tuple[str, ...]) -> tuple[int, int] | None:
        """Which two of the data's columns the canvases show; None for principal directions, or where one is all."""
        if self.principal or len(columns) < 2:
            return None
        if len(self.columns) == 2 and set(self.columns) <= set(columns) and len(set(self.columns)) == 2:
            return columns.index(self.columns[0]), columns.index(self.columns[1])
        return 0, 1


@dataclass(frozen=True)
class Experiment:
    """Where the data come from, which model, which start, which lanes, when they stop, what is shown.

    `claims` say what comes out, in the language of `engine.claims`; `slow` ones are only run on demand.
    `place` orders the shipped ones, from 1; 0 stands behind them all.
    """

    data: DataStory
    model: Model
    start: Start
    lanes: tuple[Lane, ...]
    stop: Stop = field(default_factory=Stop)
    show: Show = field(default_factory=Show)
    title: str = ""
    caption: str = ""
    seed: int = setting(0, label="Seed", help="Seeds what is random in the algorithms.", minimum=0)
    claims: tuple[str, ...] = ()
    slow: bool = False
    place: int = 0

    @property
    def running(self) -> tuple[int, ...]:
        """The numbers of the lanes that are switched on, counted from 0."""
        return tuple(number for number, lane in enumerate(self.lanes) if lane.on)

    def replace(self, **changes: Any) -> "Experiment":
        """The experiment with some fields exchanged."""
        return dataclasses.replace(self, **changes)

    def to_toml(self) -> str:
        """The experiment as the text of its file; `from_toml` gives back an equal one.

        Only a claim about a lane that is gone is left out: the file could not be read with it.
        """
        return tomli_w.dumps(self.to_document())

    def to_document(self) -> dict[str, Any]:
        """The experiment as the tables of its file, which `from_document` reads; see `to_toml`."""
        document: dict[str, Any] = {}
        for key in ("title", "caption"):
            if getattr(self, key):
                document[key] = getattr(self, key)
        if self.seed:
            document["seed"] = self.seed
        claims = [claim for claim in self.claims if _still_means_something(claim, self.lanes)]
        if claims:
            document["claims"] = claims
        if self.slow:
            document["slow"] = True
        if self.place:
            document["place"] = self.place
        document["data"] = {"name": self.data.name, **written(self.data)}
        document["model"] = {"name": self.model.name, **written(self.model)}
        document["start"] = {"name": self.start.name, **written(self.start)}
        document["stop"] = written(self.stop)
        document["show"] = written(self.show)
        document["lanes"] = [_lane_table(lane) for lane in self.lanes]
        return document


def from_toml(text: str, folder: Path | None = None) -> Experiment:
    """The experiment in the text of a file; paths in it are relative to `folder`.

    Raises InputError, in one sentence with the key, for anything unknown, mistyped or impossible.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"This is not a readable experiment file: {_lowered(str(error))}.") from None
    return from_document(document, folder)


def read_experiment(path: Path) -> Experiment:
    """The experiment in a file; raises InputError where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; an experiment is a TOML file in UTF-8.") from None
    try:
        return from_toml(text, path.parent)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def from_document(document: Mapping[str, Any], folder: Path | None = None) -> Experiment:
    """The experiment in a decoded file; see `from_toml`."""
    known = (*PLAIN_KEYS, "data", "model", "start", "lanes", "stop", "show")
    for key in document:
        if key not in known:
            raise InputError(f"There is no key {key!r} in an experiment; the keys are {', '.join(known)}.")
    for key in ("data", "model", "lanes"):
        if key not in document:
            raise InputError(f"The experiment has no [{key}]; add one.")
    data = named("datasets", _table(document, "data"), "[data]")
    if folder is not None and hasattr(data, "resolved"):
        data = data.resolved(folder)
    lanes = document["lanes"]
    if not isinstance(lanes, list) or not lanes:
        raise InputError("The experiment needs at least one [[lanes]] with an algorithm.")
    if len(lanes) > MOST_LANES:
        raise InputError(f"An experiment has at most {MOST_LANES} lanes; this one has {len(lanes)}.")
    model = named("models", _table(document, "model"), "[model]")
    start = named("starts", _table(document, "start", {"name": model.default_start}), "[start]")
    experiment = Experiment(
        data,
        model,
        start,
        tuple(_lane(table, number) for number, table in enumerate(lanes, start=1)),
        configure(Stop, _table(document, "stop", {}), "[stop]"),
        configure(Show, _table(document, "show", {}), "[show]"),
        **_plain_values(document),
    )
    experiment = experiment.replace(lanes=distinctly_named(experiment.lanes))
    titles = [lane.title for lane in experiment.lanes]
    for claim in experiment.claims:
        parse(claim, titles)
    return experiment


def named(kind: str, table: Mapping[str, Any], where: str, key: str = "name") -> Any:
    """An instance of the class that a table names by `key`, with the table's other keys as settings."""
    rest = dict(table)
    name = rest.pop(key, None)
    if not isinstance(name, str):
        article = "an" if key[0] in "aeiou" else "a"
        raise InputError(f"{where} needs {article} {key}; give one of {', '.join(catalogue.find(kind))}.")
    try:
        cls = catalogue.get(kind, name)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return configure(cls, rest, where)


def distinctly_named(lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
    """Lanes whose titles differ: a repeated one gets a number."""
    taken: set[str] = set()
    renamed = []
    for lane in lanes:
        title, number = lane.title, 2
        while title in taken:
            title, number = f"{lane.title} {number}", number + 1
        taken.add(title)
        renamed.append(lane if title == lane.title else dataclasses.replace(lane, name=title))
    return tuple(renamed)


def checked_lane_name(name: Any, where: str) -> str:
    """A lane's own name: letters, digits, hyphens and spaces; raises InputError otherwise."""
    if not isinstance(name, str) or (name and not LANE_NAME.fullmatch(name)) or len(name) > 40:
        raise InputError(
            f"{where}: {name!r} cannot name a lane; use at most 40 letters, digits, hyphens and spaces."
        )
    return name


def _plain_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """What stands at the top of a file, outside its tables; raises InputError for another kind of value."""
    found = {key: document[key] for key in PLAIN_KEYS if key in document}
    for key, value in found.items():
        possible = {
            "seed": type(value) is int and value >= 0,
            "place": type(value) is int and value >= 0,
            "slow": isinstance(value, bool),
            "claims": isinstance(value, list)
            and len(value) <= MOST_CLAIMS
            and all(isinstance(each, str) for each in value),
        }.get(key, isinstance(value, str))
        if not possible:
            raise InputError(f"{key} = {_shown(value)} is not possible; give {PLAIN_KEYS[key]}.")
    if "claims" in found:
        found["claims"] = tuple(found["claims"])
    return found


def _still_means_something(claim: str, lanes: tuple[Lane, ...]) -> bool:
    """Whether a claim speaks only of lanes that are there: a lane may have been renamed or removed."""
    try:
        parse(claim, [lane.title for lane in lanes])
    except InputError:
        return False
    return True


def _lane(table: Any, number: int) -> Lane:
    where = f"[[lanes]] {number}"
    if not isinstance(table, dict):
        raise InputError(f"{where} must be a table with an algorithm.")
    rest = dict(table)
    name = checked_lane_name(rest.pop("name", ""), where)
    interventions = rest.pop("interventions", [])
    after_leaving = rest.pop("after_leaving", "stop")
    if after_leaving not in ("stop", "continue"):
        raise InputError(f"{where}: after_leaving = {after_leaving!r} is not known; give stop or continue.")
    on = rest.pop("on", True)
    if not isinstance(on, bool):
        raise InputError(f"{where}: on = {on!r} is not possible; give true or false.")
    algorithm = named("algorithms", rest, where, key="algorithm")
    return Lane(algorithm, name, _interventions(algorithm, interventions, where), after_leaving, on)


def _interventions(algorithm: Algorithm, tables: Any, where: str) -> tuple[Intervention, ...]:
    adjustable = {each.name for each in settings_of(type(algorithm)) if each.adjustable}
    found = []
    for table in tables if isinstance(tables, list) else [None]:
        if not isinstance(table, dict) or type(table.get("iteration")) is not int or table["iteration"] < 0:
            raise InputError(
                f"{where}: an intervention needs an iteration, 0 or more, and the setting it changes."
            )
        changes = {key: value for key, value in table.items() if key != "iteration"}
        if not changes:
            raise InputError(
                f"{where}: the intervention at {table['iteration']} changes no setting; name one."
            )
        for key in changes:
            if key not in adjustable:
                allowed = ", ".join(sorted(adjustable)) or "nothing"
                raise InputError(f"{where}: {key!r} cannot change in flight; what can is {allowed}.")
        checked = configure(type(algorithm), changes, where)
        found += [Intervention(table["iteration"], key, getattr(checked, key)) for key in changes]
    return tuple(sorted(found, key=lambda each: each.iteration))


def _lane_table(lane: Lane) -> dict[str, Any]:
    table: dict[str, Any] = {"algorithm": lane.algorithm.name}
    if lane.name:
        table["name"] = lane.name
    table |= written(lane.algorithm)
    if lane.after_leaving != "stop":
        table["after_leaving"] = lane.after_leaving
    if not lane.on:
        table["on"] = False
    if lane.interventions:
        table["interventions"] = [
            {"iteration": each.iteration, each.setting: each.value} for each in lane.interventions
        ]
    return table


def _table(
    document: Mapping[str, Any], key: str, default: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    table = document.get(key, default)
    if not isinstance(table, Mapping):
        raise InputError(f"[{key}] must be a table of settings.")
    return table


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
