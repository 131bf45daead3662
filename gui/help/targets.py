"""Everything that the palette finds: actions, settings, experiments and pages of the help."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMenuBar, QWidget

from gui.controls.chooser import Chooser
from gui.controls.fields import Field
from gui.controls.form import SettingsForm
from gui.controls.lane_panel import LanePanel
from gui.controls.panel import ControlPanel
from gui.controls.section import Section
from gui.controls.transport import Transport
from gui.help.book import Book
from gui.help.keys import MenuAction, menu_actions
from gui.help.pages import Page

ACTION, SETTING, EXPERIMENT, PAGE = "Action", "Setting", "Experiment", "Help"
"""The kinds of targets; of two that answer alike, the earlier kind comes first."""


@dataclass(frozen=True, eq=False)
class Target:
    """Something to be found: its kind, its title, where it stands or what it is, its key, and what chooses it."""

    kind: str
    title: str
    words: str
    key: str
    choose: Callable[[], object]


def all_targets(
    bar: QMenuBar,
    transport: Transport,
    panel: ControlPanel,
    book: Book,
    read: Callable[[Page], None],
    show_controls: Callable[[], None],
) -> list[Target]:
    """Every action of the menu bar, every setting of the controls, every page of the help.

    `read` opens a page; `show_controls` brings the controls back where they are hidden.
    """
    actions = menu_actions(bar)
    return [
        *(_action(each) for each in actions if each.action.isEnabled() and not each.page),
        *_settings(panel, show_controls),
        *_choices(panel, show_controls),
        *_bar_settings(transport, show_controls),
        *(_experiment(each, book) for each in actions if each.page),
        *(
            Target(PAGE, page.title, _about(page, book), "", partial(read, page))
            for page in book.pages.values()
        ),
    ]


def _action(found: MenuAction) -> Target:
    return Target(ACTION, found.name, f"{found.place} menu", found.key, found.action.trigger)


def _experiment(found: MenuAction, book: Book) -> Target:
    page = book.page(found.page)
    return Target(
        EXPERIMENT, found.name, page.lead if page is not None else "", found.key, found.action.trigger
    )


def _about(page: Page, book: Book) -> str:
    of = book.title(page.part_of)
    return f"{of}: {page.lead}" if of else page.lead


def _settings(panel: ControlPanel, show_controls: Callable[[], None]) -> Iterator[Target]:
    for field in panel.findChildren(Field):
        form = _ancestor(field, SettingsForm)
        offered = form.offers(field.setting.name) if isinstance(form, SettingsForm) else not field.isHidden()
        if not offered:
            continue
        section = _ancestor(field, Section)
        where = _section_title(section) if isinstance(section, Section) else ""
        if where:

            def choose(field: Field = field) -> None:
                show_controls()
                reveal(panel, field)

            yield Target(SETTING, field.setting.label, where, "", choose)


def _choices(panel: ControlPanel, show_controls: Callable[[], None]) -> Iterator[Target]:
    """What is chosen by name (data, model, start, each lane's algorithm), and what each lane is called."""
    found: list[tuple[str, QWidget]] = [
        (chooser.box.accessibleName(), chooser.box) for chooser in panel.findChildren(Chooser)
    ]
    found += [(lane.name.accessibleName(), lane.name) for lane in panel.lanes]
    for title, widget in found:
        section = _ancestor(widget, Section)

        def choose(widget: QWidget = widget, section: QWidget | None = section) -> None:
            show_controls()
            if isinstance(section, Section):
                section.open()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            QTimer.singleShot(0, panel, lambda: panel.area.ensureWidgetVisible(widget))

        yield Target(
            SETTING, title, _section_title(section) if isinstance(section, Section) else "", "", choose
        )


def _bar_settings(transport: Transport, show_controls: Callable[[], None]) -> Iterator[Target]:
    for widget in (
        transport.speed,
        transport.clock,
        transport.vertical,
        transport.truth,
        transport.first_column,
        transport.second_column,
    ):
        if widget.isHidden() or not widget.isEnabled():
            continue

        def choose(widget: QWidget = widget) -> None:
            show_controls()
            widget.setFocus(Qt.FocusReason.TabFocusReason)

        name = widget.accessibleName() or transport.truth.text()
        yield Target(SETTING, name, "The bar on top", "", choose)


def reveal(panel: ControlPanel, field: Field) -> None:
    """Opens what the field is folded away in, scrolls to it, and gives it the focus."""
    form, section = _ancestor(field, SettingsForm), _ancestor(field, Section)
    if isinstance(section, Section):
        section.open()
    if isinstance(form, SettingsForm):
        form.reveal(field.setting.name)
    editor = focusable(field)
    if editor is not None:
        editor.setFocus(Qt.FocusReason.TabFocusReason)
    # What has just been unfolded has its place only when it is laid out.
    QTimer.singleShot(0, panel, lambda: panel.area.ensureWidgetVisible(field))


def focusable(field: Field) -> QWidget | None:
    """The part of a field that takes the focus first; None where none does."""
    named = field.label.buddy()
    candidates = [named, *field.findChildren(QWidget)] if named is not None else field.findChildren(QWidget)
    return next((each for each in candidates if each.focusPolicy() & Qt.FocusPolicy.TabFocus), None)


def _section_title(section: Section) -> str:
    if isinstance(section, LanePanel):
        return f"Lane {section.name.text() or section.name.placeholderText()}"
    return section.header.text()


def _ancestor(widget: QWidget, kind: type[QWidget]) -> QWidget | None:
    found = widget.parentWidget()
    while found is not None and not isinstance(found, kind):
        found = found.parentWidget()
    return found
