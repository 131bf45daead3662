"""The File menu: opening, what was opened last, saving, and what can be exported."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from gui.window import Window

Add = Callable[[QMenu, str, Callable[[], object], QKeySequence | None], QAction]
"""Adds an action to a menu and to the window: menu, text, what it does, its key."""


class FileMenu(QObject):
    """Fills the menu and keeps true what depends on files."""

    def __init__(self, window: "Window", menu: QMenu, add: Add) -> None:
        super().__init__(window)
        self._window = window
        dialogs, exports = window.dialogs, window.exports
        add(menu, "&Open…", dialogs.open_file, QKeySequence(QKeySequence.StandardKey.Open))
        self.recent = menu.addMenu("Open &recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        self.reopen = add(menu, "Reopen a &lost session", self._reopen, QKeySequence("Ctrl+Shift+O"))
        menu.addSeparator()
        add(menu, "&Save", dialogs.save, QKeySequence(QKeySequence.StandardKey.Save))
        add(menu, "Save &as…", dialogs.save_as, QKeySequence("Ctrl+Shift+S"))
        menu.addSeparator()
        export = menu.addMenu("&Export")
        add(export, "&Picture…", exports.picture, QKeySequence("Ctrl+E"))
        add(export, "&Traces…", exports.traces, QKeySequence("Ctrl+Alt+T"))
        add(export, "P&arameters…", exports.parameters, QKeySequence("Ctrl+Alt+P"))
        add(export, "A&ssignments…", exports.assignments, QKeySequence("Ctrl+Alt+A"))
        add(export, "&Missing cells as expected…", exports.missing_cells, QKeySequence("Ctrl+Alt+M"))
        menu.addSeparator()
        add(menu, "&Quit", window.shell.close, QKeySequence("Ctrl+Q"))
        menu.aboutToShow.connect(self._show_lost)

    def _fill_recent(self) -> None:
        """Looked up each time: files go, and other windows open some."""
        self.recent.clear()
        files = self._window.preferences.recent
        for number, path in enumerate(files, start=1):
            mark = f"&{number}" if number < 10 else "1&0"
            name = f"{path.name}   {path.parent}".replace("&", "&&")
            action = self.recent.addAction(f"{mark}  {name}")
            action.triggered.connect(partial(self._window.dialogs.open_dropped, path))
        if not files:
            self.recent.addAction("No file was opened yet").setEnabled(False)
            return
        self.recent.addSeparator()
        self.recent.addAction("Forget these").triggered.connect(self._window.preferences.forget_recent)

    def _show_lost(self) -> None:
        autosave = self._window.autosave
        self.reopen.setEnabled(autosave is not None and autosave.has_lost())

    def _reopen(self) -> None:
        """Shows a session again that ended without being closed."""
        autosave, window = self._window.autosave, self._window
        if autosave is None or not autosave.has_lost():
            window.sentence.note("There is no session that ended without being closed.")
        elif window.dialogs.may_leave():
            autosave.reopen_lost()
