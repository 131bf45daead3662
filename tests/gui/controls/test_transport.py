"""The bar on top: one function shows its state, and every button tells what was pressed."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from gui.controls.transport import Transport, position_of, speed_at, speed_text
from gui.frame import Frame
from gui.style import style
from tests.gui.controls.events import choose, click, drag, heard, on_screen, press, settle
from tests.gui.frames import Recorded, first_experiment, recorded

pytestmark = pytest.mark.usefixtures("application")

SHORT = 20


@cache
def _ten_columns() -> Recorded:
    return recorded(
        {
            "data": {"name": "ten-dimensions", "size": 200},
            "model": {"name": "gaussian-mixture", "components": 2},
            "start": {"name": "k-means++"},
            "lanes": [{"algorithm": "em"}],
            "stop": {"max_iterations": 2},
        }
    )


def _frame(cursor: float, **show: object) -> Frame:
    return first_experiment(SHORT).frame(cursor, **show)  # type: ignore[arg-type]


@pytest.fixture
def bar(application: QApplication) -> Iterator[Transport]:
    made = Transport()
    with on_screen(made, 1354, 44):
        made.show_columns(("x1", "x2"))
        made.show_state(_frame(5.0))
        settle()
        yield made


def test_every_button_tells(bar: Transport) -> None:
    pairs = (
        (bar.run, bar.run_toggled),
        (bar.restart, bar.reset),
        (bar.back, bar.stepped_back),
        (bar.half, bar.half_stepped),
        (bar.step, bar.stepped),
        (bar.data_seed, bar.data_reseeded),
    )
    for button, signal in pairs:
        said = heard(signal)
        click(button)
        press(button, Qt.Key.Key_Return)
        assert said == [(), ()], button.accessibleName()


@pytest.mark.parametrize(
    ("cursor", "enabled"),
    [
        (0.0, {"run", "half", "step", "data_seed"}),
        (5.0, {"run", "restart", "back", "half", "step", "data_seed"}),
        (float(SHORT), {"run", "restart", "back", "data_seed"}),
    ],
)
def test_what_can_be_pressed_follows_from_the_frame(bar: Transport, cursor: float, enabled: set[str]) -> None:
    bar.show_state(_frame(cursor))
    names = ("run", "restart", "back", "half", "step", "data_seed", "start_seed")
    assert {name for name in names if getattr(bar, name).isEnabled()} == enabled
    assert "not random" in bar.start_seed.toolTip()


def test_run_becomes_pause_and_keeps_its_width(bar: Transport) -> None:
    width, place = bar.run.width(), bar.step.x()
    bar.show_state(_frame(5.0, playing=True))
    settle()
    assert bar.run.text() == "Pause"
    assert "space" in bar.run.toolTip()
    assert (bar.run.width(), bar.step.x()) == (width, place)


def test_half_steps_need_the_clock_of_iterations(bar: Transport) -> None:
    bar.show_state(_frame(2.0, clock="passes"))
    assert not bar.half.isEnabled()
    assert "iterations" in bar.half.toolTip()
    assert bar.step.isEnabled()


def test_where_no_lane_can_run_there_is_nothing_to_run(bar: Transport) -> None:
    frame = _frame(0.0)
    lanes = tuple(replace(lane, status="refused", reason="it cannot") for lane in frame.lanes)
    bar.show_state(replace(frame, lanes=lanes))
    assert not bar.run.isEnabled()
    assert not bar.step.isEnabled()


def test_showing_a_frame_tells_nobody(bar: Transport) -> None:
    signals = (bar.speed_changed, bar.clock_chosen, bar.vertical_chosen, bar.truth_toggled)
    said = [heard(signal) for signal in signals]
    bar.show_state(_frame(3.0, speed=0.0, clock="cpu", vertical="gap", truth=True))
    assert said == [[], [], [], []]
    assert bar.speed_label.text() == "flat out"
    assert (bar.clock.currentData(), bar.vertical.currentData()) == ("cpu", "gap")
    assert bar.truth.isChecked()


def test_clock_vertical_and_truth_are_chosen(bar: Transport) -> None:
    clock, vertical, truth = heard(bar.clock_chosen), heard(bar.vertical_chosen), heard(bar.truth_toggled)
    choose(bar.clock, "cpu")
    choose(bar.vertical, "gap")
    click(bar.truth, QPoint(8, bar.truth.height() // 2))
    assert (clock, vertical, truth) == ([("cpu",)], [("gap",)], [(True,)])


def test_the_truth_is_offered_only_where_it_is_known(bar: Transport) -> None:
    frame = _frame(1.0, truth=True)
    bar.show_state(replace(frame, scene=replace(frame.scene, truth=None)))
    assert not bar.truth.isEnabled()
    assert not bar.truth.isChecked()
    assert "not known" in bar.truth.toolTip()


def test_speed_goes_from_one_step_in_two_seconds_to_flat_out(bar: Transport) -> None:
    said = heard(bar.speed_changed)
    drag(bar.speed, [0.0, 0.5, 1.0])
    assert said[0] == (0.5,)
    assert said[-1] == (0.0,)
    assert 10 < said[1][0] < 50


def test_speeds_and_positions_agree() -> None:
    for position in range(122):
        assert abs(position_of(speed_at(position)) - position) <= 1
    assert speed_at(position_of(6.0)) == pytest.approx(6.0, rel=0.05)
    assert speed_text(6.0) == "6/s"


def test_columns_are_offered_from_three_on(bar: Transport) -> None:
    assert not bar.first_column.isVisible()
    wide = _ten_columns()
    columns = wide.scene.dataset.columns
    bar.show_columns(columns)
    bar.show_state(wide.frame(1.0))
    settle()
    assert bar.first_column.isVisible()
    assert bar.first_column.currentData() == -1
    assert not bar.second_column.isEnabled()
    said = heard(bar.columns_chosen)
    choose(bar.first_column, 2)
    bar.second_column.setEnabled(True)
    choose(bar.second_column, 5)
    choose(bar.second_column, 2)
    choose(bar.first_column, -1)
    chosen = [pair for (pair,) in said]
    assert chosen[0][0] == 2
    assert chosen[1] == (2, 5)
    assert chosen[2][1] == 2
    assert chosen[2][0] != 2
    assert chosen[3] is None


def _outside(bar: Transport) -> list[QWidget]:
    """Children that are clipped: beyond the bar, or narrower than they want at least."""
    seen = [each for each in bar.findChildren(QWidget) if each.parent() is bar and each.isVisible()]
    return [
        each
        for each in seen
        if each.geometry().right() >= bar.width()
        or (each is not bar.speed and each.width() < each.minimumSizeHint().width())
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lecture", [False, True])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("width", [1354, 1908, 3828])
def test_it_is_one_row_without_clipping(theme: str, lecture: bool, wide: bool, width: int) -> None:
    bar = Transport()
    with on_screen(bar, width, 60, theme, lecture):
        bar.use_style(style(theme, lecture))
        bar.show_columns(_ten_columns().scene.dataset.columns if wide else ("x1", "x2"))
        bar.show_state(_ten_columns().frame(1.0) if wide else _frame(1.0))
        settle()
        assert _outside(bar) == []
        assert bar.height() <= (60 if lecture else 40)


def test_a_narrow_bar_leaves_words_out(bar: Transport) -> None:
    window = bar.window()
    assert bar.clock_caption.isVisible()
    window.resize(900, 44)
    settle()
    assert not bar.clock_caption.isVisible()
    assert _outside(bar) == []
    window.resize(1354, 44)
    settle()
    assert bar.clock_caption.isVisible()


def test_the_experiments_menu_hangs_on_its_button(bar: Transport) -> None:
    menu = QMenu()
    bar.set_experiments_menu(menu)
    assert bar.experiments.menu() is menu
