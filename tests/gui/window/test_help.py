"""The help by keys and mouse: a page for anything, the palette, names over the parts, every key."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from gui.controls.typed_fields import NumberField
from gui.help.book import CONTENTS
from gui.help.desk import HelpDesk
from gui.help.keys import KEYS, menu_actions
from gui.help.window import HelpWindow
from gui.style import style
from tests.gui.laboratory import LEFT, NO_KEY, Laboratory

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(autouse=True)
def put_away(laboratory: Laboratory) -> Iterator[None]:
    """No page, palette, question or section stays open."""
    laboratory.shell.activateWindow()
    laboratory.settle()
    panel = laboratory.window.panel
    opened = {section: section.is_open for section in panel.sections.values()}
    yield
    panel.stop.more.setChecked(False)
    for section, was_open in opened.items():
        section.open(was_open)
    desk = laboratory.window.help
    desk.pointing.end()
    desk.callouts.end()
    desk.palette.close_now()
    desk.reading.close()
    laboratory.shell.activateWindow()
    if laboratory.session.playing:
        laboratory.session.toggle_play()
    laboratory.settle()


@pytest.fixture
def desk(laboratory: Laboratory) -> HelpDesk:
    return laboratory.window.help


def shown(laboratory: Laboratory) -> str:
    """The key of the page that is open, '' where none is."""
    reading = laboratory.window.help.reading
    return reading.page.key if reading.isVisible() and reading.page is not None else ""


def point_at(laboratory: Laboratory, widget: QWidget) -> None:
    """Puts the mouse over the middle of a widget."""
    QCursor.setPos(laboratory.shell.mapToGlobal(laboratory.at(widget)))
    laboratory.hover(widget)


def press_in(window: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
    """A key in another window than the laboratory's."""
    QTest.keyClick(window.windowHandle(), key, modifiers)
    QApplication.processEvents()


def rate(laboratory: Laboratory) -> NumberField:
    form = laboratory.window.panel.lanes[1].chooser.form
    assert form is not None
    field = form.fields["learning_rate"]
    assert isinstance(field, NumberField)
    return field


POINTED: dict[str, tuple[Callable[[Laboratory], QWidget], str]] = {
    "a canvas": (lambda lab: lab.window.canvases[1], "parts/data"),
    "the curves": (lambda lab: lab.window.likelihood, "parts/log-likelihood"),
    "the simplex": (lambda lab: lab.window.simplex, "parts/weights-on-the-simplex"),
    "the timeline": (lambda lab: lab.window.timeline, "parts/timeline"),
    "a strip's numbers": (lambda lab: lab.window.strips[0].readings, "parts/status-strip"),
    "a strip's sentence": (lambda lab: lab.window.strips[0].sentence, "outcomes/paused"),
    "a slider": (lambda lab: rate(lab).slider or lab.shell, "algorithms/gradient-ascent/learning_rate"),
    "a label": (lambda lab: rate(lab).label, "algorithms/gradient-ascent/learning_rate"),
    "an algorithm": (lambda lab: lab.window.panel.lanes[0].chooser.box, "algorithms/em"),
    "the data": (lambda lab: lab.window.panel.data.box, "datasets/three-clusters"),
    "a header": (lambda lab: lab.window.panel.sections["model"].header, "models/gaussian-mixture"),
    "the stopping rule": (lambda lab: lab.window.panel.sections["stop"].header, "settings/stop"),
    "the speed": (lambda lab: lab.window.transport.speed, "settings/show/speed"),
    "the run button": (lambda lab: lab.window.transport.run, "controls/Run (space)"),
    "the sentence": (lambda lab: lab.window.sentence, "controls/What just happened"),
}


@pytest.mark.parametrize("what", POINTED)
def test_f1_opens_the_page_of_what_is_under_the_mouse(laboratory: Laboratory, what: str) -> None:
    widget_of, key = POINTED[what]
    point_at(laboratory, widget_of(laboratory))
    laboratory.press(Qt.Key.Key_F1)
    assert shown(laboratory) == key


