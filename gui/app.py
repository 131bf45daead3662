"""The application: one window, painted before anything heavy is imported."""

import gc
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.garbage import GarbageCollector
from gui.preferences import Preferences
from gui.shell import Shell

if TYPE_CHECKING:
    from gui.window import Window

FIRST_EXPERIMENT = Path(__file__).resolve().parent.parent / "assets/experiments/em-never-goes-down.toml"
MOST_USED_SIZE = (1366, 768)


def application() -> QApplication:
    """The process's QApplication, made at the first call."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    made = QApplication(sys.argv[:1])
    made.setApplicationName("Jensen")
    made.setApplicationDisplayName("Jensen")
    made.setOrganizationName("Jensen")
    made.setStyle("Fusion")
    return made


def open_window(path: Path | None = None, fresh: bool = False) -> int:
    """Opens the window on an experiment or a CSV; returns the exit code.

    Without a path it opens on the session that ended without being closed, else on the first shipped experiment;
    `fresh`: on that in any case, with all that the window remembers of itself forgotten.
    """
    app = application()
    preferences = Preferences()
    if fresh:
        preferences.forget()
    theme = preferences.theme or system_theme()
    shell = Shell(theme)
    if not preferences.restore_size_of(shell):
        shell.resize(*_first_size())
    shell.show()
    app.processEvents()
    # From here on: what the imports make stays, and to look through it again and again would take a tenth of the start.
    collector = GarbageCollector(shell)
    from gui.autosave import Autosave, sessions_folder
    from gui.window import Window  # numpy and the engine: imported behind the first paint

    window = Window(shell, theme, preferences)
    autosave = Autosave(window.session, sessions_folder(), window)
    window.keep_safe(autosave)
    window.open_first(FIRST_EXPERIMENT)
    if path is not None:
        window.open_path(path)
    if path is not None or fresh:
        autosave.mention_lost()
    else:
        autosave.reopen_lost()
    _close_on_signals(window)
    gc.freeze()
    code = app.exec()
    preferences.keep_size_of(shell)
    autosave.close()
    window.close_now()
    collector.close()
    return code


def system_theme() -> str:
    """'dark' where the system prefers it, else 'light'."""
    hints = QGuiApplication.styleHints()
    return "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"


def _first_size() -> tuple[int, int]:
    screen = QGuiApplication.primaryScreen()
    if screen is None:
        return MOST_USED_SIZE
    room = screen.availableSize()
    wanted = (max(MOST_USED_SIZE[0], room.width() * 9 // 10), max(MOST_USED_SIZE[1], room.height() * 9 // 10))
    return min(wanted[0], room.width()), min(wanted[1], room.height())


def _close_on_signals(window: "Window") -> None:
    """SIGTERM and Ctrl+C in the terminal close the window without a question; what is not saved comes again."""

    codes: list[int] = []

    def leave(number: int, frame: FrameType | None) -> None:
        codes.append(128 + number if os.name == "posix" else 1)
        if window.autosave is not None:
            window.autosave.close(keep=window.session.has_unsaved_work or bool(window.session.pins))
        window.close_now()
        QApplication.exit(codes[0])

    def beat() -> None:
        # The signal may have come before there was an event loop to leave.
        if codes:
            QApplication.exit(codes[0])

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    # Python looks at signals only between its own instructions, so it must get some while Qt waits.
    heartbeat = QTimer(window)
    heartbeat.setTimerType(Qt.TimerType.CoarseTimer)
    heartbeat.timeout.connect(beat)
    heartbeat.start(100)
