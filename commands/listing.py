"""`main.py list`: what there is to choose from, found by the catalogue."""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from engine import catalogue
from engine.algorithms.base import Algorithm, promise_of
from engine.errors import InputError
from engine.experiment import Experiment
from engine.results import plain
from engine.settings import Setting, settings_of
from engine.shipped_experiments import shipped_experiments

KINDS = {
    "models": "models",
    "algorithms": "algorithms",
    "coordinates": "coordinates",
    "starts": "starts",
    "data": "datasets",
}
"""What the command line calls a kind, and the package that holds it."""
EXPERIMENTS = "experiments"

_CITATION = re.compile(
    r"[A-Z][\w'’-]+(?:(?:,? (?:& |and )?|, )[A-Z][\w'’-]+| et al\.)* \(?(?:1[6-9]|20)[0-9]{2}[a-z]?\b\)?"
)
"""Author and year, as in Dempster, Laird & Rubin (1977) or Duchi et al. 2008."""


def list_kinds(kind: str | None, as_json: bool = False) -> None:
    """Prints the classes of one kind with their settings, ranges and sources, or the shipped experiments.

    Without a kind it prints all of them. Raises InputError for a kind that there is not.
    """
    if kind is not None and kind not in (*KINDS, EXPERIMENTS):
        kinds = ", ".join((*KINDS, EXPERIMENTS))
        raise InputError(f"There is nothing called {kind!r} to list; give one of {kinds}, or none.")
    entries = [entry(each, cls) for each in KINDS if kind in (None, each) for cls in _classes(each)]
    if kind in (None, EXPERIMENTS):
        entries += [_experiment(name, each) for name, each in shipped_experiments().items()]
    if as_json:
        sys.stdout.write(json.dumps(entries, allow_nan=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(entries, whole=kind is not None)) + "\n")


def entry(kind: str, cls: type) -> dict[str, Any]:
    """A class as plain values: its name, summary, details, source and settings.

    Of an algorithm also what it requires of a model, and what it promises never to decrease.
    """
    told = {"requires": cls.requires, "promises": promise_of(cls)} if issubclass(cls, Algorithm) else {}
    details = textwrap.dedent("    " + (cls.__doc__ or "")).strip().partition("\n")[2].strip()
    return {
        "name": cls.__dict__["name"],
        "summary": catalogue.summary(cls),
        "settings": [_setting(each) for each in settings_of(cls)],
        "kind": kind,
        "source": _source(cls),
        "details": details,
        **told,
    }


def _source(cls: type) -> str:
    """The source that a class declares, else the citations in its docstring."""
    declared = getattr(cls, "source", "")
    if isinstance(declared, str) and declared:
        return declared
    return "; ".join(dict.fromkeys(_CITATION.findall(" ".join((cls.__doc__ or "").split()))))


def _experiment(name: str, experiment: Experiment) -> dict[str, Any]:
    """A shipped experiment as plain values; it has lanes and claims where a class has settings."""
    return {
        "name": name,
        "summary": experiment.title,
        "settings": [],
        "kind": EXPERIMENTS,
        "source": "",
        "details": experiment.caption,
        "lanes": [lane.title for lane in experiment.lanes],
        "claims": list(experiment.claims),
        "slow": experiment.slow,
    }


def _classes(kind: str) -> tuple[type, ...]:
    return tuple(catalogue.find(KINDS[kind]).values())


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "label": setting.label,
        "help": setting.help,
        "type": _type_text(setting.kind),
        "default": plain(msgspec.to_builtins(setting.default)),
        "range": setting.range_text,
        "minimum": setting.minimum,
        "maximum": setting.maximum,
        "above": setting.above,
        "unit": setting.unit,
        "choices": list(setting.choices),
        "adjustable": setting.adjustable,
    }


def _type_text(kind: Any) -> str:
    words = {int: "whole number", float: "number", bool: "true or false", str: "text", Any: "list"}
    if kind in words:
        return words[kind]
    if "float" in str(kind):
        return "number" if "tuple" not in str(kind) else "list of numbers"
    return "list of texts"


def _lines(entries: list[dict[str, Any]], whole: bool) -> Iterator[str]:
    width = max(60, min(120, shutil.get_terminal_size((100, 24)).columns))
    kind = None
    for each in entries:
        if each["kind"] != kind:
            if kind is not None:
                yield ""
            kind = each["kind"]
            yield str(kind).upper()
        yield from _wrapped(f"{each['name']}: {each['summary']}", width, "  ", "    ")
        if whole and each["details"]:
            for paragraph in str(each["details"]).split("\n\n"):
                yield from _wrapped(" ".join(paragraph.split()), width, "      ", "      ")
        if each["source"]:
            yield from _wrapped(f"Source: {each['source']}", width, "      ", "        ")
        if "requires" in each:
            yield from _wrapped(f"Requires {each['requires']}.", width, "      ", "        ")
            yield from _wrapped(f"Promise: {each['promises']}", width, "      ", "        ")
        for setting in each["settings"]:
            yield from _wrapped(_setting_text(setting), width, "      ", "          ")
        if whole:
            yield from (f"      claims {claim}" for claim in each.get("claims", ()))


def _setting_text(setting: dict[str, Any]) -> str:
    default = setting["default"]
    value = "" if default in (None, "", []) else f" = {json.dumps(default).strip(chr(34))}"
    unit = f" {setting['unit']}" if setting["unit"] and value else ""
    allowed = setting["range"] or setting["type"]
    return f"{setting['name']}{value}{unit} ({allowed}): {setting['help']}"


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
