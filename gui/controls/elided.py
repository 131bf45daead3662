"""A sentence on a fixed number of lines; what does not fit is elided and read in the tooltip."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.controls.words import tooltip
from gui.style import Style, style


class ElidedText(QWidget):
    """Words in one colour, led by a word in bold and a colour of its own."""

    def __init__(self, lines: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = lines
        self._style = style("light")
        self._lead, self._role, self._words = "", "text", ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_words(self, lead: str, role: str, words: str) -> None:
        """Shows a bold word in the colour of a role, and the words that follow it."""
        if (lead, role, words) == (self._lead, self._role, self._words):
            return
        self._lead, self._role, self._words = lead, role, words
        self.setAccessibleDescription(self.text)
        self._show_tooltip()
        self.update()

    def use_lines(self, lines: int) -> None:
        """Takes so many lines from now on."""
        if lines != self._lines:
            self._lines = lines
            self._show_tooltip()
            self.updateGeometry()
            self.update()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        """Everything that is said."""
        return f"{self._lead}: {self._words}" if self._words else self._lead

    @property
    def is_elided(self) -> bool:
        """Whether the tooltip says more than there is room for."""
        return len(self._wrapped()) > self._lines

    def sizeHint(self) -> QSize:
        return QSize(160, self._line_height() * self._lines)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tooltip()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def _font(self, bold: bool = False) -> QFont:
        return self._style.font(small=True, bold=bold)

    def _line_height(self) -> int:
        return round(self._style.small_font_size * 1.32)

    def _show_tooltip(self) -> None:
        self.setToolTip(tooltip(self.text) if self.is_elided else "")

    def _lead_width(self) -> int:
        """How far the words are pushed in on the first line."""
        if not self._lead:
            return 0
        return QFontMetrics(self._font(bold=True)).horizontalAdvance(self._lead + "  ")

    def _wrapped(self) -> list[str]:
        """The words broken into lines of this width, as many as they need."""
        metrics = QFontMetrics(self._font())
        lines: list[str] = []
        line, room = "", self.width() - self._lead_width()
        for word in self._words.split():
            longer = f"{line} {word}" if line else word
            if metrics.horizontalAdvance(longer) <= room or (not line and lines):
                line = longer
                continue
            lines.append(line)
            line, room = word, self.width()
        return [*lines, line]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = self._line_height()
        lead = QRectF(0, 0, self.width(), height)
        painter.setFont(self._font(bold=True))
        painter.setPen(QColor(getattr(self._style, self._role)))
        painter.drawText(lead, Qt.AlignmentFlag.AlignVCenter, self._lead)
        painter.setFont(self._font())
        painter.setPen(self._style.colour("text"))
        metrics = painter.fontMetrics()
        wrapped = self._wrapped()
        lines = wrapped[: self._lines]
        if len(wrapped) > self._lines:
            lines[-1] = " ".join(wrapped[self._lines - 1 :])
        for index, words in enumerate(lines):
            left = self._lead_width() if index == 0 else 0
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, self.width() - left)
            area = QRectF(left, index * height, self.width() - left, height)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()
