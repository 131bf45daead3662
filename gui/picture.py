"""Pictures of the window or of its views: a raster (PNG), a drawing (SVG) or paper (PDF), the same on each."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QIODevice, QMarginsF, QPoint, QRect, QRectF, QSaveFile, QSize, QSizeF
from PySide6.QtGui import QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from engine.errors import InputError
from gui.views.base import View

if TYPE_CHECKING:
    from gui.window import Window

DOTS_PER_INCH = 96
INCHES_PER_METRE = 1 / 0.0254
POINTS_PER_INCH = 72
LARGEST_SIDE = 16384
MOST_PIXELS = 100_000_000
VIEWS = ("window", "data", "likelihood", "simplex", "sum")
KINDS = ("png", "svg", "pdf")


@dataclass(frozen=True)
class Picture:
    """What is drawn (one of `VIEWS`), in which size and which theme.

    `size` is in the window's own pixels, of which an inch has 96; a PNG has `scale` times as many, so that the
    same picture is finer. Without a `theme` it is the window's own.
    """

    view: str
    size: tuple[int, int]
    scale: float = 1.0
    theme: str | None = None

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of a PNG."""
        return math.ceil(self.size[0] * self.scale), math.ceil(self.size[1] * self.scale)


def write_picture(window: "Window", picture: Picture, path: Path) -> None:
    """Writes a picture as the file's name ends; what was in the file stays if that fails. Raises InputError."""
    writers = {"png": _write_png, "svg": _write_svg, "pdf": _write_pdf}
    write = writers.get(path.suffix.lower().lstrip("."))
    if write is None:
        raise InputError(f"{path.name} is no picture; give a name that ends in .png, .svg or .pdf.")
    file = QSaveFile(str(path))
    themes = (window.theme, picture.theme or window.theme)
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        raise InputError(f"{path} cannot be written: {file.errorString()}.")
    try:
        if themes[0] != themes[1]:
            window.use_style(themes[1])
        written = write(file, picture, lambda painter: draw(window, painter, picture.view, picture.size))
    finally:
        if themes[0] != themes[1]:
            window.use_style(themes[0])
    if not written or not file.commit():
        raise InputError(f"{path} cannot be written: {file.errorString()}.")


def draw(window: "Window", painter: QPainter, view: str, size: tuple[int, int]) -> None:
    """Draws the window, or one of its views, into a size: the window as it stands, the views as they fit."""
    area = QRectF(0, 0, *size)
    painter.fillRect(area, window.style_now.colour("window"))
    if view == "window":
        _draw_window(window, painter, area)
        return
    shown: dict[str, Sequence[View]] = {
        "data": window.canvases,
        "likelihood": [window.likelihood],
        "simplex": [window.simplex],
        "sum": [window.weight_sum],
    }
    chosen = shown[view]
    across = len(chosen) if len(chosen) <= 3 else -(-len(chosen) // 2)
    down = -(-len(chosen) // across)
    width, height = area.width() / across, area.height() / down
    for index, each in enumerate(chosen):
        row, column = divmod(index, across)
        each.paint(painter, QRectF(column * width, row * height, width, height))


def _draw_window(window: "Window", painter: QPainter, area: QRectF) -> None:
    shell = window.shell
    scale = min(area.width() / shell.width(), area.height() / shell.height())
    painter.save()
    painter.translate(
        (area.width() - scale * shell.width()) / 2, (area.height() - scale * shell.height()) / 2
    )
    painter.scale(scale, scale)
    shell.render(painter, QPoint(0, 0))
    painter.restore()


Drawing = Callable[[QPainter], None]


def _write_png(file: QSaveFile, picture: Picture, content: Drawing) -> bool:
    width, height = picture.pixels
    if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
        raise InputError(
            f"A picture of {width} x {height} pixels is too large; up to {LARGEST_SIDE} on a side and "
            f"{MOST_PIXELS // 1_000_000} million in all are possible."
        )
    image = QImage(width, height, QImage.Format.Format_RGB32)
    dots = round(DOTS_PER_INCH * picture.scale * INCHES_PER_METRE)
    painter = QPainter(image)
    painter.scale(picture.scale, picture.scale)
    content(painter)
    painter.end()
    # Not before it is drawn: fonts of a size in points would grow with it.
    image.setDotsPerMeterX(dots)
    image.setDotsPerMeterY(dots)
    return QImageWriter(file, QByteArray(b"png")).write(image)


def _write_svg(file: QSaveFile, picture: Picture, content: Drawing) -> bool:
    # SVG Tiny has no clipping: curves would run out of their axes.
    paper = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    paper.setOutputDevice(file)
    paper.setResolution(DOTS_PER_INCH)
    paper.setSize(QSize(*picture.size))
    paper.setViewBox(QRect(0, 0, *picture.size))
    painter = QPainter(paper)
    content(painter)
    return painter.end()


def _write_pdf(file: QSaveFile, picture: Picture, content: Drawing) -> bool:
    paper = QPdfWriter(file)
    paper.setResolution(DOTS_PER_INCH)
    points = QSizeF(*picture.size) * (POINTS_PER_INCH / DOTS_PER_INCH)
    paper.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    paper.setPageMargins(QMarginsF(0, 0, 0, 0))
    paper.setCreator("Jensen")
    painter = QPainter(paper)
    content(painter)
    return painter.end()
