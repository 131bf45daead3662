"""The palette: a few letters find every action, setting, experiment and page; Enter chooses."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from gui.contained import contained
from gui.help.fuzzy import match
from gui.help.targets import ACTION, EXPERIMENT, PAGE, SETTING, Target
from gui.style import Style, style
from gui.stylesheet import blended

WIDTH = 680
MOST_SHOWN = 12
TOP = 44
ORDER = (ACTION, SETTING, EXPERIMENT, PAGE)
TITLE_FIRST = 12.0
"""How much better an answer in the title is than one in the words beside it."""
STEP_OF_KIND = 1.0
READ = 120
"""So many letters of the words beside a title are looked through."""
KEYS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -MOST_SHOWN,
    Qt.Key.Key_PageDown: MOST_SHOWN,
}


@dataclass(frozen=True, eq=False)
class Answer:
    """A target that answers what was typed, and the letters of its title that do."""

    target: Target
    places: frozenset[int]


def answers(targets: Sequence[Target], query: str) -> list[Answer]:
    """The targets that answer a query, the best first; all of them, in their order, without one."""
    if not query.strip():
        return [Answer(each, frozenset()) for each in targets]
    found: list[tuple[float, Answer]] = []
    for each in targets:
        in_title = match(query, each.title)
        if in_title is not None:
            score, places = in_title[0] + TITLE_FIRST, frozenset(in_title[1])
        else:
            anywhere = match(query, f"{each.title} {each.words[:READ]}")
            if anywhere is None:
                continue
            score = anywhere[0]
            places = frozenset(place for place in anywhere[1] if place < len(each.title))
        found.append((score - STEP_OF_KIND * ORDER.index(each.kind), Answer(each, places)))
    return [answer for _, answer in sorted(found, key=lambda each: -each[0])]


Index = QModelIndex | QPersistentModelIndex


class Answers(QAbstractListModel):
    """The answers as a list; a screen reader hears title, kind, words and key."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._answers: list[Answer] = []

    def show(self, answers: list[Answer]) -> None:
        """Puts these in the place of those before."""
        self.beginResetModel()
        self._answers = answers
        self.endResetModel()

    def answer(self, row: int) -> Answer:
        """The answer in a row."""
        return self._answers[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._answers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        target = self._answers[index.row()].target
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(part for part in (target.title, target.kind, target.words, target.key) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return target.words
        return None


class AnswerDelegate(QStyledItemDelegate):
    """Draws an answer in one line: title with the letters that were found in bold, words, and key or kind."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.style_in_use: Style = style("light")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, round(2.0 * self.style_in_use.font_size))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, Answers)
        answer, chosen = model.answer(index.row()), self.style_in_use
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        area = QRectF(option.rect).adjusted(10, 0, -10, 0)
        painter.save()
        if current:
            painter.fillRect(option.rect, chosen.colour("accent"))
        strong = chosen.colour("accent_text" if current else "text")
        faint = chosen.colour("accent_text" if current else "muted")
        right = answer.target.key or answer.target.kind
        painter.setFont(chosen.font(small=True, bold=bool(answer.target.key)))
        painter.setPen(strong if answer.target.key else faint)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        width = area.width() - painter.fontMetrics().horizontalAdvance(right) - 16
        painter.setPen(strong)
        used = _draw_title(painter, chosen, answer, QRectF(area.left(), area.top(), width, area.height()))
        painter.setFont(chosen.font(small=True))
        painter.setPen(faint)
        rest = QRectF(area.left() + used + 12, area.top(), width - used - 12, area.height())
        words = painter.fontMetrics().elidedText(
            answer.target.words, Qt.TextElideMode.ElideRight, max(0, int(rest.width()))
        )
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()


def _draw_title(painter: QPainter, chosen: Style, answer: Answer, area: QRectF) -> float:
    """Draws a title with the letters that were found in bold and underlined; how wide it became."""
    usual, found = chosen.font(), chosen.font(bold=True)
    found.setUnderline(True)
    x = area.left()
    title = answer.target.title
    runs: list[tuple[bool, str]] = []
    for place, letter in enumerate(title):
        is_found = place in answer.places
        if runs and runs[-1][0] == is_found:
            runs[-1] = (is_found, runs[-1][1] + letter)
        else:
            runs.append((is_found, letter))
    for is_found, letters in runs:
        font: QFont = found if is_found else usual
        painter.setFont(font)
        room = area.right() - x
        metrics = QFontMetricsF(font)
        shown = metrics.elidedText(letters, Qt.TextElideMode.ElideRight, max(0.0, room))
        painter.drawText(QRectF(x, area.top(), room, area.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        x += metrics.horizontalAdvance(shown)
    return x - area.left()


class Palette(QFrame):
    """Lies over the upper middle of its window while it is used; Escape, or a click elsewhere, leaves it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._targets: list[Target] = []
        self._came_from: QWidget | None = None
        self.entry = QLineEdit()
        self.entry.setPlaceholderText("Find an action, a setting, an experiment or a page")
        self.entry.setAccessibleName("Find an action, a setting, an experiment or a page")
        self.entry.textChanged.connect(self._search)
        self.entry.installEventFilter(self)
        self.model = Answers(self)
        self.list = QListView()
        self.list.setAccessibleName("What was found")
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(lambda index: self._choose())
        self._delegate = AnswerDelegate(self)
        self.list.setItemDelegate(self._delegate)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.entry)
        column.addWidget(self.list, 1)
        self.setObjectName("palette")
        self.setAutoFillBackground(True)
        self.hide()

    def open(self, targets: list[Target]) -> None:
        """Shows the palette over these targets, with nothing typed."""
        self._targets = targets
        self._came_from = QApplication.focusWidget()
        owner = self.parentWidget()
        assert owner is not None
        width = min(WIDTH, owner.width() - 40)
        rows = MOST_SHOWN * self._delegate.sizeHint(QStyleOptionViewItem(), QModelIndex()).height()
        height = min(rows + self.entry.sizeHint().height() + 30, owner.height() - TOP - 20)
        self.setGeometry((owner.width() - width) // 2, TOP, width, height)
        self.entry.clear()
        self._search("")
        self.show()
        self.raise_()
        self.entry.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_now(self) -> None:
        """Leaves the palette, and gives the focus back."""
        if self.isVisible():
            came_from = self._came_from
            self.hide()
            # What had the focus may be gone: a list or a menu that has been closed meanwhile.
            if came_from is not None and isValid(came_from) and came_from.isVisible():
                came_from.setFocus()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._delegate.style_in_use = chosen
        edge = blended(chosen.line, chosen.accent, 0.5)
        self.setStyleSheet(
            f"#palette {{ background: {chosen.panel}; border: 1px solid {edge}; border-radius: 8px; }}"
            "#palette QListView { border: none; }"
        )

    @property
    def chosen(self) -> Target | None:
        """The target that Enter would choose; None where nothing was found."""
        row = self.list.currentIndex().row()
        return self.model.answer(row).target if row >= 0 else None

    def _search(self, text: str) -> None:
        self.model.show(answers(self._targets, text))
        self.list.setCurrentIndex(self.model.index(0, 0))

    def _choose(self) -> None:
        target = self.chosen
        self.close_now()
        if target is not None:
            target.choose()

    def _move(self, rows: int) -> None:
        row = min(max(self.list.currentIndex().row() + rows, 0), self.model.rowCount() - 1)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row, 0))

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of the entry that belong to the list, before the window's own shortcuts have them."""
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if not isinstance(event, QKeyEvent):
            return bool(super().eventFilter(watched, event))
        key = Qt.Key(event.key())
        ours = (*KEYS, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if key not in ours:
            return bool(super().eventFilter(watched, event))
        if event.type() == QEvent.Type.KeyPress:
            if key in KEYS:
                self._move(KEYS[key])
            elif key == Qt.Key.Key_Escape:
                self.close_now()
            else:
                self._choose()
        event.accept()
        return True
