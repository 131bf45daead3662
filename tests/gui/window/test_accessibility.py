"""Keyboard only, and a screen reader: names, the way of Tab, a focus that is seen, more than colours."""

import itertools
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from gui.controls.inputs import CheckBox
from gui.controls.section import Header, Section
from gui.items.marks import EVENT_SHAPES, LANE_SHAPES
from gui.style import LANE_COLOURS_DARK, LANE_COLOURS_LIGHT, LANE_DASHES
from tests.gui.laboratory import Laboratory
from tests.gui.window.conftest import FIRST


@pytest.fixture(scope="module")
def opened() -> Iterator[Laboratory]:
    """A window in which everything is unfolded, with every window beside it."""
    with Laboratory(size=(1366, 1500)) as made:
        made.open(FIRST)
        window = made.window
        for section in window.panel.sections.values():
            section.open()
        window.panel.drawing.toggle()
        for chooser in (
            window.panel.data,
            window.panel.model,
            *(lane.chooser for lane in window.panel.lanes),
        ):
            if chooser.form is not None:
                chooser.form.more.setChecked(True)
        window.panel.stop.more.setChecked(True)
        for show in (
            window.companions.show_e_step,
            window.companions.show_results,
            window.companions.show_parameters,
            window.companions.show_pins,
            window.companions.show_many_starts,
        ):
            show()
        window.companions.show_gallery()
        window.help.show_keys()
        yield made


@pytest.fixture
def unfolded(opened: Laboratory) -> Laboratory:
    """The same, with the main window in front."""
    opened.shell.activateWindow()
    opened.settle()
    return opened


def name_of(widget: QWidget) -> str:
    """What a screen reader calls a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None, widget
    return interface.text(QAccessible.Text.Name)


def focusable(window: QWidget) -> list[QWidget]:
    """What Tab should reach in a window, as it is now."""
    return [
        each
        for each in window.findChildren(QWidget)
        if each.window() is window
        and each.isVisible()
        and each.isEnabled()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        # Of buttons of which only one can be pressed, Tab reaches that one and the arrows the others.
        and not (isinstance(each, QAbstractButton) and each.autoExclusive() and not each.isChecked())
        and not (
            isinstance(each, QAbstractButton)
            and each.group() is not None
            and each.group().exclusive()
            and not each.isChecked()
        )
    ]


def windows(laboratory: Laboratory) -> list[QWidget]:
    return [each for each in QApplication.topLevelWidgets() if each.isVisible() and each.isWindow()]


def way_of_tab(laboratory: Laboratory) -> list[QWidget]:
    laboratory.window.desk.setFocus()
    way: list[QWidget] = []
    while len(way) < 500:
        laboratory.press(Qt.Key.Key_Tab)
        found = QApplication.focusWidget()
        if found is None or found in way:
            break
        way.append(found)
    return way


def test_every_control_in_every_window_has_a_name(unfolded: Laboratory) -> None:
    seen = 0
    for window in windows(unfolded):
        for each in focusable(window):
            seen += 1
            assert name_of(each).strip(), (type(window).__name__, type(each).__name__)
    assert seen > 90
    for view in unfolded.window.views:
        assert name_of(view)
    for strip in unfolded.window.strips:
        assert name_of(strip.readings)
        assert name_of(strip.sentence)
        assert strip.readings.accessibleDescription()


def test_no_two_controls_of_the_main_window_have_the_same_name(unfolded: Laboratory) -> None:
    """But for the settings of two lanes, whose panels are named."""
    inside = [each for each in focusable(unfolded.shell) if not _in_a_lane(unfolded, each)]
    names = [name_of(each) for each in inside if not isinstance(each, Header)]
    twice = {name for name in names if names.count(name) > 1 and "more settings" not in name}
    assert twice <= {"Fewer settings", "Seed", "Lower seed", "Raise seed"}


def test_tab_reaches_every_control_as_it_is_read(unfolded: Laboratory) -> None:
    way = way_of_tab(unfolded)
    missed = [name_of(each) for each in focusable(unfolded.shell) if each not in way]
    assert missed == []
    panel = unfolded.window.panel
    for inside in (unfolded.window.transport, panel):
        places = [_place(each, inside) for each in way if inside.isAncestorOf(each)]
        for one, two in itertools.pairwise(places):
            same_row = one.y() < two.y() + 20 and two.y() < one.y() + 20
            assert one.y() < two.y() or (same_row and one.x() < two.x()), (one, two)


def test_the_way_stays_right_when_panels_change(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.panel.data.box, "two-moons")
    laboratory.choose(laboratory.window.panel.lanes[0].chooser.box, "adam")
    way = way_of_tab(laboratory)
    panel = laboratory.window.panel
    sections: list[Section] = [panel.sections["data"], panel.lanes[0], panel.lanes[1], panel.sections["stop"]]
    order = [
        next(place for place, section in enumerate(sections) if section.isAncestorOf(each))
        for each in way
        if any(section.isAncestorOf(each) for section in sections)
    ]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2, 3}


def test_backtab_goes_the_same_way_back(laboratory: Laboratory) -> None:
    way = way_of_tab(laboratory)
    way[3].setFocus(Qt.FocusReason.TabFocusReason)
    laboratory.press(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is way[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_is_seen_on_every_control(unfolded: Laboratory, theme: str) -> None:
    unfolded.window.use_style(theme)
    unfolded.settle()
    for each in focusable(unfolded.shell):
        if each is unfolded.window.desk:
            continue
        unfolded.window.desk.setFocus()
        before = _grey(each)
        each.setFocus(Qt.FocusReason.TabFocusReason)
        after = _grey(each)
        changed = sum(one != two for one, two in zip(before, after, strict=True))
        assert changed > each.width() / 2, name_of(each)
    unfolded.window.use_style("light")


def test_what_is_on_differs_in_more_than_its_colour(unfolded: Laboratory) -> None:
    for box in unfolded.shell.findChildren(CheckBox):
        if not box.isVisible():
            continue
        box.blockSignals(True)
        pictures = []
        for on in (False, True):
            box.setChecked(on)
            pictures.append(_grey(box))
        box.blockSignals(False)
        assert pictures[0] != pictures[1], name_of(box)


def test_lanes_and_events_differ_in_shape_and_dashes_as_well() -> None:
    lanes = len(LANE_COLOURS_LIGHT)
    assert len(LANE_COLOURS_DARK) == lanes
    assert len(set(LANE_DASHES)) == lanes
    assert len(set(LANE_SHAPES)) == lanes
    shapes = [shape for shape, _ in EVENT_SHAPES.values()]
    assert len(set(shapes)) == len(shapes)


def _grey(widget: QWidget) -> bytes:
    """A widget's picture without its colours."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    return bytes(image.constBits())


def _place(widget: QWidget, inside: QWidget) -> QPoint:
    return widget.mapTo(inside, QPoint(0, widget.height() // 2))


def _in_a_lane(laboratory: Laboratory, widget: QWidget) -> bool:
    return any(lane.isAncestorOf(widget) for lane in laboratory.window.panel.lanes)
