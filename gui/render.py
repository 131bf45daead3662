"""The same picture as the window's, without a display."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QByteArray, QPoint, QRectF, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter

from engine.errors import InputError
from engine.experiment import Experiment
from gui.app import application
from gui.shell import Shell
from gui.views.base import View
from gui.window import Window

SETTLING = 4
"""Rounds of events after which a layout that changed once more stands still."""

VIEWS = ("window", "data", "likelihood", "simplex")


def render(
    experiment: Experiment,
    output: Path,
    at: int | None = None,
    size: tuple[int, int] = (1366, 768),
    theme: str = "light",
    lecture: bool = False,
    view: str = "window",
) -> None:
    """Writes a PNG of the window, or of one view, at an iteration (None: the last one of the longest lane).

    Raises InputError where the experiment cannot run or the iteration does not exist.
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
        image = _picture(window, size, view)
        if not QImageWriter(str(output), QByteArray(b"png")).write(image):
            raise InputError(f"{output} cannot be written; choose another folder or name.")
    finally:
        window.close_now()


def _picture(window: Window, size: tuple[int, int], view: str) -> QImage:
    image = QImage(*size, QImage.Format.Format_RGB32)
    if view == "window":
        painter = QPainter(image)
        window.shell.render(painter, QPoint(0, 0))
        painter.end()
        return image
    shown: dict[str, Sequence[View]] = {
        "data": window.canvases,
        "likelihood": [window.likelihood],
        "simplex": [window.simplex],
    }
    chosen = shown[view]
    image.fill(window.style_now.colour("window"))
    painter = QPainter(image)
    across = len(chosen) if len(chosen) <= 3 else -(-len(chosen) // 2)
    down = -(-len(chosen) // across)
    width, height = size[0] / across, size[1] / down
    for index, each in enumerate(chosen):
        row, column = divmod(index, across)
        each.paint(painter, QRectF(column * width, row * height, width, height))
    painter.end()
    return image
