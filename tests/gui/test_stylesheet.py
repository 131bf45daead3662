"""The style sheet is complete for every style, and what is written on what can be read."""

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from gui.style import Style, style
from gui.stylesheet import blended, stylesheet

STYLES = [style(theme, lecture) for theme in ("light", "dark") for lecture in (False, True)]


def _contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, WCAG 2.1, section 1.4.3."""

    def luminance(name: str) -> float:
        colour = QColor(name)
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("chosen", STYLES)
def test_qt_understands_it(application: object, chosen: Style, capfd: pytest.CaptureFixture[str]) -> None:
    widget = QWidget()
    widget.setStyleSheet(stylesheet(chosen))
    widget.ensurePolished()
    assert "Could not parse" not in capfd.readouterr().err
    assert stylesheet(chosen).count("{") == stylesheet(chosen).count("}")


@pytest.mark.parametrize("chosen", STYLES)
def test_words_and_the_focus_stand_out(chosen: Style) -> None:
    for words in (chosen.text, chosen.muted, chosen.danger, chosen.accent):
        assert _contrast(words, chosen.panel) >= 4.5
    assert _contrast(chosen.accent_text, chosen.accent) >= 4.5
    assert _contrast(chosen.accent, chosen.panel) >= 3.0


def test_sizes_follow_the_style() -> None:
    assert "font-size: 20px" in stylesheet(style("light", True))
    assert "font-size: 13px" in stylesheet(style("light"))


def test_colours_are_blended() -> None:
    assert blended("#000000", "#ffffff", 0.5) == "#808080"
    assert blended("#123456", "#ffffff", 0.0) == "#123456"
