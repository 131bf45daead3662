"""Questions and files: opening, saving, unsaved changes, incomplete rows."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from engine.datasets.file import File
from engine.errors import InputError
from gui.controls.words import for_the_window

if TYPE_CHECKING:
    from gui.window import Window

OPENED = "Experiments and data (*.toml *.csv *.tsv *.txt);;All files (*)"


class Dialogs:
    """What asks the user; every answer goes to the session."""

    def __init__(self, window: "Window") -> None:
        self._window = window

    def open_file(self) -> None:
        """Asks for an experiment or a CSV and opens it."""
        preferences = self._window.preferences
        chosen, _ = QFileDialog.getOpenFileName(
            self._window.shell, "Open an experiment or a CSV", preferences.folder, OPENED
        )
        if chosen:
            preferences.use_folder_of(Path(chosen))
            self.open_dropped(Path(chosen))

    def open_dropped(self, path: Path) -> None:
        """Opens a file; an experiment replaces the present one, which may have unsaved changes."""
        if path.suffix.lower() == ".toml" and not self.may_leave():
            return
        self._window.open_path(path)

    def save(self) -> bool:
        """Saves where the experiment came from, or asks; whether it was saved."""
        path = self._window.session.path
        if path is None or is_shipped(path):
            return self.save_as()
        return self._written(path)

    def save_as(self) -> bool:
        """Asks for a name and saves; whether it was saved."""
        path = self._window.session.path
        name = "experiment.toml" if path is None else path.name
        chosen = self.named("Save the experiment", name, "Experiments (*.toml)")
        return chosen is not None and self._written(chosen)

    def named(self, title: str, name: str, kinds: str) -> Path | None:
        """Asks for the name of a file to be written, which ends as its kind does unless one says otherwise.

        `kinds` are Qt's, such as 'CSV (*.csv);;JSON (*.json)'. None where that was given up.
        """
        dialog = QFileDialog(self._window.shell, title, self._window.preferences.folder, kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(_ending(kinds))
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_ending(kind)))
        dialog.selectFile(name)
        agreed, chosen = dialog.exec(), dialog.selectedFiles()
        # It is the window's child, which would keep it, with all that it knows of the disk.
        dialog.deleteLater()
        if not agreed:
            return None
        path = Path(chosen[0])
        self._window.preferences.use_folder_of(path)
        return path

    def _written(self, path: Path) -> bool:
        try:
            self._window.session.save(path)
        except InputError as error:
            self._window.sentence.tell(str(error))
            return False
        return True

    def may_leave(self) -> bool:
        """Whether the present experiment may be given up: saved, or the user says so."""
        session = self._window.session
        if not session.has_unsaved_work:
            return self._may_leave_behind()
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window.shell,
            "Unsaved changes",
            "The experiment has changes that are not saved.",
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            return self.save()
        return bool(answer == buttons.Discard)

    def _may_leave_behind(self) -> bool:
        """Whether what undo alone would bring back may go: work on a file of one's own, before another was opened."""
        left = [
            moment.experiment.title or (moment.path.name if moment.path is not None else "an experiment")
            for moment in self._window.session.left_behind()
            if moment.path is None or not is_shipped(moment.path) or isinstance(moment.experiment.data, File)
        ]
        if not left:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window.shell,
            "Unsaved changes",
            f"“{left[0]}” was changed and not saved before another experiment was opened. Undo brings it back.",
            buttons.Discard | buttons.Cancel,
            buttons.Cancel,
        )
        return bool(answer == buttons.Discard)

    def offer_to_drop_rows(self, sentence: str, drop_rows: Callable[[], None]) -> None:
        """The data have missing cells: the user may fit the complete rows instead, as `drop_rows` does."""
        box = QMessageBox(self._window.shell)
        box.setWindowTitle("Missing cells")
        box.setText(for_the_window(sentence))
        drop = box.addButton("Drop those rows", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        wanted = box.clickedButton() is drop
        box.deleteLater()
        if wanted:
            drop_rows()

    def about(self) -> None:
        """Versions of the program and of what it stands on."""
        from gui.about import about_text

        QMessageBox.about(self._window.shell, "About Jensen", about_text())


def _ending(kinds: str) -> str:
    """'csv' of 'CSV (*.csv)', the first of several."""
    return kinds.split("(*.")[1].split(")")[0]


def is_shipped(path: Path) -> bool:
    """Whether a file came with the program, and is not to be written over."""
    return path.resolve().is_relative_to(Path(__file__).resolve().parent.parent / "assets")
