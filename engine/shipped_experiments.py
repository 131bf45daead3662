"""The experiments that come with the laboratory, in `assets/experiments`, each called as its file is."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from engine.experiment import Experiment, read_experiment

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "experiments"


@cache
def shipped_experiments() -> Mapping[str, Experiment]:
    """Every shipped experiment by its name, in the order in which they are taught (`Experiment.place`).

    Raises InputError where a file cannot be read: a broken one must not go unnoticed.
    """
    found = {path.stem: read_experiment(path) for path in sorted(FOLDER.glob("*.toml"))}
    behind = 1 + max((each.place for each in found.values()), default=0)
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (item[1].place or behind, item[0]))))


def shipped_path(name: str) -> Path | None:
    """The file of the shipped experiment with this name, None where there is none."""
    return next((path for path in FOLDER.glob("*.toml") if path.stem == name), None)
