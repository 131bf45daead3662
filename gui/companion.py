"""A window that stays beside the program and takes nothing from it: Escape closes it, the transport keeps its keys."""

from typing import ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QWidget

from gui.contained import contained

GIVES_KEYS = "gives the transport its keys"
"""The property of a window in which Space and the other keys of the transport work as in the main one."""
MARGIN = 12


class Companion(QDialog):
    """A tool window that belongs to the main one, whose keys work in it, text fields excepted."""

    own_keys: ClassVar[tuple[Qt.Key, ...]] = (Qt.Key.Key_Escape,)
    """Keys that mean something here though they are shortcuts of the main window as well."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setProperty(GIVES_KEYS, True)

    @contained
    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in self.own_keys
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def show_beside(self) -> None:
        """Shows the window, at the right of the main one when it is shown for the first time."""
        owner = self.parentWidget()
        if not self.isVisible() and owner is not None and not self.testAttribute(Qt.WidgetAttribute.WA_Moved):
            room = owner.screen().availableGeometry()
            left = min(owner.frameGeometry().right() - self.width() - MARGIN, room.right() - self.width())
            self.move(max(room.left(), left), max(room.top(), owner.geometry().top() + 4 * MARGIN))
        self.show()
        self.raise_()
        self.activateWindow()
