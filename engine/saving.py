"""Files that are written as a whole or not at all: who reads one never finds half of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from engine.errors import InputError


@contextmanager
def writing(path: Path, newline: str | None = None) -> Iterator[TextIOWrapper]:
    """A stream of UTF-8 text that takes the place of a file once all of it is written.

    Whatever goes wrong on the way, what was in the file stays. Only what cannot be replaced (a pipe, a device, a
    file in a folder that takes no new ones) is written directly. Raises InputError where it cannot be written.
    """
    try:
        if _is_replaceable(path):
            # A link stays a link: what it points to is replaced.
            with _replacing(path.resolve() if path.is_symlink() else path, newline) as stream:
                yield stream
        else:
            with path.open("w", encoding="utf-8", newline=newline) as stream:
                yield stream
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from None


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a text, or bytes as they are, as `writing` does."""
    with writing(path) as stream:
        if isinstance(content, bytes):
            stream.buffer.write(content)
        else:
            stream.write(content)


def _is_replaceable(path: Path) -> bool:
    if not path.exists():
        return True
    return path.is_file() and os.access(path.resolve().parent, os.W_OK)


@contextmanager
def _replacing(path: Path, newline: str | None) -> Iterator[TextIOWrapper]:
    # Of its own name in each process, so that two that save the same file do not mix their halves.
    unfinished = path.with_name(f"{path.name[:200]}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline=newline) as stream:
            if path.exists():
                unfinished.chmod(path.stat().st_mode)
            yield stream
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
