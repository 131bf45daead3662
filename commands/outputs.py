"""Checks of files that will be written, made before any work is done."""

import itertools
import os
from collections.abc import Mapping
from pathlib import Path

from engine.errors import InputError


def writable(text: str, option: str, sources: tuple[str, ...] = ()) -> Path:
    """The path of a file to be written; raises InputError where that cannot be, or would overwrite a source."""
    path = Path(text)
    if not text or "\0" in text:
        raise InputError(f"{option} needs the name of a file.")
    if not os.path.isdir(path.parent):
        raise InputError(
            f"{option}: there is no folder {str(path.parent)!r}; make it first or choose another."
        )
    if os.path.isdir(path):
        raise InputError(f"{option}: {text!r} is a folder; add the name of a file.")
    if not os.access(path if os.path.exists(path) else path.parent, os.W_OK):
        raise InputError(f"{option}: {text!r} may not be written; choose another folder or name.")
    for source in sources:
        if os.path.exists(source) and os.path.exists(path) and os.path.samefile(source, path):
            raise InputError(f"{option}: {text!r} is what is read; choose another name.")
    return path


def different(outputs: Mapping[str, Path | None]) -> None:
    """Raises InputError where two outputs, by their options, would be one file."""
    named = [(option, os.path.realpath(path)) for option, path in outputs.items() if path is not None]
    for (first, one), (second, other) in itertools.combinations(named, 2):
        if one == other:
            raise InputError(f"{first} and {second} name the same file; give them different names.")
