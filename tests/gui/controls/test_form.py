"""A form made from the settings of a class, worked with real mouse and key events."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QSlider

from engine import catalogue
from engine.algorithms.gradient_ascent import GradientAscent
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.state_space import StateSpace
from engine.settings import setting, settings_of
from engine.starts.parameters import GivenParameters
from engine.stopping import Stop
from gui.controls.fields import BooleanField, ChoiceField, Field, PickedNameField
from gui.controls.form import SettingsForm, field_for
from gui.controls.names_field import NamesField, PossibleNames
from gui.controls.typed_fields import ListField, NumberField, TextField
from tests.gui.controls.events import choose, click, drag, heard, on_screen, press, retype, settle, turn_wheel

pytestmark = pytest.mark.usefixtures("application")


@dataclass(frozen=True)
class Every:
    """One setting of each kind."""

    rate: float = setting(
        0.5, label="Rate", help="A rate.", above=0.0, maximum=1000.0, logarithmic=True, unit="per step"
    )
    share: float = setting(0.25, label="Share", help="A share.", minimum=0.0, maximum=1.0)
    count: int = setting(3, label="Count", help="A count.", minimum=1, maximum=12)
    seed: int = setting(0, label="Seed", help="A seed.", minimum=0, maximum=2**31 - 1)
    limit: float | None = setting(None, label="Limit", help="A limit.", above=0.0)
    exact: bool = setting(False, label="Exact", help="Whether.")
    way: str = setting("near", label="Way", help="Which way.", choices=("near", "far", "far-off"))
    note: str = setting("", label="Note", help="A note.")
    column: str = setting("", label="Column", help="A column.")
    held: tuple[str, ...] = setting((), label="Held", help="Blocks.")
    weights: tuple[float, ...] | None = setting(None, label="Weights", help="One for each component.")


@pytest.fixture
def form(application: QApplication) -> Iterator[SettingsForm]:
    made = SettingsForm(Every, picked=("column",))
    with on_screen(made):
        made.show_values(
            Every(),
            {},
            {"held": PossibleNames(("weights", "means")), "column": PossibleNames(("a", "b"))},
        )
        settle()
        yield made


def _number(form: SettingsForm, name: str) -> NumberField:
    field = form.fields[name]
    assert isinstance(field, NumberField)
    return field


def test_each_kind_of_setting_has_its_field(form: SettingsForm) -> None:
    kinds = {name: type(field) for name, field in form.fields.items()}
    assert kinds == {
        "rate": NumberField,
        "share": NumberField,
        "count": NumberField,
        "seed": NumberField,
        "limit": NumberField,
        "exact": BooleanField,
        "way": ChoiceField,
        "note": TextField,
        "column": PickedNameField,
        "held": NamesField,
        "weights": ListField,
    }
    assert _number(form, "seed").slider is None
    assert form.fields["rate"].label.text() == "Rate (per step)"
    assert "above 0" in form.fields["rate"].label.toolTip().lower()


@pytest.mark.parametrize("kind", list(catalogue.KINDS))
def test_every_class_of_the_catalogue_makes_a_form_that_fits_the_column(kind: str) -> None:
    for cls in catalogue.find(kind).values():
        made = SettingsForm(cls)
        with on_screen(made, 226):
            said = heard(made.changed)
            made.show_values(cls(), {})
            settle()
            assert made.minimumSizeHint().width() <= 226
            assert list(made.fields) == [each.name for each in settings_of(cls)]
            assert said == []


def test_filling_tells_nobody(form: SettingsForm) -> None:
    said = heard(form.changed)
    form.show_values(Every(2.0, 0.5, 4, 7, 3.0, True, "far", "x", "b", ("means",), (0.5, 0.5)), {})
    settle()
    assert said == []
    assert _number(form, "rate").entry.text() == "2"
    assert _number(form, "limit").entry.text() == "3"


def test_a_dragged_slider_tells_while_it_moves_and_once_more_at_the_end(form: SettingsForm) -> None:
    said = heard(form.changed)
    slider = _number(form, "share").slider
    assert slider is not None
    drag(slider, [0.25, 0.5, 0.75])
    names, values, finals = zip(*said, strict=True)
    assert set(names) == {"share"}
    assert finals[:-1] == (False,) * (len(finals) - 1)
    assert finals[-1] is True
    assert values[-1] == pytest.approx(0.75, abs=0.06)
    assert _number(form, "share").entry.text() == f"{values[-1]:g}"


def test_what_is_shown_while_a_slider_is_dragged_does_not_move_it(form: SettingsForm) -> None:
    slider = _number(form, "share").slider
    assert slider is not None
    positions = []

    def echo(name: str, value: Any, final: bool) -> None:
        form.show_values(Every(share=value), {})
        positions.append((slider.value(), final))

    form.changed.connect(echo)
    drag(slider, [0.3, 0.5, 0.8])
    assert [place for place, final in positions] == sorted(place for place, final in positions)


def test_a_click_on_the_groove_jumps_there(form: SettingsForm) -> None:
    said = heard(form.changed)
    slider = _number(form, "rate").slider
    assert slider is not None
    drag(slider, [1.0])
    assert said[-1] == ("rate", 50.0, True)


def test_keys_move_a_slider(form: SettingsForm) -> None:
    said = heard(form.changed)
    slider = _number(form, "count").slider
    assert slider is not None
    press(slider, Qt.Key.Key_Up)
    assert said == [("count", 4, True)]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rate", "123.456", 123.456),
        ("rate", "1e-3", 0.001),
        ("share", "0,125", 0.125),
        ("count", "12", 12),
        ("seed", "2147483647", 2147483647),
        ("seed", "1e6", 1_000_000),
        ("limit", "40", 40.0),
    ],
)
def test_every_number_may_be_typed_exactly(form: SettingsForm, name: str, text: str, value: float) -> None:
    said = heard(form.changed)
    retype(_number(form, name).entry, text)
    assert said == [(name, value, True)]
    assert type(said[0][1]) is type(value)


def test_leaving_an_entry_with_tab_is_as_good_as_enter(form: SettingsForm) -> None:
    said = heard(form.changed)
    retype(_number(form, "share").entry, "0.75", Qt.Key.Key_Tab)
    assert said == [("share", 0.75, True)]


def test_an_optional_number_may_be_emptied(form: SettingsForm) -> None:
    form.show_values(Every(limit=3.0), {})
    said = heard(form.changed)
    retype(_number(form, "limit").entry, "")
    assert said == [("limit", None, True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rate", "0"),
        ("rate", "fast"),
        ("rate", "nan"),
        ("rate", ""),
        ("share", "1.5"),
        ("count", "2.5"),
        ("count", "99"),
        ("limit", "-1"),
        ("weights", "[0.5, x]"),
        ("weights", "[[1]]"),
    ],
)
def test_what_is_impossible_stays_with_a_sentence_and_is_not_told(
    form: SettingsForm, name: str, text: str
) -> None:
    said = heard(form.changed)
    field = form.fields[name]
    assert isinstance(field, (NumberField, ListField))
    retype(field.entry, text)
    assert said == []
    assert field.entry.text() == text
    assert field.invalid
    assert field.complaint.text().endswith(".")
    form.show_values(Every(share=0.25, seed=5), {})
    assert field.entry.text() == text
    assert field.complaint.isVisible()


def test_escape_takes_back_what_was_typed(form: SettingsForm) -> None:
    field = _number(form, "share")
    retype(field.entry, "7")
    assert field.invalid
    press(field.entry, Qt.Key.Key_Escape)
    assert field.entry.text() == "0.25"
    assert not field.invalid
    assert not field.complaint.isVisible()


def test_an_impossible_text_gives_way_to_a_new_value(form: SettingsForm) -> None:
    field = _number(form, "share")
    retype(field.entry, "7")
    form.show_values(Every(share=0.5), {})
    assert field.entry.text() == "0.5"
    assert not field.invalid


def test_up_and_down_step_a_number(form: SettingsForm) -> None:
    said = heard(form.changed)
    entry = _number(form, "seed").entry
    entry.setFocus()
    press(entry, Qt.Key.Key_Up)
    press(entry, Qt.Key.Key_Up)
    press(entry, Qt.Key.Key_Down)
    assert [value for _, value, _ in said] == [1, 2, 1]


def test_a_check_box_takes_clicks_and_enter(form: SettingsForm) -> None:
    said = heard(form.changed)
    field = form.fields["exact"]
    assert isinstance(field, BooleanField)
    press(field.box, Qt.Key.Key_Return)
    press(field.box, Qt.Key.Key_Space)
    assert said == [("exact", True, True), ("exact", False, True)]


def test_a_choice_is_made_with_the_mouse_or_the_keys(form: SettingsForm) -> None:
    said = heard(form.changed)
    field = form.fields["way"]
    assert isinstance(field, ChoiceField)
    choose(field.box, "far-off")
    press(field.box, Qt.Key.Key_Up)
    assert said == [("way", "far-off", True), ("way", "far", True)]
    assert field.box.itemText(2) == "far off"


def test_a_choice_that_cannot_be_had_is_grey_and_skipped(form: SettingsForm) -> None:
    form.show_values(Every(), {("way", "far"): "It is too far."})
    said = heard(form.changed)
    field = form.fields["way"]
    assert isinstance(field, ChoiceField)
    assert "too far" in (field.box.reason_against("far") or "")
    choose(field.box, "far")
    assert said == []
    field.box.hidePopup()
    press(field.box, Qt.Key.Key_Down)
    assert said == [("way", "far-off", True)]
    form.show_values(Every(), {})
    assert field.box.reason_against("far") is None


def test_an_impossible_choice_from_a_file_is_shown_and_said(form: SettingsForm) -> None:
    form.show_values(Every(way="far"), {("way", "far"): "It is too far."})
    field = form.fields["way"]
    assert isinstance(field, ChoiceField)
    assert field.box.currentData() == "far"
    assert field.complaint.text() == "It is too far."


def test_a_field_that_cannot_be_had_is_off_with_its_reason(form: SettingsForm) -> None:
    form.show_values(Every(), {("rate",): "There is no rate here."})
    field = _number(form, "rate")
    said = heard(form.changed)
    assert not field.entry.isEnabled()
    assert "no rate" in field.label.toolTip()
    assert field.slider is not None
    click(field.slider)
    assert said == []
    form.show_values(Every(), {})
    assert field.entry.isEnabled()


def test_names_are_pressed_in_and_out(form: SettingsForm) -> None:
    said = heard(form.changed)
    field = form.fields["held"]
    assert isinstance(field, NamesField)
    assert list(field.buttons) == ["weights", "means"]
    click(field.buttons["means"])
    press(field.buttons["weights"], Qt.Key.Key_Return)
    click(field.buttons["means"])
    assert [value for _, value, _ in said] == [("means",), ("means", "weights"), ("weights",)]


def test_names_of_parameters_are_read_as_words_and_those_of_columns_as_their_file_has_them() -> None:
    (held,) = [each for each in settings_of(StateSpace) if each.name == "hold"]
    field = NamesField(held)
    field.show_names(PossibleNames(("level_variance", "a_column")))
    assert [button.text() for button in field.buttons.values()] == ["level variance", "a_column"]
    said = heard(field.edited)
    field.buttons["level_variance"].click()
    assert said == [(("level_variance",), True)]


def test_where_none_named_means_all_the_last_one_stays() -> None:
    form = SettingsForm(Every)
    with on_screen(form):
        form.show_values(Every(), {}, {"held": PossibleNames(("a", "b"), empty_is_all=True)})
        field = form.fields["held"]
        assert isinstance(field, NamesField)
        said = heard(form.changed)
        assert all(button.isChecked() for button in field.buttons.values())
        click(field.buttons["a"])
        click(field.buttons["b"])
        click(field.buttons["a"])
        assert [value for _, value, _ in said] == [("b",), ("b", "a")]
        click(field.buttons["b"])
        assert said[-1][1] == ("a",)
        assert not field.complaint.isVisible()


def test_a_column_is_picked_by_name(form: SettingsForm) -> None:
    said = heard(form.changed)
    field = form.fields["column"]
    assert isinstance(field, PickedNameField)
    choose(field.box, "b")
    assert said == [("column", "b", True)]


def test_lists_of_numbers_are_typed_as_in_a_file() -> None:
    form = SettingsForm(GivenParameters)
    with on_screen(form):
        form.show_values(GivenParameters(weights=(0.25, 0.75)), {}, hidden=("rates",))
        said = heard(form.changed)
        field = form.fields["weights"]
        assert isinstance(field, ListField)
        assert field.entry.text() == "[0.25, 0.75]"
        retype(field.entry, "[0.5, 0.5]")
        assert said == [("weights", (0.5, 0.5), True)]
        assert not form.fields["rates"].isVisible()


def test_less_important_settings_wait_behind_a_toggle() -> None:
    form = SettingsForm(GradientAscent, ("learning_rate", "weight_coordinates"))
    with on_screen(form):
        form.show_values(GradientAscent(line_search="backtracking"), {}, hidden=("rate_coordinates",))
        settle()
        assert form.fields["learning_rate"].isVisible()
        assert not form.fields["line_search"].isVisible()
        assert form.more.text() == "4 more settings, 1 changed"
        press(form.more, Qt.Key.Key_Return)
        assert form.fields["line_search"].isVisible()
        assert not form.fields["rate_coordinates"].isVisible()


def test_a_single_setting_is_not_worth_a_toggle() -> None:
    form = SettingsForm(GaussianMixture, ("components", "covariance", "hold"))
    with on_screen(form):
        form.show_values(GaussianMixture(), {})
        settle()
        assert not form.more.isVisible()
        assert form.fields["covariance_floor"].isVisible()


def _inputs(field: Field) -> list[Any]:
    if isinstance(field, ChoiceField):
        return [field.box]
    return [field.slider] if isinstance(field, NumberField) and field.slider is not None else []


def test_the_wheel_turns_only_what_has_the_focus(form: SettingsForm) -> None:
    said = heard(form.changed)
    for field in form.fields.values():
        for widget in _inputs(field):
            form.fields["note"].setFocus()
            widget.clearFocus()
            assert not turn_wheel(widget)
    assert said == []
    slider = _number(form, "count").slider
    assert slider is not None
    slider.setFocus()
    settle()
    assert turn_wheel(slider)
    assert said != []


def test_everything_that_takes_the_focus_has_a_name(form: SettingsForm) -> None:
    for kind in (QComboBox, QLineEdit, QSlider, QAbstractButton):
        for widget in form.findChildren(kind):
            named = widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
            assert named or isinstance(widget.parent(), QComboBox), widget


def test_a_form_of_the_stopping_rules() -> None:
    form = SettingsForm(Stop)
    with on_screen(form):
        form.show_values(Stop(), {})
        said = heard(form.changed)
        retype(_number(form, "tolerance").entry, "0")
        retype(_number(form, "max_iterations").entry, "10000000")
        assert said == [("tolerance", 0.0, True), ("max_iterations", 10_000_000, True)]


def test_an_unknown_type_can_still_be_typed() -> None:
    described = next(each for each in settings_of(GivenParameters) if each.name == "covariances")
    assert isinstance(field_for(GivenParameters, described), ListField)
