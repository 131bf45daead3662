"""Pictures of the window or of its views: a raster (PNG), a drawing (SVG) or paper (PDF), the same on each."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMarginsF,
    QPoint,
    QRect,
    QRectF,
    QSaveFile,
    QSize,
    QSizeF,
)
from PySide6.QtGui import QImage, QImageWriter, QPageSize, QPainter, QPdfWriter, QPicture
from PySide6.QtSvg import QSvgGenerator

from engine.errors import InputError
from engine.settings import setting
from gui.items.layer import is_vector
from gui.style import style
from gui.views.base import View

if TYPE_CHECKING:
    from gui.window import Window

DOTS_PER_INCH = 96
INCHES_PER_METRE = 1 / 0.0254
POINTS_PER_INCH = 72
SMALLEST_SIDE = 100
LARGEST_SIDE = 16384
MOST_PIXELS = 100_000_000
VIEWS = ("window", "data", "likelihood", "simplex", "sum")
KINDS = ("png", "svg", "pdf")
SIZE_HELP = "In points of the window; 96 are an inch. Type is as large as in the window."


@dataclass(frozen=True)
class Picture:
    """A picture of the window or of some of its views.

    Its size is in the window's own pixels, of which an inch has 96; a PNG has `scale` times as many.
    """

    view: str = setting("window", label="Picture of", help="What the picture shows.", choices=VIEWS)
    kind: str = setting(
        "png", label="Kind", help="Pixels, or lines that stay sharp at any size.", choices=KINDS
    )
    theme: str = setting("light", label="Theme", help="Light is for print.", choices=("light", "dark"))
    width: int = setting(1366, label="Width", help=SIZE_HELP, minimum=SMALLEST_SIDE, maximum=LARGEST_SIDE)
    height: int = setting(768, label="Height", help=SIZE_HELP, minimum=SMALLEST_SIDE, maximum=LARGEST_SIDE)
    scale: int = setting(
        2, label="Pixels per point", help="With more, the same picture is finer.", minimum=1, maximum=8
    )

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of a PNG."""
        return self.width * self.scale, self.height * self.scale

    def check(self) -> None:
        """Raises InputError where it is too large."""
        width, height = self.pixels
        if self.kind == "png" and (max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS):
            raise InputError(
                f"A picture of {width} x {height} pixels is too large; up to {LARGEST_SIDE} on a side and "
                f"{MOST_PIXELS // 1_000_000} million in all are possible."
            )


def write_picture(window: "Window", picture: Picture, path: Path) -> None:
    """Writes a picture; what was in the file stays if that fails. Raises InputError."""
    picture.check()
    write = {"png": _write_png, "svg": _write_svg, "pdf": _write_pdf}[picture.kind]
    file = QSaveFile(str(path))
    # A file that may be written stands sometimes in a folder that takes no other.
    file.setDirectWriteFallback(True)
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        raise InputError(f"{path} cannot be written: {file.errorString()}.")
    written = write(file, picture, partial(draw, window, picture))
    if not written or not file.commit():
        raise InputError(f"{path} cannot be written: {file.errorString()}.")


def draw(window: "Window", picture: Picture, painter: QPainter) -> None:
    """Draws a picture: the window as it stands, its views as they fit into the size."""
    area = QRectF(0, 0, *picture.size)
    chosen = style(picture.theme, window.lecture.on)
    painter.fillRect(area, chosen.colour("window"))
    if picture.view == "window":
        with _in_theme(window, chosen.name):
            _draw_window(window, painter, area)
        return
    shown: dict[str, Sequence[View]] = {
        "data": window.canvases,
        "likelihood": [window.likelihood],
        "simplex": [window.simplex],
        "sum": [window.weight_sum],
    }
    views = shown[picture.view]
    across = len(views) if len(views) <= 3 else -(-len(views) // 2)
    down = -(-len(views) // across)
    width, height = area.width() / across, area.height() / down
    for index, view in enumerate(views):
        row, column = divmod(index, across)
        usual = view.style_in_use
        view.use_style(chosen)
        view.paint(painter, QRectF(column * width, row * height, width, height))
        view.use_style(usual)


@contextmanager
def _in_theme(window: "Window", theme: str) -> Iterator[None]:
    """The window in another theme; nobody sees it, because nothing is painted before it is over."""
    usual = window.theme
    if theme != usual:
        window.use_style(theme)
    try:
        yield
    finally:
        if theme != usual:
            window.use_style(usual)


def _draw_window(window: "Window", painter: QPainter, area: QRectF) -> None:
    shell = window.shell
    scale = min(area.width() / shell.width(), area.height() / shell.height())
    painter.save()
    painter.translate(
        (area.width() - scale * shell.width()) / 2, (area.height() - scale * shell.height()) / 2
    )
    painter.scale(scale, scale)
    if is_vector(painter):
        # Widgets that are drawn straight into an SVG are clipped at wrong places; recorded, they are not.
        record = QPicture()
        recorder = QPainter(record)
        shell.render(recorder, QPoint(0, 0))
        recorder.end()
        record.play(painter)
    else:
        shell.render(painter, QPoint(0, 0))
    painter.restore()


Drawing = Callable[[QPainter], None]


def _write_png(file: QSaveFile, picture: Picture, content: Drawing) -> bool:
    image = QImage(*picture.pixels, QImage.Format.Format_RGB32)
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
    drawn = QBuffer()
    drawn.open(QIODevice.OpenModeFlag.WriteOnly)
    paper.setOutputDevice(drawn)
    paper.setTitle("Jensen")
    paper.setResolution(DOTS_PER_INCH)
    paper.setSize(QSize(*picture.size))
    paper.setViewBox(QRect(0, 0, *picture.size))
    painter = QPainter(paper)
    content(painter)
    painter.end()
    # Where the window's font is not known, another without serifs is meant.
    text = re.sub(rb'font-family="([^"]*)"', rb'font-family="\1, sans-serif"', drawn.data().data())
    return file.write(text) == len(text)


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
