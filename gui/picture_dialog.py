"""What a picture is to show, how large and of which kind, asked before it is written."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from engine.errors import InputError
from gui.controls.form import SettingsForm
from gui.edits import changed
from gui.picture import DOTS_PER_INCH, Picture

CENTIMETRES_PER_INCH = 2.54
LETTERS_WIDE = 42


class PictureDialog(QDialog):
    """A form of `Picture`; `picture` is what was asked for once it is accepted.

    `size_of(view)` is how large a view stands in the window: the size at first, and always that of the whole
    window in its proportions.
    """

    def __init__(
        self, picture: Picture, size_of: Callable[[str], QSize], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export a picture")
        self._size_of = size_of
        self.picture = picture
        self.form = SettingsForm(Picture)
        self.form.changed.connect(self._change)
        self.outcome = QLabel()
        self.outcome.setProperty("role", "note")
        self.outcome.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export = self.buttons.addButton("Export…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.export.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        column.addWidget(self.form)
        column.addWidget(self.outcome)
        column.addWidget(self.buttons)
        self.setMinimumWidth(LETTERS_WIDE * self.fontMetrics().averageCharWidth())
        self._show()

    def _change(self, setting: str, value: Any, final: bool) -> None:
        picture: Picture = changed(self.picture, setting, value, "The picture")
        if setting == "view":
            size = self._size_of(picture.view)
            picture = replace(picture, width=size.width(), height=size.height())
        if picture.view == "window":
            size = self._size_of("window")
            picture = replace(picture, height=round(picture.width * size.height() / size.width()))
        self.picture = picture
        self._show()

    def _show(self) -> None:
        picture = self.picture
        hidden = [
            *(["height"] if picture.view == "window" else []),
            *(["scale"] if picture.kind != "png" else []),
        ]
        self.form.show_values(picture, {}, hidden=hidden)
        try:
            picture.check()
            problem = ""
        except InputError as error:
            problem = str(error)
        self.outcome.setText(problem or _words(picture))
        self.export.setEnabled(not problem)


def _words(picture: Picture) -> str:
    """How large the picture will be."""
    if picture.kind == "png":
        width, height = picture.pixels
        return f"{width} × {height} pixels"
    across, down = (side / DOTS_PER_INCH * CENTIMETRES_PER_INCH for side in picture.size)
    return f"{across:.1f} × {down:.1f} cm on paper, sharp at any size"