def test_f1_opens_the_page_of_what_has_the_focus_when_the_mouse_rests(laboratory: Laboratory) -> None:
    point_at(laboratory, laboratory.window.simplex)
    laboratory.window.transport.clock.setFocus(Qt.FocusReason.TabFocusReason)
    laboratory.press(Qt.Key.Key_F1)
    assert shown(laboratory) == "settings/show/clock"
    laboratory.window.help.reading.close()
    laboratory.shell.activateWindow()
    laboratory.settle()
    point_at(laboratory, laboratory.window.likelihood)
    laboratory.press(Qt.Key.Key_F1)
    assert shown(laboratory) == "parts/log-likelihood"


def test_a_chosen_value_and_an_outcome_change_the_page(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "adam")
    laboratory.press(Qt.Key.Key_F1)
    assert shown(laboratory) == "algorithms/adam"
    laboratory.shell.activateWindow()
    laboratory.play_to_the_end()
    point_at(laboratory, laboratory.window.strips[0].sentence)
    laboratory.press(Qt.Key.Key_F1)
    assert shown(laboratory) == "outcomes/converged"


def test_f1_f1_lists_every_action(laboratory: Laboratory) -> None:
    point_at(laboratory, laboratory.window.simplex)
    laboratory.press(Qt.Key.Key_F1)
    press_in(laboratory.window.help.reading, Qt.Key.Key_F1)
    assert shown(laboratory) == KEYS
    text = laboratory.window.help.reading.reader.toPlainText()
    for each in menu_actions(laboratory.shell.menuBar()):
        if each.action.isEnabled():
            assert each.name in text, each.name
            assert each.key in text


def test_f1_twice_in_the_main_window_lists_them_too(laboratory: Laboratory) -> None:
    point_at(laboratory, laboratory.window.simplex)
    laboratory.press(Qt.Key.Key_F1)
    laboratory.shell.activateWindow()
    laboratory.settle()
    point_at(laboratory, laboratory.window.simplex)
    laboratory.press(Qt.Key.Key_F1)
    assert shown(laboratory) == KEYS


def test_space_runs_what_is_loaded_while_a_page_is_read(laboratory: Laboratory) -> None:
    point_at(laboratory, laboratory.window.simplex)
    laboratory.press(Qt.Key.Key_F1)
    reading = laboratory.window.help.reading
    for place in (reading.reader, reading.list):
        place.setFocus()
        press_in(reading, Qt.Key.Key_Space)
        assert laboratory.session.playing
        press_in(reading, Qt.Key.Key_Space)
        assert not laboratory.session.playing
    reading.search.setFocus()
    press_in(reading, Qt.Key.Key_Space)
    assert not laboratory.session.playing, "a text field keeps its keys"
    press_in(reading, Qt.Key.Key_Escape)
    assert not reading.isVisible()


def test_pages_are_turned_by_keys_alone(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_F1, CONTROL)
    reading = laboratory.window.help.reading
    assert shown(laboratory) == CONTENTS
    reading.search.setFocus()
    QTest.keyClicks(reading.search, "softmax")
    press_in(reading, Qt.Key.Key_Return)
    assert shown(laboratory) == "coordinates/softmax"
    press_in(reading, Qt.Key.Key_Down)
    press_in(reading, Qt.Key.Key_Return)
    assert shown(laboratory).startswith("coordinates/softmax")
    reading.reader.setFocus()
    press_in(reading, Qt.Key.Key_Left, ALT)
    assert shown(laboratory) == CONTENTS
    press_in(reading, Qt.Key.Key_Right, ALT)
    assert shown(laboratory) == "coordinates/softmax"


def test_a_link_leads_to_its_page(laboratory: Laboratory) -> None:
    reading = laboratory.window.help.reading
    reading.turn_to("algorithms/adam")
    laboratory.settle()
    reading.reader.setFocus()
    press_in(reading, Qt.Key.Key_Tab)
    press_in(reading, Qt.Key.Key_Return)
    page = reading.page
    assert page is not None
    assert page.part_of == "algorithms/adam"


