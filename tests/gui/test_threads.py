"""Pause, step, reset, close and reload a hundred times in random order while both engines run."""

import dataclasses
import math
import threading
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from engine.experiment import Experiment, read_experiment
from engine.stopping import Stop
from gui import edits
from gui.app import FIRST_EXPERIMENT
from gui.requests import MoveStartMean, SetStartWeights
from gui.session import Session
from tests.gui.laboratory import Laboratory
from tests.gui.sessions import opened, tick
from tests.gui.traces import assert_same, headless

FIRST = read_experiment(FIRST_EXPERIMENT).replace(stop=Stop(max_iterations=80))
SMALL = (800, 450)
"""Quickly painted."""


def engines() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "engine"]


def finish(session: Session) -> None:
    """Plays what is there to its end, flat out, and holds it against the command line's."""
    session.edit("speed", lambda e: e.replace(show=dataclasses.replace(e.show, speed=0.0)))
    session.pause()
    race, experiment = session.race, session.experiment
    assert race is not None
    assert experiment is not None
    race.allow(math.inf)
    while not race.ended:
        assert race.wait_for_entries(max(trace.count for trace in race.traces), 20.0)
    for threaded, alone in zip(race.traces, headless(experiment), strict=True):
        assert_same(threaded, alone)


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_session_takes_a_hundred_orders_in_any_order(seed: int) -> None:
    generator = np.random.Generator(np.random.Philox(seed))
    stack = ExitStack()
    session = stack.enter_context(opened(FIRST))

    def close_and_reload() -> None:
        nonlocal session
        stack.close()
        assert not engines()
        session = stack.enter_context(opened(FIRST))

    def rate() -> None:
        value = float(np.round(generator.uniform(0.1, 1.5), 3))
        session.adjust_lane(1, "learning_rate", value, bool(generator.integers(2)))

    def drag() -> None:
        at = tuple(generator.uniform(-3, 3, size=2).tolist())
        session.handle(MoveStartMean(int(generator.integers(3)), at, bool(generator.integers(2))))

    def weights() -> None:
        drawn = generator.dirichlet(np.ones(3))
        session.handle(SetStartWeights(tuple(drawn.tolist()), True))

    def lanes() -> None:
        assert session.experiment is not None
        change = edits.without_lane if len(session.experiment.lanes) > 2 else None
        if change is not None:
            session.edit("remove lane", lambda e: change(e, len(e.lanes) - 1))
        else:
            session.edit("add lane", lambda e: edits.with_another_lane(e, 1))

    def gate() -> None:
        session.turns.close_gate()
        for _ in range(int(generator.integers(3))):
            tick(session)
        session.turns.open_gate()

    orders: list[Callable[[], None]] = [
        lambda: session.toggle_play(),
        lambda: session.step(),
        lambda: session.half_step(),
        lambda: session.step_back(),
        lambda: session.reset(),
        lambda: session.move_cursor(float(generator.uniform(0, 80))),
        lambda: session.open_experiment(FIRST),
        lambda: session.undo(),
        lambda: session.redo(),
        close_and_reload,
        rate,
        drag,
        weights,
        lanes,
        gate,
    ]
    with stack:
        for _ in range(100):
            orders[int(generator.integers(len(orders)))]()
            for _ in range(int(generator.integers(3))):
                tick(session)
            assert session.frame is not None
            for lane in session.frame.lanes:
                assert 0 <= lane.iteration <= lane.last_iteration
        finish(session)
    assert not engines()


def test_a_window_takes_a_hundred_keys_and_clicks_in_any_order() -> None:
    generator = np.random.Generator(np.random.Philox(7))
    laboratory = Laboratory(FIRST, SMALL)
    keys = (
        Qt.Key.Key_Space,
        Qt.Key.Key_Space,
        Qt.Key.Key_Right,
        Qt.Key.Key_Left,
        Qt.Key.Key_Period,
        Qt.Key.Key_R,
        Qt.Key.Key_D,
    )
    for number in range(100):
        order = int(generator.integers(10))
        window = laboratory.window
        if order < 6:
            laboratory.press(keys[int(generator.integers(len(keys)))])
        elif order == 6:
            timeline = window.timeline
            laboratory.click(timeline, QPointF(generator.uniform(0, timeline.width() - 1), 10))
        elif order == 7:
            slider = window.transport.speed
            laboratory.click(slider, QPointF(generator.uniform(1, slider.width() - 1), 8))
        elif order == 8:
            laboratory.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        elif number % 4:
            laboratory.session.open_experiment(FIRST)
        else:
            laboratory.close()
            assert not engines()
            laboratory = Laboratory(FIRST, SMALL)
    with laboratory:
        assert laboratory.told == []
        finish(laboratory.session)
    assert not engines()


def test_a_lane_that_fails_ends_alone_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = type(FIRST.lanes[1].algorithm)
    steps = broken.step

    def breaking(self: object, problem: object, state: object) -> object:
        breaking.count += 1  # type: ignore[attr-defined]
        if breaking.count > 5:  # type: ignore[attr-defined]
            raise ZeroDivisionError("a defect")
        return steps(self, problem, state)  # type: ignore[arg-type]

    breaking.count = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(broken, "step", breaking)
    with Laboratory(FIRST) as laboratory:
        laboratory.play_to_the_end()
        em, gradient = laboratory.lanes
        assert gradient.status == "stopped"
        assert "fault in the program: a defect" in gradient.reason
        assert gradient.last_iteration == 5
        assert em.last_iteration > 20
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_experiments_change_while_the_engines_are_computing() -> None:
    """Every new experiment ends the engines of the one before; none is left over."""
    with Laboratory(FIRST) as laboratory:
        laboratory.press(Qt.Key.Key_Space)
        for seed in range(8):
            another: Experiment = FIRST.replace(data=edits.changed(FIRST.data, "seed", seed, "[data]"))
            laboratory.session.open_experiment(another)
            laboratory.press(Qt.Key.Key_Space)
        laboratory.wait_until(lambda: len(engines()) <= 2, what="the engines of old experiments have ended")
        finish(laboratory.session)
