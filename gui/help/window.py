"""The window of the help: a list of pages that can be searched, and the page that is read."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QImage, QKeyEvent, QResizeEvent, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.background import Background
from gui.companion import Companion
from gui.contained import contained
from gui.controls.inputs import Button
from gui.help.book import CONTENTS, Book
from gui.help.fuzzy import match
from gui.help.keys import KEYS
from gui.help.markup import FORMULA, PAGE, rich_text
from gui.help.pages import GROUPS, Page
from gui.help.typesetting import painted, typeset
from gui.style import Style, style

SIZE = (900, 620)
LIST_WIDTH = 230
FORMULA_SCALE = 1.25
"""Type of a formula in units of the text around it."""
PLACE_FOR_FORMULA = 3.0
"""Height that is kept for a formula which is not yet set, in lines of text."""
INDENT = 40


class Reader(QTextBrowser):
    """Shows one page. Formulas that are not yet typeset appear a moment later."""

    def __init__(self, book: Book, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book = book
        self._style = style("light")
        self._typesetter = Background(self)
        self._set: dict[str, bytes] = {}
        self._drawn_at = 0
        self._refitting = QTimer(self)
        self._refitting.setSingleShot(True)
        self._refitting.setInterval(0)
        self._refitting.timeout.connect(self._refit)
        self.page: Page | None = None
        self.setAccessibleName("Page")
        self.setOpenLinks(False)
        self.setTabChangesFocus(False)
        self.document().setDocumentMargin(16)

    def read(self, page: Page) -> None:
        """Shows a page from its beginning."""
        self.page = page
        self._draw()
        self.verticalScrollBar().setValue(0)
        missing = [each for each in page.formulas if each not in self._set]
        if missing:
            self._typesetter.start(
                lambda progress, cancelled: {each: typeset(each) for each in missing},
                self._use_formulas,
                lambda error: None,
            )

    @property
    def waits_for_formulas(self) -> bool:
        """Whether there are formulas on the page that are not yet typeset."""
        return self.page is not None and any(each not in self._set for each in self.page.formulas)

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self._draw()

    def _use_formulas(self, found: dict[str, bytes]) -> None:
        self._set |= found
        self._draw()

    def _draw(self) -> None:
        if self.page is None:
            return
        place, self._drawn_at = self.verticalScrollBar().value(), self.viewport().width()
        self.document().clear()
        for number, formula in enumerate(self.page.formulas):
            self.document().addResource(
                QTextDocument.ResourceType.ImageResource.value,
                QUrl(f"{FORMULA}{number}"),
                self._picture(formula),
            )
        self.setHtml(rich_text(self.page, self._style, self._book.title))
        self.verticalScrollBar().setValue(place)

    def _refit(self) -> None:
        """Formulas as wide as there is room for now."""
        if self.page is not None and self.page.formulas and self.viewport().width() != self._drawn_at:
            self._draw()

    def _picture(self, formula: str) -> QImage:
        chosen, svg = self._style, self._set.get(formula)
        if svg is None:
            empty = QImage(
                1, round(PLACE_FOR_FORMULA * chosen.font_size), QImage.Format.Format_ARGB32_Premultiplied
            )
            empty.fill(Qt.GlobalColor.transparent)
            return empty
        widest = max(120.0, self.viewport().width() - INDENT - 2 * self.document().documentMargin())
        size = FORMULA_SCALE * chosen.font_size
        return painted(svg, QColor(chosen.text), size, widest, self.devicePixelRatioF())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            # A browser keeps a history of its own; here the window does.
            event.ignore()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            # Not at once: a page that is being laid out may itself show or hide the scroll bar.
            self._refitting.start()


class HelpWindow(Companion):
    """Stays beside the program. Space still runs what is loaded; F1 in it lists all keys."""

    def __init__(self, book: Book, parent: QWidget) -> None:
        super().__init__(parent)
        self._book = book
        self._past: list[Page] = []
        self._future: list[Page] = []
        self.setWindowTitle("Help")
        self.resize(*SIZE)
        self.back = self._button("‹", "Back (Alt+Left)", self._go_back)
        self.forward = self._button("›", "Forward (Alt+Right)", self._go_forward)
        self.contents = self._button("Contents", "All pages", lambda: self.turn_to(CONTENTS))
        self.keys = self._button("Keys", "All actions and their keys (F1)", lambda: self.turn_to(KEYS))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a page")
        self.search.setAccessibleName("Find a page")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Pages")
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(12)
        self.list.itemActivated.connect(lambda item, column: self._open_item(item))
        self.list.itemClicked.connect(lambda item, column: self._open_item(item))
        self.reader = Reader(book)
        self.reader.anchorClicked.connect(self._follow)
        self._lay_out()
        self._fill("")

    def _button(self, text: str, hint: str, act: Callable[[], None]) -> Button:
        button = Button(text)
        button.setToolTip(hint)
        button.setAccessibleName(hint.partition(" (")[0] if len(text) == 1 else text)
        button.clicked.connect(lambda checked=False: act())
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.back)
        top.addWidget(self.forward)
        top.addWidget(self.contents)
        top.addWidget(self.keys)
        top.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        side = QWidget()
        side.setFixedWidth(LIST_WIDTH)
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        middle = QHBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(side)
        middle.addWidget(self.reader, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 6, 8, 8)
        whole.setSpacing(6)
        whole.addLayout(top)
        whole.addLayout(middle, 1)

    @property
    def page(self) -> Page | None:
        """The page that is shown."""
        return self.reader.page

    def turn_to(self, key: str) -> None:
        """Shows the page with this key; nothing happens where there is none."""
        page = self._book.page(key)
        if page is not None:
            self.read(page)

    def read(self, page: Page) -> None:
        """Shows a page, and the window with it."""
        if self.page is not None and self.page.key != page.key:
            self._past.append(self.page)
            self._future.clear()
        self._show(page)
        if not self.isVisible():
            self.show_beside()
            self.reader.setFocus()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self.reader.use_style(chosen)

    def _show(self, page: Page) -> None:
        self.reader.read(page)
        self.setWindowTitle(f"{page.title} – Help")
        self.back.setEnabled(bool(self._past))
        self.forward.setEnabled(bool(self._future))
        self._mark(page.part_of or page.key)

    def _go_back(self) -> None:
        if self._past and self.page is not None:
            self._future.append(self.page)
            self._show(self._past.pop())

    def _go_forward(self) -> None:
        if self._future and self.page is not None:
            self._past.append(self.page)
            self._show(self._future.pop())

    def _follow(self, address: QUrl) -> None:
        self.turn_to(address.toString().removeprefix(PAGE))

    # The list

    def _fill(self, query: str) -> None:
        """The pages that answer a query, the best first; all of them in their groups without one."""
        self.list.clear()
        if query.strip():
            found = [
                (score[0], page) for page in self._book.pages.values() if (score := match(query, page.title))
            ]
            for _, page in sorted(found, key=lambda each: -each[0]):
                self._add(page, None, self._book.title(page.part_of))
            return
        groups: dict[str, QTreeWidgetItem] = {}
        for page in self._book.listed:
            if page.group not in groups:
                heading = QTreeWidgetItem([GROUPS[page.group]])
                heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
                font = heading.font(0)
                font.setBold(True)
                heading.setFont(0, font)
                self.list.addTopLevelItem(heading)
                groups[page.group] = heading
            self._add(page, groups[page.group])
        self.list.expandAll()

    def _add(self, page: Page, below: QTreeWidgetItem | None, of: str = "") -> None:
        item = QTreeWidgetItem([f"{page.title} – {of}" if of else page.title])
        item.setData(0, Qt.ItemDataRole.UserRole, page.key)
        item.setToolTip(0, page.lead)
        if below is None:
            self.list.addTopLevelItem(item)
        else:
            below.addChild(item)

    def _mark(self, key: str) -> None:
        """Selects a page in the list, where it is there."""
        for item in self.list.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive):
            if item.data(0, Qt.ItemDataRole.UserRole) == key:
                self.list.setCurrentItem(item)
                return
        self.list.setCurrentIndex(QModelIndex())

    def _open_item(self, item: QTreeWidgetItem) -> None:
        key = item.data(0, Qt.ItemDataRole.UserRole)
        if isinstance(key, str):
            self.turn_to(key)

    # Keys

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search, Enter opens the best page, and the down key leads into the list."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            first = self.list.topLevelItem(0)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if first is not None and self.search.text().strip():
                    self._open_item(first)
                return True
            if event.key() == Qt.Key.Key_Down and first is not None:
                self.list.setFocus()
                self.list.setCurrentItem(first)
                return True
        return bool(super().eventFilter(watched, event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
        ):
            (self._go_back if event.key() == Qt.Key.Key_Left else self._go_forward)()
            return
        super().keyPressEvent(event)
