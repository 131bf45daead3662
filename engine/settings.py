"""Settings of a concrete class: frozen dataclass fields that describe themselves.

One description serves the panel in the window, the options of the command line, the keys of the
experiment file and the listing: a field made by `setting` carries its label, range, unit and explanation.
"""

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from engine.errors import InputError

T = TypeVar("T")
Choices = tuple[str, ...] | Callable[[], tuple[str, ...]] | str
"""Words, a function that gives them when asked, or the name of the class attribute that holds them."""


@dataclass(frozen=True)
class Setting:
    """One field of a concrete class, as a form or a listing needs it.

    `minimum`, `maximum` and `above` bound a number (`above` excludes the bound itself); `logarithmic`
    asks for a slider on a log scale; `adjustable` says that the value may change while a lane runs.
    """

    name: str
    kind: Any
    default: Any
    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    unit: str = ""
    logarithmic: bool = False
    choices: tuple[str, ...] = ()
    adjustable: bool = False

    @property
    def range_text(self) -> str:
        """The allowed values in words, '' where every value of the type is allowed."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.above is not None:
            upper = f" and at most {self.maximum:g}" if self.maximum is not None else ""
            return f"above {self.above:g}{upper}"
        if self.minimum is not None and self.maximum is not None:
            return f"{_number_text(self.minimum)} to {_number_text(self.maximum)}"
        if self.minimum is not None:
            return f"at least {self.minimum:g}"
        return f"at most {self.maximum:g}" if self.maximum is not None else ""


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    unit: str = "",
    logarithmic: bool = False,
    choices: Choices = (),
    adjustable: bool = False,
) -> Any:
    """A dataclass field that describes itself; see `Setting` for what the arguments mean."""
    described = {
        "label": label,
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "unit": unit,
        "logarithmic": logarithmic,
        "choices": choices,
        "adjustable": adjustable,
    }
    return dataclasses.field(default=default, metadata={"setting": described})


@cache
def _type_hints(cls: type) -> dict[str, Any]:
    """The types of a class's fields: looked up once, for it is slow and panels ask for every edit."""
    return typing.get_type_hints(cls)


def settings_of(cls: type) -> tuple[Setting, ...]:
    """The settings of a concrete class, in the order in which they are written."""
    hints = _type_hints(cls)
    found = []
    for each in dataclasses.fields(cls):
        described = each.metadata.get("setting")
        if described is None:
            continue
        choices = described["choices"]
        if isinstance(choices, str):
            choices = getattr(cls, choices)
        resolved = choices() if callable(choices) else choices
        found.append(Setting(each.name, hints[each.name], each.default, **{**described, "choices": resolved}))
    return tuple(found)


def configure(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """An instance of `cls` with `values` as its settings, checked against types and ranges.

    `where` names the place in the user's words ('[model]'). Raises InputError with the key and what
    would be right for an unknown key, a wrong type or a value out of range.
    """
    known = {each.name: each for each in settings_of(cls)}
    converted = {}
    for key, value in values.items():
        if key not in known:
            names = ", ".join(known) or "none"
            raise InputError(f"{where}: there is no setting {key!r}; the settings here are {names}.")
        converted[key] = _checked(known[key], value, where)
    return cls(**converted)


def written(instance: Any) -> dict[str, Any]:
    """The settings of an instance as plain values that a TOML file or JSON can hold; None is left out."""
    values = {each.name: getattr(instance, each.name) for each in settings_of(type(instance))}
    return {key: msgspec.to_builtins(value) for key, value in values.items() if value is not None}


def _checked(known: Setting, value: Any, where: str) -> Any:
    try:
        value = msgspec.convert(value, type=known.kind, strict=True)
    except msgspec.ValidationError:
        kind = _kind_text(known.kind)
        what = (
            f"is not {kind}; give {known.range_text}" if known.range_text else f"is not possible; give {kind}"
        )
        raise InputError(f"{where}: {known.name} = {_short(value)} {what}.") from None
    for number in _numbers(value):
        if math.isnan(number) or (math.isinf(number)):
            raise InputError(f"{where}: {known.name} = {_short(value)} is not a finite number.")
        too_low = known.minimum is not None and number < known.minimum
        too_high = known.maximum is not None and number > known.maximum
        not_above = known.above is not None and number <= known.above
        if too_low or too_high or not_above:
            raise InputError(
                f"{where}: {known.name} = {_short(value)} is out of range; give {known.range_text}."
            )
    if known.choices:
        for word in (value,) if isinstance(value, str) else value or ():
            if word not in known.choices:
                raise InputError(
                    f"{where}: {known.name} = {word!r} is not known; give one of {', '.join(known.choices)}."
                )
    return value


def _numbers(value: Any) -> list[float]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        # An integer may be too large for a float; its range is judged all the same.
        return [float(min(max(value, -(10**300)), 10**300))]
    if isinstance(value, float):
        return [value]
    if isinstance(value, (tuple, list)):
        return [number for item in value for number in _numbers(item)]
    return []


def _number_text(number: float) -> str:
    return f"{number:.0f}" if number == int(number) and abs(number) < 1e12 else f"{number:g}"


def _kind_text(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}
    if kind in names:
        return names[cast(type, kind)]
    inner = [each for each in typing.get_args(kind) if each not in (type(None), ...)]
    if typing.get_origin(kind) is tuple:
        several = {int: "whole numbers", float: "numbers", str: "words"}
        return f"a list of {several.get(inner[0], 'lists')}" if inner else "a list"
    return " or ".join(_kind_text(each) for each in inner) or "a list"


def _short(value: Any) -> str:
    text = repr(value).replace("True", "true").replace("False", "false")
    return text if len(text) <= 60 else text[:57] + "..."
