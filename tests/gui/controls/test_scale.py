"""A slider's positions and the values they stand for."""

import pytest

from engine import catalogue
from engine.algorithms.gradient_ascent import GradientAscent
from engine.datasets.three_clusters import ThreeClusters
from engine.settings import Setting, settings_of
from engine.stopping import Stop
from gui.controls.fields import kind_of
from gui.controls.scale import Scale, neighbour, scale_for


def _numbers() -> list[Setting]:
    classes = [Stop, *(cls for kind in catalogue.KINDS for cls in catalogue.find(kind).values())]
    return [each for cls in classes for each in settings_of(cls) if kind_of(each)[0] in (int, float)]


def _setting(cls: type, name: str) -> Setting:
    return next(each for each in settings_of(cls) if each.name == name)


def _scale(cls: type, name: str) -> Scale:
    setting = _setting(cls, name)
    found = scale_for(setting, kind_of(setting)[0] is int)
    assert found is not None
    return found


@pytest.mark.parametrize("setting", _numbers(), ids=lambda each: each.name)
def test_every_position_stands_for_an_allowed_value_and_values_never_fall(setting: Setting) -> None:
    whole = kind_of(setting)[0] is int
    scale = scale_for(setting, whole)
    if scale is None:
        return
    values = [scale.value(position) for position in range(scale.positions + 1)]
    assert values == sorted(values)
    assert setting.minimum is None or values[0] >= setting.minimum
    assert setting.above is None or values[0] > setting.above
    assert setting.maximum is None or values[-1] <= setting.maximum
    assert all(isinstance(value, int) == whole for value in values)


@pytest.mark.parametrize("setting", _numbers(), ids=lambda each: each.name)
def test_the_default_is_within_the_sliders_reach(setting: Setting) -> None:
    scale = scale_for(setting, kind_of(setting)[0] is int)
    if scale is not None:
        assert scale.low <= setting.default <= scale.high


def test_a_learning_rate_is_slid_over_decades_and_a_separation_evenly() -> None:
    rate, separation = _scale(GradientAscent, "learning_rate"), _scale(ThreeClusters, "separation")
    usual = GradientAscent().learning_rate
    assert rate.value(rate.positions // 2) == pytest.approx(usual)
    assert rate.low == pytest.approx(usual / 100)
    assert rate.high == pytest.approx(usual * 100)
    assert separation.value(separation.positions // 2) == pytest.approx(1.5)


def test_values_beyond_the_slider_stand_at_its_ends() -> None:
    tolerance = _scale(Stop, "tolerance")
    assert tolerance.position(0.0) == 0
    assert tolerance.position(1.0) == tolerance.positions


def test_a_seed_has_no_slider() -> None:
    assert scale_for(_setting(ThreeClusters, "seed"), True) is None


@pytest.mark.parametrize("setting", _numbers(), ids=lambda each: each.name)
@pytest.mark.parametrize("steps", [1, -1])
def test_a_small_step_moves_and_stays_in_range(setting: Setting, steps: int) -> None:
    whole = kind_of(setting)[0] is int
    if setting.default is None:
        return
    moved = neighbour(setting, scale_for(setting, whole), whole, setting.default, steps)
    at_limit = setting.default in (setting.minimum, setting.maximum)
    assert at_limit or (moved - setting.default) * steps > 0
    assert setting.minimum is None or moved >= setting.minimum
    assert setting.maximum is None or moved <= setting.maximum
    assert setting.above is None or moved > setting.above
