"""Issue line 1 and the transport: the first experiment played, stepped and reset by mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from engine.stopping import Stop
from gui.app import FIRST_EXPERIMENT
from gui.controls.transport import SPEED_POSITIONS, position_of
from tests.gui.laboratory import Laboratory
from tests.gui.traces import assert_same, headless
from tests.gui.window.conftest import FIRST

FAST, FLAT_OUT = 100.0, 0.0


def test_both_engines_are_ready_when_the_window_opens(laboratory: Laboratory) -> None:
    assert [lane.title for lane in laboratory.lanes] == ["em", "gradient-ascent"]
    assert [lane.iteration for lane in laboratory.lanes] == [0, 0]
    assert laboratory.lanes[0].log_likelihood == laboratory.lanes[1].log_likelihood
    assert laboratory.lanes[0].parameters.vector.tobytes() == laboratory.lanes[1].parameters.vector.tobytes()
    assert not laboratory.session.playing
    assert "space" in laboratory.sentence


def test_space_and_both_climb(laboratory: Laboratory) -> None:
    before = [laboratory.picture(view) for view in laboratory.window.views]
    start = laboratory.lanes[0].log_likelihood
    laboratory.press(Qt.Key.Key_Space)
    assert laboratory.session.playing
    laboratory.wait_for_iteration(3)
    laboratory.press(Qt.Key.Key_Space)
    assert not laboratory.session.playing
    stood = laboratory.session.cursor
    assert all(lane.log_likelihood > start for lane in laboratory.lanes)
    assert {lane.iteration for lane in laboratory.lanes} == {int(stood)}
    laboratory.wait_until(lambda: laboratory.traces[0].count > stood + 2)
    assert laboratory.session.cursor == stood
    # The sum of the weights of both lanes stays 1: its gauge alone looks the same.
    changed = [
        view.name
        for view, old in zip(laboratory.window.views, before, strict=True)
        if laboratory.picture(view) != old
    ]
    assert changed == ["data", "data", "likelihood", "simplex", "timeline"]


def test_the_whole_first_experiment_shows_what_the_issue_promises(laboratory: Laboratory) -> None:
    laboratory.open(FIRST_EXPERIMENT)
    set_speed(laboratory, FLAT_OUT)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_end()
    em, gradient = laboratory.lanes
    assert em.status == "converged"
    assert em.decreases == 0
    assert gradient.decreases >= 15
    first = int(np.flatnonzero(gradient.curve.decreased)[0])
    assert 11 <= first <= 25
    assert "converged" in laboratory.sentence
    assert laboratory.window.transport.step.isEnabled() is False


@pytest.mark.parametrize("speed", [6.0, FAST, FLAT_OUT])
def test_the_traces_are_those_of_the_command_line_at_any_speed(laboratory: Laboratory, speed: float) -> None:
    shorter = FIRST if speed != 6.0 else FIRST.replace(stop=Stop(max_iterations=5))
    laboratory.open(shorter)
    set_speed(laboratory, speed)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_end()
    for played, alone in zip(laboratory.traces, headless(shorter), strict=True):
        assert_same(played, alone)


def test_a_play_of_one_second_at_six_a_second_takes_one_second(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert laboratory.experiment.show.speed == 6.0
    played: list[float] = []
    tick = laboratory.session.playback.tick

    def noted(seconds: float) -> None:
        played.append(seconds)
        tick(seconds)

    monkeypatch.setattr(laboratory.session.playback, "tick", noted)
    laboratory.press(Qt.Key.Key_Space)
    played.clear()
    began = laboratory.session.cursor
    laboratory.wait_for_iteration(4)
    assert laboratory.session.cursor - began == pytest.approx(6.0 * sum(played), abs=1e-6)


def test_steps_half_steps_and_back_by_keys(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(2)
    assert [lane.iteration for lane in laboratory.lanes] == [2, 2]
    laboratory.press(Qt.Key.Key_Period)
    laboratory.wait_until(lambda: laboratory.session.cursor == 2.5)
    assert all(lane.half and lane.iteration == 2 for lane in laboratory.lanes)
    assert all(lane.next_components is not None for lane in laboratory.lanes)
    assert "E step" in laboratory.sentence
    assert "direction" in laboratory.sentence
    laboratory.press(Qt.Key.Key_Period)
    laboratory.wait_until(lambda: laboratory.session.cursor == 3.0)
    assert not any(lane.half for lane in laboratory.lanes)
    laboratory.press(Qt.Key.Key_Period)
    laboratory.wait_until(lambda: laboratory.session.cursor == 3.5)
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_until(lambda: laboratory.session.cursor == 4.0)
    for expected in (3.0, 2.0, 1.0, 0.0, 0.0):
        laboratory.press(Qt.Key.Key_Left)
        assert laboratory.session.cursor == expected


def test_the_half_steps_of_em_first_recolour_and_then_move(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    whole = laboratory.lanes[0]
    laboratory.press(Qt.Key.Key_Period)
    laboratory.wait_until(lambda: laboratory.session.cursor == 1.5)
    half = laboratory.lanes[0]
    assert np.array_equal(half.components.means, whole.components.means)
    assert not np.array_equal(half.colour_parameters.vector, whole.colour_parameters.vector)
    assert np.array_equal(half.colour_parameters.vector, half.parameters.vector)


def test_the_buttons_do_what_the_keys_do(laboratory: Laboratory) -> None:
    bar = laboratory.window.transport
    laboratory.click(bar.step)
    laboratory.wait_for_iteration(1)
    laboratory.click(bar.half)
    laboratory.wait_until(lambda: laboratory.session.cursor == 1.5)
    laboratory.click(bar.back)
    assert laboratory.session.cursor == 1.0
    laboratory.click(bar.run)
    assert laboratory.session.playing
    assert bar.run.text() == "Pause"
    laboratory.wait_for_iteration(3)
    laboratory.click(bar.run)
    assert not laboratory.session.playing
    laboratory.click(bar.restart)
    assert laboratory.session.cursor == 0.0
    assert not bar.restart.isEnabled()


def test_reset_returns_to_the_same_start_and_the_same_run(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    traces = laboratory.traces
    laboratory.press(Qt.Key.Key_R)
    assert laboratory.session.cursor == 0.0
    assert laboratory.traces == traces
    assert laboratory.experiment == FIRST


def test_new_seeds_have_keys_of_their_own(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_D)
    assert laboratory.experiment.data.seed == FIRST.data.seed + 1  # type: ignore[attr-defined]
    laboratory.wait_until(lambda: laboratory.frame.cursor == 0)
    laboratory.press(Qt.Key.Key_S)
    assert laboratory.told == ["This start is not random, so there is no other seed; choose a random one."]
    assert laboratory.sentence == laboratory.told[-1]
    laboratory.unfold("start")
    laboratory.choose(laboratory.window.panel.start.box, "k-means++")
    laboratory.press(Qt.Key.Key_S)
    assert laboratory.experiment.start.seed == 1  # type: ignore[attr-defined]
    assert laboratory.session.undo_name == "new start seed"


def test_the_speed_slider_goes_from_one_step_in_two_seconds_to_flat_out(laboratory: Laboratory) -> None:
    slider = laboratory.window.transport.speed
    width, middle = slider.width(), slider.height() / 2
    laboratory.drag(slider, QPointF(width / 2, middle), QPointF(2, middle))
    assert laboratory.experiment.show.speed == 0.5
    assert laboratory.session.playback.speed == 0.5
    laboratory.drag(slider, QPointF(8, middle), QPointF(width - 1, middle))
    assert laboratory.experiment.show.speed == 0.0
    assert laboratory.window.transport.speed_label.text() == "flat out"
    assert not laboratory.session.has_unsaved_work


def test_at_the_end_space_plays_again_from_the_start(laboratory: Laboratory) -> None:
    set_speed(laboratory, FLAT_OUT)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_end()
    assert laboratory.session.cursor == 60
    set_speed(laboratory, 6.0)
    laboratory.press(Qt.Key.Key_Space)
    laboratory.settle()
    assert laboratory.session.playing
    assert laboratory.session.cursor < 60
    laboratory.press(Qt.Key.Key_Space)


def set_speed(laboratory: Laboratory, speed: float) -> None:
    """Moves the slider to a speed with the mouse."""
    slider = laboratory.window.transport.speed
    share = position_of(speed) / (SPEED_POSITIONS + 1)
    place = QPointF(6 + share * (slider.width() - 12), slider.height() / 2)
    laboratory.click(slider, place)
    chosen = laboratory.experiment.show.speed
    assert chosen == 0 if speed == 0 else chosen == pytest.approx(speed, rel=0.1)
