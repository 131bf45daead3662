"""The rest between ticks: frames come in time where they can, and the engines get their share where they cannot."""

import pytest

from gui.pacing import FLAT_OUT_SECONDS, LEAST_REST_SECONDS, PLAYED_SECONDS, REMEMBERED, SHARE, Pacing


@pytest.mark.parametrize("shortest", [FLAT_OUT_SECONDS, PLAYED_SECONDS])
def test_short_ticks_come_at_an_even_pace(shortest: float) -> None:
    pacing = Pacing()
    for taken in (0.001, 0.006, 0.003):
        assert taken + pacing.rest_after(taken, shortest) == pytest.approx(shortest)


def test_where_all_ticks_are_long_the_engines_get_their_share() -> None:
    pacing = Pacing()
    for _ in range(20):
        rest = pacing.rest_after(0.030, FLAT_OUT_SECONDS)
    assert rest / (rest + 0.030) == pytest.approx(1 - 1 / SHARE)


def test_a_single_long_tick_is_not_followed_by_a_long_pause() -> None:
    pacing = Pacing()
    for _ in range(REMEMBERED):
        pacing.rest_after(0.005, FLAT_OUT_SECONDS)
    assert pacing.rest_after(0.050, FLAT_OUT_SECONDS) == LEAST_REST_SECONDS
    assert pacing.rest_after(0.005, FLAT_OUT_SECONDS) == pytest.approx(FLAT_OUT_SECONDS - 0.005)
