"""What the window itself remembers from one day to the next, kept where the system keeps such things.

Its size and place, its theme, the folder that was used last and the files that were opened last, and the speed of
play that was chosen last: the program begins with it. Any other experiment plays at the speed that its author has set.
The lecture mode is not among them: it is for the occasion.
"""

import math
import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QMainWindow

OWN_FOLDER = "JENSEN_FOLDER"
"""The environment variable that names a folder for all that is remembered, in place of the system's."""
MOST_RECENT = 10
THEMES = ("light", "dark")


def own_folder() -> Path | None:
    """The folder that the environment names for all that is remembered; None where it is the system's."""
    name = os.environ.get(OWN_FOLDER)
    return Path(name) if name else None


class Preferences:
    """Reads and writes at once; what is there but makes no sense counts as not there."""

    def __init__(self) -> None:
        folder = own_folder()
        if folder is None:
            self._kept = QSettings(
                QSettings.Format.NativeFormat, QSettings.Scope.UserScope, "Jensen", "Jensen"
            )
        else:
            self._kept = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    def forget(self) -> None:
        """As on the first day."""
        self._kept.clear()
        self._kept.sync()

    @property
    def theme(self) -> str | None:
        """The theme that was chosen; None where the system's is followed."""
        found = self._kept.value("theme")
        return found if found in THEMES else None

    @theme.setter
    def theme(self, chosen: str) -> None:
        self._kept.setValue("theme", chosen)

    @property
    def speed(self) -> float | None:
        """Iterations a second, 0 for flat out, as they were chosen last; None where nobody has chosen."""
        found = self._kept.value("speed")
        try:
            speed = float(found) if isinstance(found, (str, float, int)) else math.nan
        except ValueError:
            return None
        return speed if math.isfinite(speed) else None

    @speed.setter
    def speed(self, chosen: float) -> None:
        self._kept.setValue("speed", chosen)

    @property
    def folder(self) -> str:
        """The folder that was used last; '' where there is none any more."""
        found = self._kept.value("folder")
        return found if isinstance(found, str) and Path(found).is_dir() else ""

    def use_folder_of(self, path: Path) -> None:
        """Remembers the folder of a file that was chosen."""
        self._kept.setValue("folder", str(path.absolute().parent))

    @property
    def recent(self) -> list[Path]:
        """Files that were opened or saved, the last one first, without those that are gone."""
        # Another window may have opened something since.
        self._kept.sync()
        found = self._kept.value("recent")
        # A list of one text comes back as the text.
        names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return [Path(name) for name in names if isinstance(name, str) and name and os.path.isfile(name)]

    def remember(self, path: Path) -> None:
        """Puts a file in front of those that were opened last."""
        path = path.absolute()
        others = [each for each in self.recent if each != path]
        self._kept.setValue("recent", [str(each) for each in (path, *others)][:MOST_RECENT])

    def forget_recent(self) -> None:
        """No file was opened last."""
        self._kept.remove("recent")

    def restore_size_of(self, window: QMainWindow) -> bool:
        """Gives a window its last size and place, but not the full screen; whether they were known."""
        found = self._kept.value("size")
        known = isinstance(found, QByteArray) and window.restoreGeometry(found)
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)
        return known

    def keep_size_of(self, window: QMainWindow) -> None:
        """Remembers a window's size and place."""
        self._kept.setValue("size", window.saveGeometry())
        self._kept.sync()
