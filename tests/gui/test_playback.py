"""The cursor before any engine has taken its first turn."""

from typing import Any, cast

import pytest

from engine.trace import Trace
from gui.playback import Playback
from tests.gui.frames import first_experiment


class Unstarted:
    """A race none of whose lanes stands at its start yet."""

    def __init__(self) -> None:
        self.traces = [Trace(source.trace.layout) for source in first_experiment(10).sources]
        self.ended = False

    def allow(self, iterations: float) -> None:
        """Nothing happens."""

    def wait_for_entries(self, iteration: int, seconds: float) -> bool:
        return False


@pytest.mark.parametrize("clock", ["iteration", "passes", "cpu"])
def test_every_key_may_come_before_the_first_turn(clock: str) -> None:
    playback = Playback()
    playback.load(cast(Any, Unstarted()))
    playback.use_clock(clock)
    for act in (
        playback.step, playback.half_step, playback.step_back, playback.reset, playback.toggle, playback.toggle,
    ):  # fmt: skip
        act()
        playback.tick(0.016)
        assert playback.cursor == 0.0
    playback.use_clock("passes")
    playback.move_to(3.0)
    playback.tick(0.016)
    assert playback.cursor == 0.0
