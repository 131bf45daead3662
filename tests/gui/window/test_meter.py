"""The quiet meter in the window, by real keys."""

import re

from PySide6.QtCore import Qt

from tests.gui.laboratory import Laboratory

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_a_key_shows_how_fast_the_lanes_are_and_hides_it_again() -> None:
    with Laboratory() as laboratory:
        meter = laboratory.window.meter
        assert not meter.isVisible()
        laboratory.press(Qt.Key.Key_M, SHIFT)
        assert meter.isVisible()
        laboratory.wait_until(lambda: meter.text() == "at rest")
        laboratory.window.session.move_cursor(0.0)
        laboratory.press(Qt.Key.Key_Space)
        laboratory.wait_until(lambda: "steps/s" in meter.text())
        titles = [lane.title for lane in laboratory.lanes]
        for title in titles:
            assert re.search(rf"{re.escape(title)} [\d.\u00a0]+ steps/s", meter.text())
        assert re.search(r"frame \d+ ms \(longest \d+\)", meter.text())
        laboratory.press(Qt.Key.Key_Space)
        laboratory.wait_until(lambda: meter.text() == "at rest")
        laboratory.press(Qt.Key.Key_M, SHIFT)
        assert not meter.isVisible()
