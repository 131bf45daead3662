"""What the Help menu opens. Nothing of the help is imported before it is asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCursor, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from gui.contained import contained
from gui.style import Style

if TYPE_CHECKING:
    from gui.help.book import Book
    from gui.help.callouts import Callout, Callouts
    from gui.help.palette import Palette
    from gui.help.pointing import PointAndAsk
    from gui.help.window import HelpWindow
    from gui.window import Window


class HelpDesk(QObject):
    """Knows what is asked about: what has the focus, or what the mouse has gone to since."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._pointer_then = QCursor.pos()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    # What is opened

    @cached_property
    def book(self) -> "Book":
        """All pages."""
        from gui.help.book import Book
        from gui.help.keys import keys_page

        return Book(lambda: keys_page(self._window.shell.menuBar()))

    @cached_property
    def reading(self) -> "HelpWindow":
        """The window of the help."""
        from gui.help.window import HelpWindow

        made = HelpWindow(self.book, self._window.shell)
        made.use_style(self._window.style_now)
        return made

    @cached_property
    def palette(self) -> "Palette":
        """The palette, which lies over the window."""
        from gui.help.palette import Palette

        made = Palette(self._window.shell)
        made.use_style(self._window.style_now)
        return made

    @cached_property
    def callouts(self) -> "Callouts":
        """The names of the parts, which lie over the window."""
        from gui.help.callouts import Callouts

        return Callouts(self._window.shell)

    @cached_property
    def pointing(self) -> "PointAndAsk":
        """Point and ask."""
        from gui.help.pointing import PointAndAsk

        return PointAndAsk(self.explain, self)

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        if "reading" in vars(self):
            self.reading.use_style(chosen)
        if "palette" in vars(self):
            self.palette.use_style(chosen)

    # The Help menu

    def help(self) -> None:
        """Opens the page about what has the focus or is under the mouse; F1 once more lists all keys."""
        if "reading" in vars(self) and self.reading.isActiveWindow():
            self.show_keys()
            return
        widget = self.asked_widget()
        if widget is None:
            self.show_contents()
        else:
            self.explain(widget)

    def explain(self, widget: QWidget) -> None:
        """Opens the page about a widget; where it is open already, the page of all keys."""
        from gui.help.book import CONTENTS
        from gui.help.parts import page_about

        page = page_about(widget, self.book.page) or self.book.page(CONTENTS)
        assert page is not None
        shown = self.reading.page if self.reading.isVisible() else None
        if shown is not None and shown.key == page.key:
            self.show_keys()
        else:
            self.reading.read(page)

    def point_and_ask(self) -> None:
        """The next click on anything opens its page and does nothing else; Escape gives it up."""
        self.pointing.begin()

    def show_contents(self) -> None:
        """Opens the help at its contents: every page there is."""
        from gui.help.book import CONTENTS

        self.reading.turn_to(CONTENTS)

    def show_keys(self) -> None:
        """Lists every action with its place in the menus and its key."""
        from gui.help.keys import KEYS

        self.reading.turn_to(KEYS)

    def name_the_parts(self) -> None:
        """Writes over each part of the window what it is, until a key is pressed or the mouse clicks."""
        self.callouts.show_over(self._parts(), self._window.style_now)

    def find_anything(self) -> None:
        """Opens the palette: a few letters find every action, setting, experiment and page of the help."""
        from gui.help.targets import all_targets

        window = self._window
        if "palette" in vars(self) and self.palette.isVisible():
            self.palette.close_now()
            return
        self.palette.open(
            all_targets(
                window.shell.menuBar(),
                window.transport,
                window.panel,
                self.book,
                self.reading.read,
                self._show_controls,
            )
        )

    def _show_controls(self) -> None:
        if self._window.lecture.on:
            self._window.lecture.toggle()

    def _parts(self) -> "list[Callout]":
        from gui.help.callouts import Callout
        from gui.help.parts import part_key

        window = self._window
        parts = (
            window.transport,
            window.panel,
            *window.panel.lanes[:1],
            *window.canvases[:1],
            *window.strips[:1],
            window.likelihood,
            window.simplex,
            window.weight_sum,
            window.timeline,
        )
        found = [
            Callout(part, page.title, page.lead)
            for part in parts
            if (page := self.book.page(part_key(type(part)))) is not None
        ]
        sentence = window.sentence
        return [*found, Callout(sentence, sentence.accessibleName(), sentence.whatsThis())]

    # What is asked about

    def asked_widget(self) -> QWidget | None:
        """The widget under the mouse where that has moved since the focus did, else what has the focus."""
        under, focused = self._under_mouse(), QApplication.focusWidget()
        if focused is self._window.desk:
            focused = None
        return (
            under
            if under is not None and (focused is None or QCursor.pos() != self._pointer_then)
            else focused
        )

    def _focus_moved(self, before: QWidget | None, now: QWidget | None) -> None:
        self._pointer_then = QCursor.pos()

    def _under_mouse(self) -> QWidget | None:
        """The innermost widget of the active window that the mouse is over."""
        window = QApplication.activeWindow()
        if window is None:
            return None
        at = window.mapFromGlobal(QCursor.pos())
        # The stubs do not say that there may be none.
        inner: QWidget | None = window.childAt(at)
        return inner if inner is not None or not window.rect().contains(at) else window

    # F1 in an open menu

    def watch_menu(self, menu: QMenu) -> None:
        """From now on F1 opens the page about the entry that is marked in this menu."""
        menu.installEventFilter(self)

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(watched, QMenu)
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_F1
            and watched.activeAction() is not None
        ):
            from gui.help.keys import action_page, menu_action

            found = menu_action(watched.activeAction(), watched.title().replace("&", ""))
            while isinstance(popup := QApplication.activePopupWidget(), QMenu):
                popup.close()
            self.reading.read(self.book.page(found.page) or action_page(found))
            return True
        return bool(super().eventFilter(watched, event))
