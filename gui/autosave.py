"""Nothing is lost when a window ends without being closed: its experiment and its pinned runs are kept in files.

A change is in that file a second after it was made, at the latest. The file is the mark of a session that is not
over: closing the window, where one is asked about what is not saved, removes it, and the next start then shows the
first experiment. A file that is still there belongs to a window that is open, which holds its lock, or to one that
is lost (a crash, `kill -9`, a power failure): the next start shows that experiment again. The pinned runs lie beside
it, curves and all. Each window has files of its own, so that two never write into one.
"""

import math
import os
import threading
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w
from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from engine.errors import InputError
from engine.experiment import Experiment, from_document
from engine.saving import write_whole
from gui.pins import Pin, pins_read, pins_written
from gui.preferences import own_folder
from gui.session import Session

WAIT_MILLISECONDS = 1000
REOPENED = "The last session ended without being closed. Here it is again, as it was changed last."
ANOTHER = " There is another one: File, Reopen a lost session."
KEPT = "A session ended without being closed; File, Reopen a lost session brings it back."


def sessions_folder() -> Path:
    """Where sessions are kept while they last: in the user's own data folder."""
    import platformdirs

    folder = own_folder() or platformdirs.user_data_path("Jensen", appauthor=False)
    return folder / "sessions"


class Place:
    """A session's files, with the lock that tells whose they are; it ends with the process that holds it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = folder / f"{name}.toml"
        self.pins_file = folder / f"{name}.pins"
        self._lock = QLockFile(str(folder / f"{name}.lock"))
        # The lock of a process that has ended is void, and no other ever is, however old.
        self._lock.setStaleLockTime(0)

    def claim(self) -> bool:
        """Takes the lock unless a living process has it; whether it is ours now."""
        return self._lock.isLocked() or self._lock.tryLock(0)

    def release(self) -> None:
        """Leaves the file to whoever comes next."""
        self._lock.unlock()

    def discard(self) -> None:
        """The session is over: nothing of it stays."""
        for file in (self.file, self.pins_file):
            with suppress(OSError):
                file.unlink(missing_ok=True)
        self._lock.unlock()


class Autosave(QObject):
    """Follows a session and keeps it, a change at most `wait` milliseconds later. `told(sentence)` is for the user."""

    told = Signal(str)

    def __init__(
        self,
        session: Session,
        folder: Path,
        parent: QObject | None = None,
        wait: int = WAIT_MILLISECONDS,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._folder = folder
        self._place = Place(folder, uuid.uuid4().hex)
        self._failed: list[Place] = []
        self._guard = threading.Lock()
        self._asked = self._written = 0
        self._pins_written: tuple[Pin, ...] = ()
        self._open = True
        self._has_complained = False
        # Not begun anew at each change: while somebody drags, what came a second ago is kept all the same.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(wait)
        self._timer.timeout.connect(self._save_aside)
        session.experiment_changed.connect(self._begin_to_wait)
        session.pins_changed.connect(self._begin_to_wait)

    def _begin_to_wait(self) -> None:
        if self._open and not self._timer.isActive():
            self._timer.start()

    # Keeping

    def _save_aside(self) -> None:
        """Writes in a thread: some thousand points drawn by hand would be felt in the window's own."""
        job = self._job()
        threading.Thread(target=job, name="autosave", daemon=True).start()

    def _job(self) -> Any:
        experiment, path, pins = self._session.experiment, self._session.path, self._session.pins
        self._asked += 1
        number = self._asked

        def save() -> None:
            if experiment is None:
                return
            try:
                text = _text(experiment, path)
                with self._guard:
                    # A later change may have overtaken this one, and a window that was closed keeps nothing.
                    if self._open and number > self._written:
                        self._folder.mkdir(parents=True, exist_ok=True)
                        if not self._place.claim():
                            raise InputError(f"{self._place.file} cannot be locked.")
                        if pins != self._pins_written:
                            write_whole(self._place.pins_file, pins_written(pins))
                            self._pins_written = pins
                        write_whole(self._place.file, text)
                        self._written = number
            except (InputError, OSError) as error:
                self._complain(error)

        return save

    def _complain(self, error: Exception) -> None:
        if not self._has_complained:
            self._has_complained = True
            with suppress(RuntimeError):  # the window is gone already
                self.told.emit(
                    f"Changes are not kept for the case of a crash, so save them yourself: {error}"
                )

    def close(self, keep: bool = False) -> None:
        """Ends the session: nothing is kept of it, unless it is to be opened at the next start."""
        if not self._open:
            return
        self._timer.stop()
        if keep:
            self._job()()
        with self._guard:
            self._open = False
            if keep:
                self._place.release()
            else:
                self._place.discard()
        for place in self._failed:
            place.release()

    # Reopening

    def has_lost(self) -> bool:
        """Whether there is a session that ended without being closed."""
        for place in self._lost():
            place.release()
            return True
        return False

    def mention_lost(self) -> None:
        """Tells that there is a lost session, where it is not opened."""
        if self.has_lost():
            self.told.emit(KEPT)

    def reopen_lost(self) -> bool:
        """Shows the newest session that ended without being closed, and keeps it as this window's own.

        False where there is none. Where its data cannot be had any more the session says so; its file stays.
        """
        for place in self._lost():
            try:
                experiment, path = _read(place.file)
            except InputError as error:
                self._lay_aside(place, error)
                continue
            self._failed.append(place)
            self._session.reopen(experiment, path, partial(self._adopt, place))
            return True
        return False

    def _lost(self) -> Iterator[Place]:
        """Places of lost sessions, the newest first, claimed for this window."""
        held = {self._place.file, *(each.file for each in self._failed)}
        for file in sorted(self._folder.glob("*.toml"), key=_age):
            place = Place(self._folder, file.stem)
            if file in held or not place.claim():
                continue
            if file.exists():
                yield place
            else:
                # Its window was closed just now.
                place.release()

    def _adopt(self, place: Place) -> None:
        lost = ""
        try:
            pins = _pins_of(place)
        except InputError as error:
            pins, lost = (), f" {error}"
        with self._guard:
            self._place.discard()
            self._place = place
            # What is just being written is of the experiment that was here before.
            self._written = self._asked
            self._pins_written = pins
        self._failed.remove(place)
        self._session.use_pins(pins)
        self.told.emit(REOPENED + lost + (ANOTHER if self.has_lost() else ""))

    def _lay_aside(self, place: Place, error: InputError) -> None:
        aside = place.file.with_suffix(".unreadable")
        with suppress(OSError):
            place.pins_file.unlink(missing_ok=True)
        with suppress(OSError):
            os.replace(place.file, aside)
        place.release()
        self.told.emit(f"The last session cannot be read; it lies in {aside}: {error}")


def _age(file: Path) -> float:
    """Orders files from the newest to the oldest, those that are gone behind them."""
    try:
        return -file.stat().st_mtime
    except OSError:
        return math.inf


def _text(experiment: Experiment, path: Path | None) -> str:
    """A session as TOML: the experiment in a table, and the file that it belongs to."""
    belongs = {} if path is None else {"file": str(path.absolute())}
    return tomli_w.dumps({**belongs, "experiment": experiment.to_document()})


def _read(file: Path) -> tuple[Experiment, Path | None]:
    """The experiment in a session's file and the file that it belongs to; raises InputError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file.name} is not readable: {error}.") from None
    table, name = document.get("experiment"), document.get("file")
    if not isinstance(table, dict):
        raise InputError(f"{file.name} holds no experiment.")
    return from_document(table), Path(name) if isinstance(name, str) else None


def _pins_of(place: Place) -> tuple[Pin, ...]:
    """The pinned runs of a session, none where it had none; raises InputError where they are unreadable."""
    try:
        content = place.pins_file.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"The pinned runs cannot be read: {error.strerror or error}.") from None
    return pins_read(content)
