"""The pace of lanes and frames: what is told follows from what was noted, and from nothing else."""

import pytest

from gui.meter import Pace, told


def paced(frames: int, every: float, *steps: int) -> Pace:
    """A pace after so many frames, `every` so many seconds, each lane having made so many steps in each."""
    pace = Pace()
    for frame in range(frames):
        pace.note(100.0 + frame * every, tuple(frame * each for each in steps))
    return pace


def test_steps_are_counted_for_each_lane_over_the_last_second() -> None:
    assert paced(200, 0.02, 30, 7).steps_per_second() == pytest.approx((1500.0, 350.0))


def test_what_is_older_than_a_second_counts_no_more() -> None:
    pace = paced(100, 0.02, 30)
    for frame in range(60):
        pace.note(102.0 + 0.02 * frame, (99 * 30,))
    assert pace.steps_per_second() == (0.0,)


def test_a_lane_that_begins_anew_is_counted_from_there() -> None:
    pace = paced(40, 0.02, 50)
    pace.note(100.8, (3,))
    assert pace.steps_per_second() == ()
    pace.note(100.9, (13,))
    assert pace.steps_per_second() == pytest.approx((100.0,))


def test_a_frame_s_time_is_the_usual_one_with_the_longest_beside_it() -> None:
    pace = paced(20, 0.016, 1)
    pace.note(100.0 + 19 * 0.016 + 0.050, (20,))
    usual, longest = pace.frame_seconds()
    assert usual == pytest.approx(0.016)
    assert longest == pytest.approx(0.050)


def test_the_words_name_few_lanes_and_number_many() -> None:
    assert told(["EM", "Gradient"], paced(60, 0.02, 300, 2)) == (
        "EM 15\u00a0000 steps/s, Gradient 100 steps/s\nframe 20 ms (longest 20)"
    )
    many = told([f"lane {index}" for index in range(6)], paced(60, 0.02, 1, 2, 3, 4, 5, 6))
    assert many.startswith("50 \u00b7 100 \u00b7 150")
    assert "lane" not in many


def test_without_two_frames_it_is_at_rest() -> None:
    assert told(["EM"], Pace()) == "at rest"
    assert told(["EM"], paced(1, 0.02, 5)) == "at rest"
