"""Finds the concrete classes of a package, so that a new file is known without editing a list."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from engine.errors import InputError

KINDS = {
    "models": "Model",
    "algorithms": "Algorithm",
    "coordinates": "Coordinates",
    "starts": "Start",
    "datasets": "DataStory",
}


@cache
def find(kind: str) -> Mapping[str, Any]:
    """The concrete classes of `engine.<kind>` by their names, in the order of the file names.

    A concrete class is one that its own module defines, that derives from the package's base class and
    that leaves no method abstract. A module that cannot be imported, a class without a name, a docstring
    or a method, or two of one name raise at once: a broken plug-in must not go unnoticed.
    """
    package = importlib.import_module(f"engine.{kind}")
    base = getattr(importlib.import_module(f"engine.{kind}.base"), KINDS[kind])
    found: dict[str, Any] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        for item in _concrete(importlib.import_module(f"engine.{kind}.{info.name}"), base):
            if item.name in found:
                raise RuntimeError(f"two {kind} are called {item.name!r}")
            found[item.name] = item
    return MappingProxyType(found)


def _concrete(module: ModuleType, base: type) -> list[Any]:
    """The concrete classes that a module defines."""
    found = []
    for item in vars(module).values():
        ours = isinstance(item, type) and issubclass(item, base) and item.__module__ == module.__name__
        if not ours or (inspect.isabstract(item) and "name" not in vars(item)):
            continue
        problem = _broken(item)
        if problem is not None:
            raise RuntimeError(f"{module.__name__}.{item.__name__} {problem}")
        found.append(item)
    return found


def _broken(cls: type) -> str | None:
    """What a concrete class lacks, None where it is whole."""
    if "name" not in vars(cls):
        return "has no name"
    if inspect.isabstract(cls):
        return f"does not define {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}"
    if not cls.__doc__ or cls.__doc__.startswith(f"{cls.__name__}("):
        return "has no docstring"
    parameters = vars(cls).get("__dataclass_params__")
    return None if parameters is not None and parameters.frozen else "is no frozen dataclass"


def get(kind: str, name: str) -> Any:
    """The concrete class called `name`; raises InputError that names those there are."""
    alone = _in_its_own_file(kind, name)
    if alone is not None:
        return alone
    classes = find(kind)
    if name not in classes:
        nothing = {"datasets": "is no data story", "coordinates": "are no coordinates"}
        there = nothing.get(kind, f"is no {kind.rstrip('s')}")
        raise InputError(f"There {there} called {name!r}; give one of {', '.join(classes)}.")
    return classes[name]


@cache
def _in_its_own_file(kind: str, name: str) -> Any:
    """The class from the file that bears its name, because to import all others takes time; None without one."""
    file = f"engine.{kind}.{name.replace('-', '_')}"
    if not re.fullmatch("[a-z0-9-]+", name) or importlib.util.find_spec(file) is None:
        return None
    base = getattr(importlib.import_module(f"engine.{kind}.base"), KINDS[kind])
    return next((each for each in _concrete(importlib.import_module(file), base) if each.name == name), None)


def summary(cls: type) -> str:
    """The first line of a class's docstring: its tooltip and its line in a listing."""
    return (cls.__doc__ or "").strip().splitlines()[0]
