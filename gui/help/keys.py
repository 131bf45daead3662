"""Every action of the menus with its place, its key and what it does; the pages about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from gui.help.pages import Page, Row

KEYS = "keys/all"
PAGE = "page"
"""The property of an action that holds the key of the page about it."""
ABOUT = (
    "Every action stands in a menu, and its key works wherever the focus is, but not in a text field.",
    "Tab goes from one control to the next, Shift and Tab back. Enter presses what Space would elsewhere, and the "
    "up and down keys turn a number, a slider or a choice, because Space and the arrows to the side belong to the "
    "run. Alt with an underlined letter opens a menu.",
)


@dataclass(frozen=True, eq=False)
class MenuAction:
    """An action: the menus that lead to it ('Run'), its name without mnemonics, its key as it is read ('': none)."""

    place: str
    name: str
    key: str
    action: QAction

    @property
    def words(self) -> str:
        """What it does, in a sentence; '' where nothing is known."""
        return self.action.whatsThis()

    @property
    def page(self) -> str:
        """The key of the page about it, '' where there is none."""
        key = self.action.property(PAGE)
        return key if isinstance(key, str) else ""


def menu_actions(bar: QMenuBar) -> list[MenuAction]:
    """All actions of a menu bar, in the order of the menus."""
    found: list[MenuAction] = []
    for action in bar.actions():
        menu = _menu_of(action)
        if menu is not None:
            found += actions_of(menu, _plain(action))
    return found


def actions_of(menu: QMenu, place: str) -> Iterator[MenuAction]:
    """The actions of a menu that is reached by `place`, and of the menus inside it."""
    # A menu may fill itself only when it is opened.
    menu.aboutToShow.emit()
    for action in menu.actions():
        below = _menu_of(action)
        if below is not None:
            yield from actions_of(below, f"{place}, {_plain(action)}")
        elif not action.isSeparator():
            yield menu_action(action, place)


def menu_action(action: QAction, place: str) -> MenuAction:
    """One action of a menu; a key that another part of the program carries stands in the text, behind a tabulator."""
    name, _, written = _plain(action).partition("\t")
    shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return MenuAction(place, name, shown or written, action)


def _menu_of(action: QAction) -> QMenu | None:
    # The stubs say that it returns a plain object.
    return cast("QMenu | None", action.menu())


def _plain(action: QAction) -> str:
    """An action's text without the marks of its mnemonic."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")


def keys_page(bar: QMenuBar) -> Page:
    """The page of all actions, made from the menus themselves."""
    found = [each for each in menu_actions(bar) if each.key or each.action.isEnabled()]
    # A menu's own actions stand together, before those of the menus inside it.
    places = list(dict.fromkeys(each.place for each in found))
    rows = tuple(
        Row(each.name, f"**{each.key or 'no key'}**  {each.words}".rstrip(), each.page, each.place)
        for each in sorted(found, key=lambda each: places.index(each.place))
    )
    return Page(KEYS, "All actions and their keys", ABOUT[0], paragraphs=ABOUT[1:], rows=rows)


def action_page(found: MenuAction) -> Page:
    """The page about one action."""
    rows = (Row("Menu", found.place), Row("Key", found.key or "none"))
    return Page(f"actions/{found.name}", found.name, found.words, rows=rows, see_also=(KEYS,))
