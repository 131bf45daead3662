"""Colours are seen on their ground, and what must be told apart differs."""

import itertools

import pytest
from PySide6.QtGui import QColor

from gui.style import style


def luminance(colour: str) -> float:
    """The relative luminance of the Web Content Accessibility Guidelines 2.2."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def rgb(colour: str) -> tuple[float, float, float]:
    found = QColor(colour)
    return found.redF(), found.greenF(), found.blueF()


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("lecture", [False, True])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lanes_and_words_are_seen_on_the_canvas(theme: str, lecture: bool) -> None:
    chosen = style(theme, lecture)
    for colour in (*chosen.lanes, chosen.text, chosen.muted, chosen.danger, chosen.warning, chosen.good):
        assert contrast(colour, chosen.canvas) > 4.5, colour
    assert contrast(chosen.accent_text, chosen.accent) > 4.5


def test_thin_lines_of_every_component_are_seen_on_a_dark_canvas() -> None:
    dark = style("dark")
    assert min(contrast(colour, dark.canvas) for colour in dark.components) > 3.4


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_two_components_share_a_colour(theme: str) -> None:
    for one, other in itertools.combinations(style(theme).components, 2):
        assert sum(abs(a - b) for a, b in zip(rgb(one), rgb(other), strict=True)) > 0.2, (one, other)
