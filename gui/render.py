"""The same picture as the window's, without a display."""

import os
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt

from engine.errors import InputError
from engine.experiment import Experiment
from gui.app import application
from gui.picture import Picture, write_picture
from gui.shell import Shell
from gui.window import Window

SETTLING = 4
"""Rounds of events after which a layout that changed once more stands still."""


def render(
    experiment: Experiment,
    output: Path,
    at: int | None = None,
    size: tuple[int, int] = (1366, 768),
    theme: str = "light",
    lecture: bool = False,
    view: str = "window",
) -> None:
    """Writes a picture of the window, or of one view, at an iteration (None: the last one of the longest lane).

    A PNG, SVG or PDF, as `output` ends. Raises InputError where the experiment cannot run or the iteration does
    not exist.
    """
    app = application()
    shell = Shell(theme)
    shell.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    shell.resize(*size)
    window = Window(shell, theme)
    try:
        refused: list[str] = []
        window.session.failed.connect(refused.append)
        window.session.missing_cells.connect(lambda sentence, file: refused.append(sentence))
        if lecture:
            window.lecture.toggle()
        shell.show()
        window.session.open_experiment(experiment)
        while window.session.is_loading:
            app.processEvents()
            time.sleep(0.005)
        if refused:
            raise InputError(refused[0])
        window.session.finish_all()
        window.session.move_to_iteration(at)
        for _ in range(SETTLING):
            app.processEvents()
        kind = output.suffix.lower().lstrip(".")
        write_picture(window, Picture(view, kind, theme, *size, scale=1), output)
    finally:
        window.close_now()
