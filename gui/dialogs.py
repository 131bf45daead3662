"""Questions and files: opening, saving, unsaved changes, incomplete rows."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from engine.datasets.file import File
from engine.errors import InputError

if TYPE_CHECKING:
    from gui.window import Window

OPENED = "Experiments and data (*.toml *.csv *.tsv *.txt);;All files (*)"


class Dialogs:
    """What asks the user; every answer goes to the session."""

    def __init__(self, window: "Window") -> None:
        self._window = window

    def open_file(self) -> None:
        """Asks for an experiment or a CSV and opens it."""
        chosen, _ = QFileDialog.getOpenFileName(self._window.shell, "Open an experiment or a CSV", "", OPENED)
        if chosen:
            self.open_dropped(Path(chosen))

    def open_dropped(self, path: Path) -> None:
        """Opens a file; an experiment replaces the present one, which may have unsaved changes."""
        if path.suffix.lower() == ".toml" and not self.may_leave():
            return
        self._window.open_path(path)

    def save(self) -> bool:
        """Saves where the experiment came from, or asks; whether it was saved."""
        path = self._window.session.path
        if path is None or _is_shipped(path):
            return self.save_as()
        return self._written(path)

    def save_as(self) -> bool:
        """Asks for a name and saves; whether it was saved."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._window.shell, "Save the experiment", "experiment.toml", "Experiments (*.toml)"
        )
        if not chosen:
            return False
        path = Path(chosen)
        return self._written(path if path.suffix else path.with_suffix(".toml"))

    def _written(self, path: Path) -> bool:
        try:
            self._window.session.save(path)
        except InputError as error:
            self._window.tell(str(error))
            return False
        return True

    def may_leave(self) -> bool:
        """Whether the present experiment may be given up: saved, or the user says so."""
        session = self._window.session
        if not session.has_unsaved_work:
            return True
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

    def offer_to_drop_rows(self, sentence: str, file: File) -> None:
        """The data have missing cells: the user may fit the complete rows instead."""
        box = QMessageBox(self._window.shell)
        box.setWindowTitle("Missing cells")
        box.setText(sentence)
        drop = box.addButton("Drop those rows", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is drop:
            self._window.session.open_data(file)

    def about(self) -> None:
        """Versions of the program and of what it stands on."""
        from gui.about import about_text

        QMessageBox.about(self._window.shell, "About Jensen", about_text())


def _is_shipped(path: Path) -> bool:
    return path.resolve().is_relative_to(Path(__file__).resolve().parent.parent / "assets")
