"""A panel that folds away under its header."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.controls.icons import icon, paint_chevron
from gui.controls.inputs import ENTER_KEYS, Button
from gui.style import Style, style


class Header(QAbstractButton):
    """The line that opens and closes a section: an arrow, the title, and what is inside while it is closed."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.summary = ""
        self._style = style("light")
        self._under_mouse = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(22 if not self.text() else 120, round(self._style.small_font_size * 1.35) + 9)

    def minimumSizeHint(self) -> QSize:
        return QSize(22 if not self.text() else 60, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
            return
        super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._under_mouse = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._under_mouse = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        chosen = self._style
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self._under_mouse:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(chosen.colour("accent", 0.10))
            painter.drawRoundedRect(area, 4, 4)
        size = 3.2 * chosen.small_font_size / 11
        paint_chevron(
            painter, QPointF(10.0, area.center().y()), chosen.colour("muted"), self.isChecked(), size
        )
        if self.text():
            self._paint_words(painter, area)
        if self.hasFocus():
            painter.setPen(chosen.pen("accent", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        chosen = self._style
        painter.setFont(chosen.font(small=True, bold=True, scale=1.08))
        painter.setPen(chosen.colour("text"))
        left = area.adjusted(22, 0, -6, 0)
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, self.text())
        taken = painter.fontMetrics().horizontalAdvance(self.text())
        if self.isChecked() or not self.summary:
            return
        painter.setFont(chosen.font(small=True))
        painter.setPen(chosen.colour("muted"))
        right = left.adjusted(taken + 10, 0, 0, 0)
        words = painter.fontMetrics().elidedText(
            self.summary, Qt.TextElideMode.ElideRight, max(0, int(right.width()))
        )
        painter.drawText(right, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)


class Section(QWidget):
    """A header and a body that it shows and hides."""

    toggled = Signal(bool)
    defaults_wanted = Signal()

    def __init__(
        self, title: str, opened: bool = True, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.header = Header(title)
        self.header.setAccessibleName(name or title)
        self.header.setChecked(opened)
        self.header.toggled.connect(self._show_body)
        self.body = QWidget()
        self.contents = QVBoxLayout(self.body)
        self.contents.setContentsMargins(8, 2, 8, 8)
        self.contents.setSpacing(5)
        self._top = QHBoxLayout()
        self._top.setSpacing(4)
        self._top.setContentsMargins(0, 0, 0, 0)
        self._top.addWidget(self.header, 1 if title else 0)
        self.defaults = Button()
        self.defaults.setProperty("role", "flat")
        self.defaults.setAccessibleName(f"Restore the defaults of {name or title}")
        self.defaults.setToolTip("Restore the defaults of this panel; undo takes it back")
        self.defaults.clicked.connect(lambda checked=False: self.defaults_wanted.emit())
        self.defaults.hide()
        self._top.addWidget(self.defaults)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(self._top)
        column.addWidget(self.body)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._show_body(opened)

    @property
    def is_open(self) -> bool:
        return self.header.isChecked()

    def open(self, opened: bool = True) -> None:
        """Opens or closes the section."""
        self.header.setChecked(opened)

    def add_to_header(self, widget: QWidget, stretch: int = 0) -> None:
        """One more widget in the header's line."""
        self._top.addWidget(widget, stretch)

    def offer_defaults(self, offered: bool) -> None:
        """Whether something here differs from its default, so that there is a button to restore it."""
        self.defaults.setVisible(offered)

    def set_summary(self, words: str) -> None:
        """What is inside, in a few words that are read while the section is closed."""
        self.header.summary = words
        self.header.setAccessibleDescription(words)
        self.header.update()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self.header.use_style(chosen)
        self.defaults.setIcon(icon("defaults", chosen, "muted"))

    def _show_body(self, opened: bool) -> None:
        self.body.setVisible(opened)
        self.header.setToolTip("Close" if opened else "Open")
        self.toggled.emit(opened)