def test_formulas_appear_and_follow_the_theme(laboratory: Laboratory) -> None:
    reading = laboratory.window.help.reading
    reading.turn_to("algorithms/em")
    laboratory.wait_until(lambda: not reading.reader.waits_for_formulas)
    laboratory.settle()
    assert style("light").text in laboratory.colours(reading.reader)
    laboratory.window.use_style("dark")
    laboratory.settle()
    seen = laboratory.colours(reading.reader)
    assert style("dark").text in seen
    assert style("dark").panel in seen
    laboratory.window.use_style("light")


def test_f1_in_an_open_menu_explains_the_entry(laboratory: Laboratory) -> None:
    menu = next(each for each in laboratory.shell.menuBar().findChildren(QMenu) if each.title() == "&Run")
    menu.popup(laboratory.shell.mapToGlobal(QPoint(100, 30)))
    menu.setActiveAction(menu.actions()[1])
    QTest.keyClick(menu, Qt.Key.Key_F1)
    assert not menu.isVisible()
    assert shown(laboratory) == "actions/Step"
    text = laboratory.window.help.reading.reader.toPlainText()
    assert "One whole iteration on." in text
    assert "Right" in text


def test_point_and_ask_takes_one_click(laboratory: Laboratory) -> None:
    window = laboratory.window
    laboratory.press(Qt.Key.Key_F1, SHIFT)
    laboratory.click(window.transport.run)
    assert shown(laboratory) == "controls/Run (space)"
    assert not laboratory.session.playing, "the button was asked about, not pressed"
    laboratory.shell.activateWindow()
    laboratory.click(window.transport.run)
    assert laboratory.session.playing
    laboratory.click(window.transport.run)
    laboratory.press(Qt.Key.Key_F1, SHIFT)
    laboratory.press(Qt.Key.Key_Escape)
    laboratory.click(window.transport.run)
    assert laboratory.session.playing


def test_names_lie_over_the_parts_until_a_key_is_pressed(laboratory: Laboratory) -> None:
    callouts = laboratory.window.help.callouts
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Q, Qt.Key.Key_F2, None):
        laboratory.press(Qt.Key.Key_F2)
        assert callouts.isVisible()
        if key is None:
            QTest.mouseClick(laboratory.shell.windowHandle(), LEFT, NO_KEY, QPoint(230, 40))
        else:
            laboratory.press(key)
        laboratory.settle()
        assert not callouts.isVisible()
        assert not laboratory.session.playing, "what ends it does nothing else"
    laboratory.press(Qt.Key.Key_Space)
    assert laboratory.session.playing


@pytest.mark.parametrize("size", [(1366, 768), (1100, 700), (1920, 1080)])
def test_names_lie_beside_each_other_and_inside_the_window(
    laboratory: Laboratory, size: tuple[int, int]
) -> None:
    laboratory.shell.resize(*size)
    laboratory.settle()
    laboratory.press(Qt.Key.Key_F2)
    callouts = laboratory.window.help.callouts
    placed = callouts.placed()
    assert len(placed) == 10
    for number, each in enumerate(placed):
        assert callouts.rect().toRectF().contains(each.box), each.callout.title
        for other in placed[number + 1 :]:
            assert not each.box.intersects(other.box), (each.callout.title, other.callout.title)
        assert each.callout.words
        assert each.callout.title in callouts.accessibleDescription()
    laboratory.shell.resize(1366, 768)
    laboratory.settle()


# The palette


def find(laboratory: Laboratory, letters: str) -> None:
    laboratory.press(Qt.Key.Key_P, CONTROL | SHIFT)
    laboratory.write(letters)


def test_the_palette_finds_an_action_and_does_it(laboratory: Laboratory) -> None:
    find(laboratory, "run or")
    chosen = laboratory.window.help.palette.chosen
    assert chosen is not None
    assert (chosen.kind, chosen.title, chosen.key) == ("Action", "Run or pause", "Space")
    laboratory.press(Qt.Key.Key_Return)
    assert laboratory.session.playing
    assert not laboratory.window.help.palette.isVisible()


def test_the_palette_opens_a_folded_setting_and_gives_it_the_focus(laboratory: Laboratory) -> None:
    panel = laboratory.window.panel
    panel.sections["stop"].open(False)
    find(laboratory, "passes at most")
    laboratory.press(Qt.Key.Key_Return)
    assert panel.sections["stop"].is_open
    field = panel.stop.fields["max_passes"]
    assert isinstance(field, NumberField)
    assert QApplication.focusWidget() is field.entry
    assert field.entry.visibleRegion().boundingRect().height() > 10
    laboratory.write("7")
    laboratory.press(Qt.Key.Key_Return)
    assert laboratory.experiment.stop.max_passes == 7


