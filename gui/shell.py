"""The bare main window: it can be painted before anything else of the program is imported."""

from collections.abc import Callable

from PySide6.QtGui import QCloseEvent, QPalette
from PySide6.QtWidgets import QMainWindow, QWidget

from gui.style import style


class Shell(QMainWindow):
    """A window with a background; `gui.window` furnishes it. `may_close` is asked before it closes."""

    def __init__(self, theme: str = "light", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.may_close: Callable[[], bool] = lambda: True
        self.setWindowTitle("Jensen")
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, style(theme).colour("window"))
        self.setPalette(palette)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.may_close():
            event.accept()
        else:
            event.ignore()
