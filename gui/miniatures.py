"""Small pictures of experiments, each from a real run of it: made between ticks, kept in the user's cache folder.

Lanes of a miniature take turns with those of the window and stop at the same gate while that is painted, so that
nothing stands still while a picture is made; the run ends after a few steps.
"""

import hashlib
import math
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QIODevice, QObject, QRectF, QSaveFile, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageWriter, QPainter

from engine.experiment import Experiment
from engine.preparation import prepare
from gui.background import Background
from gui.clock import clock_column
from gui.frame import Frame, resolve
from gui.items.viewport import Viewport
from gui.preferences import own_folder
from gui.race import Race
from gui.scene import scene
from gui.style import Style, style
from gui.views.base import View
from gui.views.data_canvas import DataCanvas
from gui.views.likelihood import LikelihoodView
from gui.views.simplex import SimplexView
from gui.views.weight_sum import WeightSumView
from gui.worker import Turns

SIZE = (296, 150)
"""Width and height of a miniature, in logical pixels."""
DENSITY = 2.0
"""Pixels of the kept picture in one of those."""
SHRUNK = 0.62
"""Size at which views are drawn in a miniature, to that in the window."""
GAP = 4.0
MOST_STEPS, MOST_SECONDS = 120, 0.5
"""A lane's steps, and its CPU time where they are long: enough to see what an experiment shows."""
PAUSE_MILLISECONDS = 20
LOOKS = 1
"""Counts up when miniatures are drawn in another way, so that those that were kept before are not shown again."""
THEMES = ("light", "dark")
OVER = object()


def cache_folder() -> Path:
    """Where miniatures are kept: in the user's own cache folder."""
    import platformdirs

    folder = own_folder()
    base = folder / "cache" if folder is not None else platformdirs.user_cache_path("Jensen", appauthor=False)
    return base / "experiments"


@dataclass(frozen=True, eq=False)
class Wanted:
    """A shipped experiment whose miniature is wanted."""

    name: str
    file: Path
    experiment: Experiment

    def kept(self, theme: str) -> Path:
        """Where its picture is kept: under the hash of its file, so that a changed one is drawn anew."""
        content = self.file.read_bytes() + f"{LOOKS} {SIZE} {DENSITY}".encode()
        return cache_folder() / f"{self.name}-{theme}-{hashlib.sha256(content).hexdigest()[:20]}.png"


