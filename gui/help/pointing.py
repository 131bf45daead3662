"""Point and ask: the next click on anything opens its page; Escape gives it up."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.contained import contained


class PointAndAsk(QObject):
    """Takes one click away from what it hits, and tells which widget that is."""

    def __init__(self, asked: Callable[[QWidget], None], parent: QObject) -> None:
        super().__init__(parent)
        self._asked = asked
        self.on = False
        self._swallows_release = False

    def begin(self) -> None:
        """The pointer becomes a question mark until the next click."""
        if not self.on:
            self.on = True
            QGuiApplication.setOverrideCursor(Qt.CursorShape.WhatsThisCursor)
            application = QApplication.instance()
            assert application is not None
            application.installEventFilter(self)

    def end(self) -> None:
        """The pointer points again."""
        if self.on:
            self.on = False
            QGuiApplication.restoreOverrideCursor()
            if not self._swallows_release:
                self._leave()

    def _leave(self) -> None:
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if not isinstance(watched, QWidget):
            return bool(super().eventFilter(watched, event))
        if self._swallows_release and isinstance(event, QMouseEvent):
            if kind == QEvent.Type.MouseButtonRelease:
                self._swallows_release = False
                self._leave()
            return True
        if isinstance(event, QMouseEvent) and kind == QEvent.Type.MouseButtonPress:
            # The widget must not see a release without the press that went before.
            self._swallows_release = True
            self.end()
            self._asked(watched)
            return True
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if kind == QEvent.Type.KeyPress:
                self.end()
            event.accept()
            return True
        return bool(super().eventFilter(watched, event))
