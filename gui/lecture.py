"""Before an audience: only the chosen pictures, a subtitle, and a pointer that is seen from the last row."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy

if TYPE_CHECKING:
    from gui.window import Window

PICTURES = ("data", "likelihood", "simplex", "sum")
"""What the keys 1 to 4 show and hide."""

AT_FIRST = frozenset(("data", "likelihood", "simplex"))
POINTER_SIZE = 72


class Subtitle(QLabel):
    """The experiment's title and caption, or what was just said, in large type at the foot."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setAccessibleName("Subtitle")
        self.setProperty("role", "subtitle")
        self.hide()

    def show_words(self, title: str, caption: str) -> None:
        """A title in bold with its caption, either may be empty."""
        words = " &nbsp; ".join(
            part for part in (f"<b>{_escaped(title)}</b>" if title else "", _escaped(caption)) if part
        )
        if words != self.text():
            self.setText(words)


class Lecture(QObject):
    """Lecture mode of a window: on or off, and which pictures it shows."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self.on = False
        self.chosen = AT_FIRST

    def toggle(self) -> None:
        """Into lecture mode, or back to the desk as it was."""
        self._set(not self.on)

    def choose(self, picture: str) -> None:
        """Shows or hides one of the pictures; the last one stays. At the desk all of them are shown."""
        if not self.on:
            return
        changed = self.chosen ^ {picture}
        if changed:
            self.chosen = changed
            self._window.arrangement.show_only(self.chosen)
            self._window.menus.show_state()

    def escape(self) -> None:
        """Out of lecture mode, else out of full screen."""
        shell = self._window.shell
        if self.on:
            self._set(False)
        elif shell.isFullScreen():
            shell.setWindowState(shell.windowState() & ~Qt.WindowState.WindowFullScreen)

    def _set(self, on: bool) -> None:
        self.on = on
        window = self._window
        state = window.shell.windowState()
        window.show_controls(not on)
        window.arrangement.show_only(self.chosen if on else frozenset(PICTURES))
        window.use_style(window.theme)
        # Controls that come back may need more room than a small screen has, which would end full screen.
        window.shell.setWindowState(state)
        if on:
            window.shell.setCursor(large_pointer())
            window.desk.setFocus()
        else:
            window.shell.unsetCursor()


def large_pointer() -> QCursor:
    """An arrow in a bright disc, for the last row."""
    size = float(POINTER_SIZE)
    picture = QPixmap(POINTER_SIZE, POINTER_SIZE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor("#000000"), 1.5))
    painter.setBrush(QColor(255, 221, 51, 120))
    centre = QPointF(size / 2, size / 2)
    painter.drawEllipse(centre, size / 2 - 2, size / 2 - 2)
    arrow = [(0, 0), (0, 25), (6, 19), (10.5, 28), (14.5, 26), (10, 17.5), (18, 17.5)]
    painter.setPen(QPen(QColor("#ffffff"), 1.8))
    painter.setBrush(QColor("#000000"))
    painter.drawPolygon(QPolygonF([centre + QPointF(x, y) for x, y in arrow]))
    painter.end()
    return QCursor(picture, POINTER_SIZE // 2, POINTER_SIZE // 2)


def _escaped(text: str) -> str:
    """Words for rich text, in which no line breaks at a hyphen: a word joiner follows each."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("-", "-\u2060")
