"""`main.py render`: the window's picture without a display."""

import os
import re

from commands.display import WITHOUT_QT, qt_needed
from commands.outputs import writable
from commands.source import experiment_from
from engine.errors import InputError

SMALLEST = (200, 150)
LARGEST = 16384
DIGITS_AT_MOST = 9


def render(
    source: str,
    output: str,
    at: str | None = None,
    size: str = "1366x768",
    theme: str = "light",
    lecture: bool = False,
    view: str = "window",
) -> None:
    """Draws SOURCE into a PNG, SVG or PDF; all is checked before anything runs. Raises InputError."""
    iteration = None if at is None else _iteration(at)
    pixels = _pixels(size)
    if not output.lower().endswith((".png", ".svg", ".pdf")):
        raise InputError(f"--output: {output!r} is no picture; give a name that ends in .png, .svg or .pdf.")
    path = writable(output, "--output", (source,))
    experiment = experiment_from(source)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # The offscreen platform warns of what it cannot hint to a window manager that is not there.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    with qt_needed(WITHOUT_QT):
        from gui.render import render as drawn

        drawn(experiment, path, iteration, pixels, theme, lecture, view)


def _iteration(text: str) -> int:
    if not re.fullmatch(rf"[0-9]{{1,{DIGITS_AT_MOST}}}", text):
        raise InputError(f"--at {text!r} is no iteration; give a whole number of at least 0.")
    return int(text)


def _pixels(text: str) -> tuple[int, int]:
    found = re.fullmatch(rf"([0-9]{{1,{DIGITS_AT_MOST}}})[xX×]([0-9]{{1,{DIGITS_AT_MOST}}})", text)
    if found is None:
        raise InputError(f"--size {text!r} is no size; give width and height in pixels, such as 1366x768.")
    width, height = int(found[1]), int(found[2])
    if width < SMALLEST[0] or height < SMALLEST[1] or max(width, height) > LARGEST:
        raise InputError(
            f"--size {text} is not possible; give {SMALLEST[0]}x{SMALLEST[1]} to {LARGEST}x{LARGEST}."
        )
    return width, height
