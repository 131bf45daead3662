"""Settings on one line: `name:setting=value,setting=value`, read and written.

This is how a model, a start, a data story or a lane is given on the command line. Each value is written as
in TOML; a plain word needs no quotes, also within a list or a table.
"""

import datetime
import json
import math
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from engine import catalogue
from engine.errors import InputError
from engine.experiment import Lane, checked_lane_name
from engine.settings import configure, settings_of, written

_CLOSING = {"[": "]", "{": "}"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_PLAIN = re.compile(r"[^\"'\[\]{},=#\x00-\x1f\x7f]+")
_DEEPEST = 50
LANE_OWN = ("name", "after_leaving")
"""Keys of a lane's text that are the lane's own and no settings of its algorithm."""


def parse(text: str, where: str) -> tuple[str, dict[str, Any]]:
    """The name and the settings in `name:setting=value,...`, the values not yet checked.

    `where` names the place in the user's words ('--model'). Raises InputError for malformed text.
    """
    name, raw = _raw(text, where)
    return name, {key: value_of(value, f"{where} {name}: {key}") for key, value in raw.items()}


def instance(kind: str, text: str, where: str) -> Any:
    """The instance of a class of `engine.<kind>` that a text describes; raises InputError."""
    name, values = parse(text, where)
    return _configured(kind, name, values, where)


def lane(text: str, where: str) -> Lane:
    """The lane that a text describes: an algorithm, its settings, and what is the lane's own.

    `em:name=first lane` names a lane; `after_leaving=continue` lets it go on outside the constraints.
    Raises InputError.
    """
    algorithm, raw = _raw(text, where)
    place = f"{where} {algorithm}"
    own = {key: raw.pop(key).strip() for key in LANE_OWN if key in raw}
    values = {key: value_of(value, f"{place}: {key}") for key, value in raw.items()}
    if own.get("name") == "":
        raise InputError(f"{place}: name has no value; write one after the =.")
    title: Any = own.get("name", "")
    # A lane called 2 or true is still a name, so its text counts, and not what TOML makes of it.
    if title.startswith(('"', "'")):
        title = value_of(title, f"{place}: name")
    after_leaving = own.get("after_leaving", "stop").strip("\"'")
    if after_leaving not in ("stop", "continue"):
        raise InputError(f"{place}: after_leaving = {after_leaving!r} is not known; give stop or continue.")
    return Lane(
        _configured("algorithms", algorithm, values, where),
        checked_lane_name(title, place),
        after_leaving=after_leaving,
    )


def _configured(kind: str, name: str, values: Mapping[str, Any], where: str) -> Any:
    try:
        cls = catalogue.get(kind, name)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return configure(cls, values, f"{where} {name}")


def value_of(text: str, where: str) -> Any:
    """One value as TOML writes it, or a plain word; raises InputError where it is neither."""
    text = text.strip()
    if not text:
        raise InputError(f'{where} has no value; write one after the =, or "" for an empty text.')
    try:
        document = tomllib.loads(f"value = {text}")
    except ValueError:
        document = {}
    except RecursionError:
        raise InputError(f"{where} is nested too deeply; write it with fewer brackets.") from None
    if set(document) == {"value"}:
        value = document["value"]
        if isinstance(value, int) and abs(value) >= 2**63:
            raise InputError(f"{where} = {_short(text)} is too large a number; give a smaller one.")
        # A word such as 2024-01-01 is a name here: no setting is a date.
        return text if isinstance(value, datetime.date | datetime.time) else value
    if text.startswith("["):
        return [value_of(each, where) for each in _pieces(_inside(text, where), where)]
    if text.startswith("{"):
        return _table(_pieces(_inside(text, where), where), where)
    if _NUMBER.fullmatch(text):
        return float(text)
    if text.startswith(('"', "'")):
        raise InputError(f"{where} = {_short(text)} is not a closed text; close its quotes.")
    return text


def text_of(instance: Any, whole: bool = False) -> str:
    """A model, start, algorithm or data story as the text that `instance` reads back to an equal one.

    Settings at their defaults are left out, unless `whole` asks for all that hold something.
    """
    defaults = {each.name: each.default for each in settings_of(type(instance))}
    shown = {
        key: value
        for key, value in written(instance).items()
        if (whole and value not in ([], (), "")) or getattr(instance, key) != defaults[key]
    }
    return _joined(instance.name, shown)


def lane_text(lane: Lane) -> str:
    """A lane as the text that `lane` reads back; what was changed in flight is not part of it."""
    own = {"name": lane.name} if lane.name else {}
    if lane.after_leaving != "stop":
        own["after_leaving"] = lane.after_leaving
    text = text_of(lane.algorithm)
    parts = [f"{key}={_written_value(value)}" for key, value in own.items()]
    return text + ("," if ":" in text and parts else ":" if parts else "") + ",".join(parts)


def _joined(name: str, values: Mapping[str, Any]) -> str:
    parts = ",".join(f"{key}={_written_value(value)}" for key, value in values.items())
    return f"{name}:{parts}" if parts else name


def _raw(text: str, where: str) -> tuple[str, dict[str, str]]:
    name, colon, rest = text.strip().partition(":")
    name = name.strip()
    if not name:
        raise InputError(f"{where} {_short(text)} has no name; write name:setting=value,setting=value.")
    if colon and not rest.strip():
        raise InputError(f"{where} {name}: there is no setting after the colon; write {name} alone.")
    return name, _assignments(_pieces(rest, f"{where} {name}"), f"{where} {name}")


def _assignments(pieces: list[str], where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in pieces:
        key, equals, value = piece.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise InputError(
                f"{where}: {_short(piece.strip())} is not written setting=value; "
                "separate settings by commas and put a text that holds a comma in quotes."
            )
        if key in found:
            raise InputError(f"{where}: {key} is given twice; give it once.")
        found[key] = value
    return found


def _table(pieces: list[str], where: str) -> dict[str, Any]:
    return {key: value_of(value, f"{where}: {key}") for key, value in _assignments(pieces, where).items()}


def _inside(text: str, where: str) -> str:
    closing = _CLOSING[text[0]]
    if not text.endswith(closing) or len(text) < 2:
        raise InputError(f"{where} = {_short(text)} does not end with {closing}; close the bracket.")
    return text[1:-1]


def _pieces(text: str, where: str) -> list[str]:
    """`text` split at the commas that stand outside quotes and brackets; empty text has no pieces."""
    pieces, begin, open_brackets, quote, escaped = [], 0, [], "", False
    for place, character in enumerate(text):
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and quote == '"' and not escaped
        elif character in "\"'":
            quote = character
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
            if len(open_brackets) > _DEEPEST:
                raise InputError(f"{where} is nested too deeply; write it with fewer brackets.")
        elif character in _CLOSING.values():
            if not open_brackets or open_brackets.pop() != character:
                raise InputError(f"{where}: a {character} in {_short(text)} closes nothing; remove it.")
        elif character == "," and not open_brackets:
            pieces.append(text[begin:place])
            begin = place + 1
    if quote:
        raise InputError(f"{where}: a {quote} in {_short(text)} is not closed; close it.")
    if open_brackets:
        raise InputError(f"{where}: a {open_brackets[-1]} is missing in {_short(text)}; add it.")
    last = text[begin:]
    if pieces and not last.strip():
        raise InputError(f"{where}: {_short(text)} ends with a comma; remove it.")
    return [*pieces, last] if text.strip() else []


def _written_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise InputError(f"{value} cannot be written as a setting; give a finite number.")
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}={_written_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_written_value(each) for each in value) + "]"
    text = str(value)
    if _PLAIN.fullmatch(text) and value_of(text, "a text") == text:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."
