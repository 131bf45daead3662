"""The strip under a canvas: numbers that keep their places, and the status with its sentence."""

import math
from dataclasses import replace

import pytest

from gui.controls.status_strip import STATUS_ROLES, StatusStrip
from gui.lane_frame import LaneFrame
from gui.style import style
from tests.gui.controls.events import click, heard, on_screen, settle
from tests.gui.frames import first_experiment

pytestmark = pytest.mark.usefixtures("application")

SENTENCE = (
    "left the constraints at 14: weight 2 became -0.031; the rate is about 6 times the largest stable one, "
    "2/λmax, here"
)


def _lane(cursor: float = 30.0, index: int = 1) -> LaneFrame:
    return first_experiment(40).frame(cursor).lanes[index]


def test_it_says_everything_that_is_always_visible() -> None:
    strip = StatusStrip()
    with on_screen(strip, 540, 70):
        lane = _lane()
        strip.show_lane(lane)
        said = strip.readings.accessibleDescription()
        for words in (
            "iteration 30",
            f"log-likelihood {lane.log_likelihood:.3f}".replace("-2", "−2"),
            "gradient norm",
            "passes 31",
            "CPU time",
            f"decreases {lane.decreases}",
        ):
            assert words in said
        assert strip.sentence.text == "paused"


def test_half_an_iteration_is_shown() -> None:
    strip = StatusStrip()
    strip.show_lane(_lane(4.5))
    assert "iteration 4½" in strip.readings.accessibleDescription()


def test_a_value_that_is_no_likelihood_is_not_called_one() -> None:
    strip = StatusStrip()
    strip.show_lane(replace(_lane(), is_likelihood=False))
    said = strip.readings.accessibleDescription()
    assert "no likelihood" in said
    assert "log-likelihood" not in said


def test_a_status_is_not_said_twice() -> None:
    strip = StatusStrip()
    strip.show_lane(replace(_lane(), status="left-constraints", reason=SENTENCE))
    assert strip.sentence.text.count("left the constraints") == 1
    assert "weight 2 became -0.031" in strip.sentence.text


def test_a_long_sentence_is_elided_with_all_of_it_in_the_tooltip() -> None:
    strip = StatusStrip()
    with on_screen(strip, 240, 80) as window:
        strip.show_lane(replace(_lane(), status="left-constraints", reason=SENTENCE))
        settle()
        assert strip.sentence.is_elided
        assert "largest stable one" in strip.sentence.toolTip()
        window.resize(1200, 80)
        settle()
        assert not strip.sentence.is_elided
        assert strip.sentence.toolTip() == ""


@pytest.mark.parametrize(
    ("status", "value", "offered"),
    [
        ("left-constraints", -812.5, True),
        ("left-constraints", math.nan, False),
        ("left-constraints", math.inf, False),
        ("diverged", -812.5, False),
        ("paused", -812.5, False),
    ],
)
def test_going_on_outside_is_offered_where_there_is_a_value(status: str, value: float, offered: bool) -> None:
    strip = StatusStrip()
    with on_screen(strip, 540, 70):
        strip.show_lane(replace(_lane(), status=status, reason="", log_likelihood=value))
        settle()
        assert strip.go_on.isVisible() is offered


def test_going_on_is_asked_for_with_a_click() -> None:
    strip = StatusStrip()
    with on_screen(strip, 540, 70):
        strip.show_lane(replace(_lane(), status="left-constraints", reason=SENTENCE))
        settle()
        said = heard(strip.continue_requested)
        click(strip.go_on)
        assert said == [()]


@pytest.mark.parametrize("lecture", [False, True])
@pytest.mark.parametrize("width", [270, 360, 540, 1200])
def test_its_height_never_changes(lecture: bool, width: int) -> None:
    strip = StatusStrip()
    with on_screen(strip, width, 140, "dark", lecture):
        strip.use_style(style("dark", lecture))
        heights = set()
        for status in (*STATUS_ROLES, "left-constraints", "collapsed", "diverged", "refused"):
            strip.show_lane(replace(_lane(), status=status, reason=SENTENCE))
            settle()
            assert not strip.grab().isNull()
            heights.add(strip.height())
        assert len(heights) == 1
