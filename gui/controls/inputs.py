"""Qt's own inputs, made safe: the wheel only turns what has the focus, and Enter presses what Space would.

Space and the arrows belong to the transport, whichever widget was last touched, so Enter, Tab and the up
and down keys must be enough to work every control.
"""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPolygonF,
    QStandardItem,
    QStandardItemModel,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QWidget,
)

from gui.contained import contained
from gui.controls.icons import paint_chevron, round_pen

HINT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
PLAIN_KEYS = Qt.KeyboardModifier.NoModifier


class ChoiceBox(QComboBox):
    """A combo box whose items may be greyed out, each with its reason."""

    picked = Signal(object)
    """The data of the item that the user chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(24)
        self.activated.connect(lambda index: self.picked.emit(self.itemData(index)))

    def add_choice(self, text: str, value: object, hint: str = "") -> None:
        """One more item: what is read, what it stands for, and its tooltip."""
        self.addItem(text, value)
        item = self._item(self.count() - 1)
        item.setData(hint, HINT_ROLE)
        item.setToolTip(hint)

    def show_choice(self, value: object) -> None:
        """Selects an item without telling anyone; nothing is selected for an unknown value."""
        index = self.findData(value)
        if index != self.currentIndex():
            self.setCurrentIndex(index)

    def refuse_choices(self, reasons: dict[object, str]) -> None:
        """Greys out the items that have a reason; the others are free again."""
        for index in range(self.count()):
            item = self._item(index)
            reason = reasons.get(self.itemData(index))
            item.setEnabled(reason is None)
            item.setToolTip(reason if reason is not None else item.data(HINT_ROLE))

    def reason_against(self, value: object) -> str | None:
        """Why a choice is greyed out; None where it is free."""
        index = self.findData(value)
        if index < 0 or self._item(index).isEnabled():
            return None
        return self._item(index).toolTip()

    def _item(self, index: int) -> QStandardItem:
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        return model.item(index)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self.fontMetrics().averageCharWidth() * 8), hint.height())

    def showPopup(self) -> None:
        # The list may be wider than the box: a choice must be readable before it is made.
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + 30, 360))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS and event.modifiers() == PLAIN_KEYS:
            self.showPopup()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_chevron(painter, QPointF(self.width() - 9, self.height() / 2), _ink(self), down=True)
        painter.end()


HANDLE = 12.0
"""Width of a slider's handle in pixels, see `gui.stylesheet`."""


class Slider(QSlider):
    """A horizontal slider that jumps to where it is clicked and can be dragged from there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._marked: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(90, max(16, self.fontMetrics().height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(36, max(16, self.fontMetrics().height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self.setSliderPosition(self._position_at(event.position().x()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderPosition(self._position_at(event.position().x()))
            event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)
            event.accept()

    def mark(self, position: int | None) -> None:
        """Marks a position with a tick above the groove; None takes it away."""
        if position != self._marked:
            self._marked = position
            self.update()

    @property
    def marked(self) -> int | None:
        """The position with the tick, None where there is none."""
        return self._marked

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._marked is None:
            return
        span = max(1, self.maximum() - self.minimum())
        x = HANDLE / 2 + (self._marked - self.minimum()) / span * (self.width() - HANDLE)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_ink(self))
        half = 3.5
        painter.drawPolygon([QPointF(x - half, 0), QPointF(x + half, 0), QPointF(x, 1.6 * half)])
        painter.drawRect(QRectF(x - 0.5, 0, 1.0, self.height()))
        painter.end()

    def _position_at(self, x: float) -> int:
        share = (x - HANDLE / 2) / max(1.0, self.width() - HANDLE)
        return round(self.minimum() + min(max(share, 0.0), 1.0) * (self.maximum() - self.minimum()))


class Entry(QLineEdit):
    """A line of text that is done at Enter or when the focus leaves; Escape takes back what was typed."""

    committed = Signal(str)
    stepped = Signal(int)
    """The up and down keys: 1 and -1, ten times that with the page keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self._last = ""
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        """Shows a text, from its beginning, without telling anyone."""
        self._shown = self._last = text
        if self.text() != text:
            self.setText(text)
            self.setCursorPosition(0)
        self.setModified(False)

    @property
    def being_typed(self) -> bool:
        """Whether there is text that has not been committed."""
        return self.text() != self._last

    def _finish(self) -> None:
        # Qt tells twice where Enter is followed by a loss of the focus.
        if self.being_typed:
            self._last = self.text()
            self.committed.emit(self.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # A file is dropped on the window, wherever it falls, and is not its name to be typed.
        if event.mimeData().hasUrls():
            event.ignore()
            return
        super().dragEnterEvent(event)

    @contained
    def event(self, event: QEvent) -> bool:
        taken_back = (
            isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self.text() != self._shown
        )
        if taken_back and event.type() == QEvent.Type.ShortcutOverride:
            # Escape is a shortcut of the window as well; what is being typed goes first.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: 10,
            Qt.Key.Key_PageDown: -10,
        }
        if event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self._last = self._shown
            self.setText(self._shown)
            self.textEdited.emit(self._shown)
        else:
            super().keyPressEvent(event)


class CheckBox(QCheckBox):
    """A check box with a tick of its own, which Enter sets too."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        unit = box.width() / 14.0
        painter.setPen(round_pen(self.palette().color(QPalette.ColorRole.HighlightedText), 2.0 * unit))
        corner = QPointF(box.topLeft())
        painter.drawPolyline(
            QPolygonF([corner + QPointF(x, y) * unit for x, y in ((3.4, 7.2), (6.0, 9.8), (10.6, 4.4))])
        )
        painter.end()


class Button(QToolButton):
    """A button for an icon, a few words or both, which Enter presses too."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
            return
        super().keyPressEvent(event)


class Link(QPushButton):
    """A line of words that can be pressed, at the left of its place."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", "link")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
            return
        super().keyPressEvent(event)


def _ink(widget: QWidget) -> QColor:
    group = QPalette.ColorGroup.Normal if widget.isEnabled() else QPalette.ColorGroup.Disabled
    return widget.palette().color(group, QPalette.ColorRole.ButtonText)
