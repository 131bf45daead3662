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


def open_window(path: Path | None = None) -> int:
    """Opens the window on an experiment or a CSV (None: the first shipped one); returns the exit code."""
    app = application()
    theme = system_theme()
    shell = Shell(theme)
    shell.resize(*_first_size())
    shell.show()
    app.processEvents()
    from gui.window import Window  # numpy and the engine: imported behind the first paint

    window = Window(shell, theme)
    window.open_path(FIRST_EXPERIMENT)
    if path is not None:
        window.open_path(path)
    _close_on_signals(window)
    gc.collect()
    gc.freeze()
    code = app.exec()
    window.close_now()
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
    """SIGTERM and Ctrl+C in the terminal close the window without a question."""

    def leave(number: int, frame: FrameType | None) -> None:
        window.close_now()
        QApplication.exit(128 + number if os.name == "posix" else 1)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    # Python looks at signals only between its own instructions, so it must get some while Qt waits.
    heartbeat = QTimer(window)
    heartbeat.setTimerType(Qt.TimerType.CoarseTimer)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(100)