def test_a_setting_that_is_chosen_in_a_lecture_brings_the_controls_back(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_F5)
    find(laboratory, "tolerance")
    laboratory.press(Qt.Key.Key_Return)
    assert not laboratory.window.lecture.on
    field = laboratory.window.panel.stop.fields["tolerance"]
    assert isinstance(field, NumberField)
    assert QApplication.focusWidget() is field.entry
    assert field.entry.isVisible()


def test_the_palette_finds_settings_of_the_bar_and_of_each_lane(laboratory: Laboratory) -> None:
    find(laboratory, "clock")
    laboratory.press(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is laboratory.window.transport.clock
    find(laboratory, "learning rate")
    laboratory.press(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is rate(laboratory).entry


def test_the_palette_opens_an_experiment_unless_work_would_be_lost(laboratory: Laboratory) -> None:
    before = laboratory.experiment
    laboratory.press(Qt.Key.Key_D)
    laboratory.wait_until(lambda: laboratory.experiment != before)
    changed = laboratory.experiment
    find(laboratory, "collapse: the")
    with laboratory.answering("Cancel"):
        laboratory.press(Qt.Key.Key_Return)
    assert laboratory.experiment == changed
    find(laboratory, "collapse: the")
    with laboratory.answering("Discard"):
        laboratory.press(Qt.Key.Key_Return)
    laboratory.wait_until(lambda: laboratory.experiment.title.startswith("Collapse"))


def test_the_palette_opens_a_page(laboratory: Laboratory) -> None:
    find(laboratory, "stick breaking")
    laboratory.press(Qt.Key.Key_Return)
    assert shown(laboratory) == "coordinates/stick-breaking"


def test_the_palette_is_left_by_escape_and_gives_the_focus_back(laboratory: Laboratory) -> None:
    palette = laboratory.window.help.palette
    laboratory.window.transport.clock.setFocus(Qt.FocusReason.TabFocusReason)
    find(laboratory, "step")
    first = palette.chosen
    laboratory.press(Qt.Key.Key_Down)
    assert palette.chosen is not first
    laboratory.press(Qt.Key.Key_Up, times=2)
    assert palette.chosen is first
    laboratory.press(Qt.Key.Key_PageDown)
    experiment = laboratory.experiment
    laboratory.press(Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert QApplication.focusWidget() is laboratory.window.transport.clock
    assert laboratory.experiment == experiment, "the page keys turned the list, not the experiments"
    assert laboratory.session.cursor == 0
    find(laboratory, "qqqzzz")
    assert palette.chosen is None
    laboratory.press(Qt.Key.Key_Return)
    assert not palette.isVisible()


# Every action


def test_every_action_has_a_place_and_a_key_of_its_own(laboratory: Laboratory) -> None:
    found = [each for each in menu_actions(laboratory.shell.menuBar()) if "recent" not in each.place]
    assert len(found) > 40
    assert [each.name for each in found if not each.key] == []
    keys = [each.key for each in found]
    assert sorted(keys) == sorted(set(keys)), "no key is given twice"
    assert [each.name for each in found if not each.words and each.name != "Quit"] == []


def test_every_key_reaches_its_action_and_no_other() -> None:
    with Laboratory() as own:
        found = [each for each in menu_actions(own.shell.menuBar()) if not each.action.shortcut().isEmpty()]
        triggered: list[str] = []
        for each in found:
            each.action.triggered.disconnect()
            each.action.triggered.connect(lambda checked=False, name=each.name: triggered.append(name))
            each.action.setEnabled(True)
        for each in found:
            QTest.keySequence(own.shell, each.action.shortcut())
            own.settle()
        assert triggered == [each.name for each in found]


def test_the_help_window_is_one(desk: HelpDesk) -> None:
    assert isinstance(desk.reading, HelpWindow)
    assert desk.reading is desk.reading
    assert not desk.reading.isModal()
