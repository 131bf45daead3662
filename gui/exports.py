"""What leaves the window: pictures, traces, parameters, assignments, and the command that runs the same."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QGuiApplication

from engine.command_line import fit_line
from engine.comparison import Comparison, comparison_of
from engine.csv_reader import ReadingCancelled
from engine.errors import InputError
from engine.results import (
    row_numbers,
    write_assignments,
    write_imputed,
    write_json,
    write_parameters,
    write_traces,
)
from engine.saving import write_whole
from gui.background import Background
from gui.loading_bar import LoadingBar
from gui.picture import KINDS, Picture, write_picture
from gui.picture_dialog import PictureDialog
from gui.tables.number_table import NumberTable

if TYPE_CHECKING:
    from gui.window import Window

CSV = "CSV, for a spreadsheet (*.csv)"
JSON = "JSON, for a program (*.json)"
PICTURES = {"png": "PNG (*.png)", "svg": "SVG (*.svg)", "pdf": "PDF (*.pdf)"}

Writer = Callable[[Comparison, Path, Callable[[float], None]], None]


class Exports(QObject):
    """Asks for names and writes files, what takes long in the background, with a bar.

    Results are what is seen: each lane up to the cursor, so that they do not depend on how far the engines have
    computed ahead.
    """

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._writer = Background(self)
        self.bar = LoadingBar("Writing")
        self._writer.progressed.connect(self.bar.show_progress)
        self.bar.cancelled.connect(self._writer.cancel)
        self._picture = Picture()

    # Pictures

    def picture(self) -> None:
        """Asks what the picture is to show, and writes it."""
        self._window.session.pause()
        size = self._size_of(self._picture.view)
        first = replace(self._picture, width=size.width(), height=size.height())
        dialog = PictureDialog(first, self._size_of, self._window.shell)
        agreed = dialog.exec()
        dialog.deleteLater()
        if agreed:
            self._picture = picture = dialog.picture
            path = self._named("Export a picture", picture.view, PICTURES[picture.kind])
            if path is not None:
                ending = path.suffix.lower().lstrip(".")
                picture = replace(picture, kind=ending) if ending in KINDS else picture
                self._write_picture(picture, path)

    def _write_picture(self, picture: Picture, path: Path) -> None:
        try:
            write_picture(self._window, picture, path)
        except InputError as error:
            self._window.sentence.tell(str(error))
        else:
            self._say_written(path)

    def _size_of(self, view: str) -> QSize:
        window = self._window
        if view == "data":
            area = window.canvases[0].geometry()
            for canvas in window.canvases:
                area = area.united(canvas.geometry())
            return area.size()
        widgets = {
            "window": window.shell,
            "likelihood": window.likelihood,
            "simplex": window.simplex,
            "sum": window.weight_sum,
        }
        return widgets[view].size()

    # Results

    def traces(self) -> None:
        """Every lane's trace, as CSV, or as JSON with all the rest."""
        self._results("Export the traces", "trace", lambda found, path, told: write_traces(found, path), True)

    def parameters(self) -> None:
        """The parameters of the start and of every lane, as CSV, or as JSON with what else came out."""
        self._results(
            "Export the parameters",
            "parameters",
            lambda found, path, told: write_parameters(found, path),
            False,
        )

    def assignments(self) -> None:
        """Each row's component and responsibilities, under the best lane, as CSV."""

        def write(found: Comparison, path: Path, told: Callable[[float], None]) -> None:
            write_assignments(found, path, row_numbers(found.experiment.data), told)

        self._results("Export the assignments", "assignments", write, None)

    def missing_cells(self) -> None:
        """The rows with missing cells as they are expected under the best lane, as CSV."""
        self._results("Export the rows with missing cells filled in", "imputed", write_imputed, None)

    def _results(self, title: str, name: str, write_csv: Writer, trace_in_json: bool | None) -> None:
        """Asks for a name and writes what came out up to the cursor; without JSON where that is None."""
        session = self._window.session
        session.pause()
        seen = session.seen()
        if seen is None:
            self._window.sentence.tell("There is nothing to export yet.")
            return
        path = self._named(title, name, CSV if trace_in_json is None else f"{CSV};;{JSON}")
        if path is None:
            return

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> None:
            def told(fraction: float) -> None:
                if cancelled():
                    raise ReadingCancelled("Writing was cancelled.")
                progress(fraction)

            found = comparison_of(*seen)
            told(0.0)
            if path.suffix.lower() == ".json":
                write_json(found, path, bool(trace_in_json))
            else:
                write_csv(found, path, told)

        self._writer.start(
            work, lambda done: self._say_written(path), lambda error: self._window.sentence.tell(str(error))
        )

    def table(self, title: str, name: str, table: NumberTable) -> None:
        """Asks for a name and writes a table as it stands, as CSV."""
        path = self._named(title, name, CSV)
        if path is None:
            return
        try:
            write_whole(path, table.as_csv())
        except InputError as error:
            self._window.sentence.tell(str(error))
        else:
            self._say_written(path)

    def copy_command(self) -> None:
        """Puts the line that runs the same experiment without a window on the clipboard."""
        session = self._window.session
        if session.experiment is None:
            return
        try:
            line = fit_line(session.experiment, session.file, session.csv_file)
        except InputError as error:
            self._window.sentence.tell(str(error))
            return
        QGuiApplication.clipboard().setText(line)
        self._window.sentence.note(f"Copied: {line}")

    # Files

    def _named(self, title: str, name: str, kinds: str) -> Path | None:
        path = self._window.session.path
        stem = path.stem if path is not None else "experiment"
        return self._window.dialogs.named(title, f"{stem}-{name}", kinds)

    def _say_written(self, path: Path) -> None:
        self._window.sentence.note(f"Written: {path}")

    def close(self) -> None:
        """What is still being written is given up; what was in its file stays."""
        self._writer.cancel()
