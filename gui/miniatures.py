"""Small pictures of experiments, each from a real run of it: made between ticks, kept in the user's cache folder.

Lanes of a miniature take turns with those of the window and stop at the same gate while that is painted, so that
nothing stands still while a picture is made; the run ends after a few steps.
"""

import hashlib
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QIODevice, QObject, QRectF, QSaveFile, QTimer, Signal
from PySide6.QtGui import QImage, QImageWriter, QPainter

from engine.errors import InputError
from engine.experiment import Experiment
from engine.models.mixture import Mixture
from engine.preparation import Preparation, prepare
from gui.background import Background
from gui.frame import Frame, clock_column, resolve, scene
from gui.items.viewport import Viewport
from gui.preferences import own_folder
from gui.race import Race
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
MOST_STEPS = 120
"""Enough to see what an experiment shows, and no more: nobody waits for its end."""
POLL_MILLISECONDS = 25
LOOKS = 1
"""Counts up when miniatures are drawn in another way, so that those that were kept before are not shown again."""
THEMES = ("light", "dark")


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
    """Makes one miniature after the other. `made(name, theme)` when one is there, in `images`."""

    made = Signal(str, str)

    def __init__(self, turns: Turns, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.images: dict[tuple[str, str], QImage] = {}
        """Every miniature that is there, by the experiment's name and the theme."""
        self._turns = turns
        self._waiting: deque[Wanted] = deque()
        self._at_work: Wanted | None = None
        self._race: Race | None = None
        self._preparing = Background(self)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether there are miniatures still to be made."""
        return self._at_work is not None or bool(self._waiting)

    def want(self, wanted: list[Wanted]) -> None:
        """Makes these, in this order, and shows those at once that were kept."""
        known = {name for name, _ in self.images}
        for each in wanted:
            if each.name not in known and not self._show_kept(each):
                self._waiting.append(each)
        if self._waiting:
            self._timer.start()

    def pause(self) -> None:
        """Gives up what is being made and forgets what waits; what was made stays."""
        self._timer.stop()
        self._preparing.cancel()
        self._waiting.clear()
        self._finish()

    def _show_kept(self, wanted: Wanted) -> bool:
        try:
            images = {theme: QImage(str(wanted.kept(theme))) for theme in THEMES}
        except OSError:
            return False
        if any(image.isNull() for image in images.values()):
            return False
        self._show(wanted.name, images)
        return True

    def _show(self, name: str, images: dict[str, QImage]) -> None:
        for theme, image in images.items():
            image.setDevicePixelRatio(DENSITY)
            self.images[name, theme] = image
            self.made.emit(name, theme)

    def _go_on(self) -> None:
        """Begins the next one, or draws the one at work when its lanes have come to their end."""
        if self._at_work is None:
            if not self._waiting:
                self._timer.stop()
                return
            self._begin(self._waiting.popleft())
        elif self._race is not None and self._race.ended:
            wanted, race = self._at_work, self._race
            self._finish()
            images = {theme: drawn(race, style(theme)) for theme in THEMES}
            self._show(wanted.name, images)
            self._keep(wanted, images)

    def _begin(self, wanted: Wanted) -> None:
        self._at_work = wanted
        stop = wanted.experiment.stop
        short = wanted.experiment.replace(
            stop=replace(stop, max_iterations=min(MOST_STEPS, stop.max_iterations)), claims=()
        )

        def run(found: Preparation) -> None:
            self._race = Race(self._turns, short, found)
            self._race.allow(math.inf)

        self._preparing.start(
            lambda progress, cancelled: prepare(short, None, progress, cancelled),
            run,
            lambda error: self._finish(),
        )

    def _finish(self) -> None:
        if self._race is not None:
            self._race.close(0.0)
        self._at_work, self._race = None, None

    def _keep(self, wanted: Wanted, images: dict[str, QImage]) -> None:
        """Writes pictures in the place of those of an earlier file; without a folder they are made each time."""
        with suppress(OSError, InputError):
            cache_folder().mkdir(parents=True, exist_ok=True)
            for theme, image in images.items():
                place = wanted.kept(theme)
                for old in cache_folder().glob(f"{wanted.name}-{theme}-*.png"):
                    if old != place and old.stem.rpartition("-")[0] == f"{wanted.name}-{theme}":
                        old.unlink()
                file = QSaveFile(str(place))
                if file.open(QIODevice.OpenModeFlag.WriteOnly):
                    QImageWriter(file, QByteArray(b"png")).write(image)
                    file.commit()


def drawn(race: Race, chosen: Style) -> QImage:
    """The data and what the experiment is about, side by side, where its lanes came to."""
    frame = _last_frame(race)
    image = QImage(round(SIZE[0] * DENSITY), round(SIZE[1] * DENSITY), QImage.Format.Format_RGB32)
    image.fill(chosen.colour("window"))
    painter = QPainter(image)
    painter.scale(DENSITY * SHRUNK, DENSITY * SHRUNK)
    width, height = SIZE[0] / SHRUNK, SIZE[1] / SHRUNK
    half = (width - GAP) / 2
    for view, left in zip(_views(race.experiment), (0.0, half + GAP), strict=True):
        view.use_style(chosen)
        view.show_frame(frame)
        painter.save()
        painter.setClipRect(QRectF(left, 0, half, height))
        view.paint(painter, QRectF(left, 0, half, height))
        painter.restore()
    painter.end()
    return image


def _last_frame(race: Race) -> Frame:
    found, experiment = race.preparation, race.experiment
    assert isinstance(found.model, Mixture)
    shown = experiment.show.places(found.dataset.columns)
    stage = scene(0, found.dataset, found.model, found.prepared, found.start_parameters, shown)
    end = max(float(clock_column(trace, experiment.show.clock)[-1]) for trace in race.traces)
    return resolve(stage, experiment, race.sources(race.matched()), end, False)


def _views(experiment: Experiment) -> tuple[View, View]:
    """The canvas of the last lane, and the view of what most of the experiment's claims speak of."""
    said = " ".join(experiment.claims)
    second: Callable[[], View] = LikelihoodView
    if ".weight_sum" in said:
        second = WeightSumView
    elif ".smallest_weight" in said or "left-constraints" in said:
        second = SimplexView
    return DataCanvas(len(experiment.running) - 1, Viewport()), second()