class Miniatures(QObject):
    """Makes one miniature after the other. `made(name)` when one is there, in `images`.

    `density` is the number of the screen's dots in a pixel.
    """

    made = Signal(str)

    def __init__(self, turns: Turns, density: float = 1.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.images: dict[str, QImage] = {}
        """Every miniature of the theme that is there, by the experiment's name."""
        self._density = density
        self._theme = THEMES[0]
        self._turns = turns
        self._waiting: deque[Wanted] = deque()
        self._work: Generator[None, None, None] | None = None
        self._race: Race | None = None
        self._aside = Background(self)
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE_MILLISECONDS)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether there are miniatures still to be made."""
        return self._work is not None or bool(self._waiting)

    def want(self, wanted: list[Wanted], theme: str) -> None:
        """Makes these, in this order, in a theme ('light', 'dark'); those that were kept are there at once."""
        self.pause()
        if theme != self._theme:
            self.images.clear()
        self._theme = theme
        self._waiting.extend(
            each for each in wanted if each.name not in self.images and not self._show_kept(each)
        )
        if self._waiting:
            self._timer.start()

    def pause(self) -> None:
        """Gives up what is being made and forgets what waits; what was made stays."""
        self._timer.stop()
        self._aside.cancel()
        self._waiting.clear()
        self._finish()

    def _show_kept(self, wanted: Wanted) -> bool:
        try:
            image = QImage(str(wanted.kept(self._theme)))
        except OSError:
            return False
        if image.isNull():
            return False
        self._show(wanted, image)
        return True

    def _show(self, wanted: Wanted, image: QImage) -> None:
        size = QSizeF(*SIZE) * self._density
        smooth = Qt.TransformationMode.SmoothTransformation
        scaled = image.scaled(size.toSize(), mode=smooth)
        scaled.setDevicePixelRatio(self._density)
        self.images[wanted.name] = scaled
        self.made.emit(wanted.name)

    def _go_on(self) -> None:
        """One small piece of work, so that the window is asked in between."""
        if self._work is None:
            if not self._waiting:
                self._timer.stop()
                return
            self._work = self._make(self._waiting.popleft())
        done = True
        try:
            done = next(self._work, OVER) is OVER
        finally:
            if done:
                self._finish()

    def _make(self, wanted: Wanted) -> Generator[None, None, None]:
        """Runs an experiment for a few steps, draws it in both themes, and keeps the pictures."""
        stop = wanted.experiment.stop
        short = wanted.experiment.replace(
            stop=replace(stop, max_iterations=min(MOST_STEPS, stop.max_iterations), max_seconds=MOST_SECONDS),
            claims=(),
        )
        found: list[Any] = []
        self._aside.start(
            lambda progress, cancelled: prepare(short, None, progress, cancelled), found.append, _ignored
        )
        while self._aside.busy:
            yield
        if not found:
            return
        race = self._race = Race(self._turns, short, found.pop())
        race.allow(math.inf)
        while not race.ended:
            yield
        # Imports a library when it is first asked for.
        self._aside.start(lambda progress, cancelled: race.matched(), found.append, _ignored)
        while self._aside.busy:
            yield
        frame = _last_frame(race, *found)
        for theme in THEMES:
            yield
            image = drawn(frame, wanted.experiment, style(theme))
            yield
            _keep(image, wanted, theme)
            if theme == self._theme:
                self._show(wanted, image)

    def _finish(self) -> None:
        if self._race is not None:
            self._race.close(0.0)
        self._work, self._race = None, None


def _ignored(error: Exception) -> None:
    """What cannot be run here has no miniature."""


def _keep(image: QImage, wanted: Wanted, theme: str) -> None:
    """Writes a picture in the place of that of an earlier file; without a folder it is drawn each time."""
    with suppress(OSError):
        folder, place = cache_folder(), wanted.kept(theme)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{wanted.name}-{theme}-*.png"):
            if old.stem.rpartition("-")[0] == f"{wanted.name}-{theme}":
                old.unlink()
        file = QSaveFile(str(place))
        if file.open(QIODevice.OpenModeFlag.WriteOnly):
            QImageWriter(file, QByteArray(b"png")).write(image)
            file.commit()


def drawn(frame: Frame, experiment: Experiment, chosen: Style) -> QImage:
    """The data, and beside them what the experiment is about, as they stand in a frame of it."""
    image = QImage(round(SIZE[0] * DENSITY), round(SIZE[1] * DENSITY), QImage.Format.Format_RGB32)
    image.fill(chosen.colour("window"))
    painter = QPainter(image)
    painter.scale(DENSITY * SHRUNK, DENSITY * SHRUNK)
    width, height = SIZE[0] / SHRUNK, SIZE[1] / SHRUNK
    half = (width - GAP) / 2
    for view, left in zip(_views(experiment), (0.0, half + GAP), strict=True):
        view.use_style(chosen)
        view.show_frame(frame)
        painter.save()
        painter.setClipRect(QRectF(left, 0, half, height))
        view.paint(painter, QRectF(left, 0, half, height))
        painter.restore()
    painter.end()
    return image


def _last_frame(race: Race, colours: tuple[tuple[int, ...], ...] = ()) -> Frame:
    found, experiment = race.preparation, race.experiment
    shown = experiment.show.places(found.dataset.columns)
    stage = scene(0, found.dataset, found.model, found.prepared, found.start_parameters, shown)
    end = max(float(clock_column(trace, experiment.show.clock)[-1]) for trace in race.traces)
    return resolve(stage, experiment, race.sources(colours), end, False)


def _views(experiment: Experiment) -> tuple[View, View]:
    """The canvas of the last lane, and the view of what the experiment's claims speak of."""
    said = " ".join(experiment.claims)
    second: Callable[[], View] = LikelihoodView
    if ".smallest_weight" in said:
        second = SimplexView
    elif ".weight_sum" in said:
        second = WeightSumView
    return DataCanvas(len(experiment.running) - 1, Viewport()), second()
