"""The strip under a data canvas: where the lane stands, in numbers and in a sentence."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.controls.elided import ElidedText
from gui.controls.inputs import Button
from gui.controls.words import log_likelihood_text, rounded_text, seconds_text, small_text, tooltip
from gui.lane_frame import LaneFrame
from gui.style import Style, style

STATUS_WORDS = {
    "left-constraints": "left the constraints",
    "iteration-limit": "iteration limit",
    "time-limit": "time limit",
}
STATUS_ROLES = {
    "running": "accent",
    "paused": "muted",
    "converged": "good",
    "iteration-limit": "warning",
    "time-limit": "warning",
    "stopped": "warning",
    "stuck": "warning",
}
"""Roles of the style by status; every other status is a danger."""


@dataclass(frozen=True)
class Reading:
    """One number with its caption; `short` is the caption where room is scarce, `widest` the longest text."""

    caption: str
    short: str
    value: str
    widest: str
    role: str = "text"


@dataclass(frozen=True)
class _Places:
    """How readings stand side by side: the scale of the type, short captions or not, left and width of each."""

    scale: float
    short: bool
    columns: tuple[tuple[float, float], ...]


class Readings(QWidget):
    """Captions over numbers, each in a place of its own width, so that nothing moves while digits change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = style("light")
        self._readings: tuple[Reading, ...] = ()
        self._places: tuple[object, _Places] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_readings(self, readings: tuple[Reading, ...]) -> None:
        """Shows these numbers."""
        if readings == self._readings:
            return
        self._readings = readings
        self.setAccessibleDescription(", ".join(f"{each.caption} {each.value}" for each in readings))
        self.update()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, round(self._style.small_font_size * 1.15) + round(self._style.font_size * 1.25))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        places = self._placed()
        captions, numbers = self._caption_font(places.scale), self._number_font(places.scale)
        top = round(self._style.small_font_size * 1.15)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(captions)
        for reading, (left, width) in zip(self._readings, places.columns, strict=True):
            painter.setPen(self._style.colour("muted" if reading.role == "text" else reading.role))
            caption = reading.short if places.short else reading.caption
            painter.drawText(QRectF(left, 0, width, top), flags, caption)
        painter.setFont(numbers)
        for reading, (left, width) in zip(self._readings, places.columns, strict=True):
            painter.setPen(self._style.colour(reading.role))
            painter.drawText(QRectF(left, top, width, self.height() - top), flags, reading.value)
        painter.end()

    def _placed(self) -> "_Places":
        """Where the readings stand; measured anew only where a number needs more room than it has, or had."""
        advance = QFontMetrics(self._number_font(1.0)).horizontalAdvance
        told = tuple(
            (each.caption, each.short, max(each.widest, each.value, key=advance)) for each in self._readings
        )
        key = (self._style, self.width(), told)
        if self._places is None or self._places[0] != key:
            self._places = (key, self._measured(told))
        return self._places[1]

    def _measured(self, told: tuple[tuple[str, str, str], ...]) -> "_Places":
        """The largest scale at which all readings find room; captions are shortened before type shrinks."""
        for scale, short in ((1.0, False), (1.0, True), (0.9, True), (0.8, True), (0.7, True), (0.62, True)):
            caption = QFontMetrics(self._caption_font(scale))
            number = QFontMetrics(self._number_font(scale))
            widths = [
                max(caption.horizontalAdvance(brief if short else full), number.horizontalAdvance(longest))
                + 2.0
                for full, brief, longest in told
            ]
            if sum(widths) + 8 * (len(told) - 1) <= self.width():
                break
        spare = max(0.0, (self.width() - sum(widths)) / max(1, len(widths) - 1))
        columns, left = [], 0.0
        for width in widths:
            columns.append((left, width))
            left += width + min(spare, 40.0)
        return _Places(scale, short, tuple(columns))

    def _caption_font(self, scale: float) -> QFont:
        return self._style.font(small=True, scale=0.9 * scale)

    def _number_font(self, scale: float) -> QFont:
        return tabular(self._style.font(scale=0.92 * scale))


class StatusStrip(QWidget):
    """Where one lane stands at the cursor, in numbers and in a sentence.

    Iteration: whole steps, with ½ behind the first half of one. Log-likelihood: of the parameters that this step
    produced, on all the data. Gradient norm: the largest component of the projected gradient, 0 at a
    stationary point. Passes: how often the data were gone through; an E step, a gradient and an evaluation of
    the log-likelihood count one each. CPU time: of every thread that worked for this lane. Decreases: how many
    steps lowered the log-likelihood by more than rounding can.

    The sentence says how the lane ended, and why. A lane that has left the constraints may go on outside.
    """

    continue_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self.status = ""
        """The status that the sentence tells, '' before there is one."""
        self.readings = Readings()
        self.sentence = ElidedText(2)
        self.go_on = Button("Go on outside")
        self.go_on.setToolTip(
            tooltip("Let this lane continue outside the constraints; what it finds there is drawn hatched.")
        )
        self.go_on.clicked.connect(lambda checked=False: self.continue_requested.emit())
        self.go_on.hide()
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.sentence, 1)
        below.addWidget(self.go_on, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 1, 4, 1)
        column.setSpacing(2)
        column.addWidget(self.readings)
        column.addLayout(below)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_lane(self, lane: LaneFrame) -> None:
        """Shows a lane of a frame."""
        self.readings.show_readings(_readings(lane))
        if lane.title != self._title:
            self._title = lane.title
            self.readings.setAccessibleName(f"{lane.title}, numbers")
            self.sentence.setAccessibleName(f"{lane.title}, status")
            self.go_on.setAccessibleName(f"Go on outside the constraints: {lane.title}")
        self.status = lane.status
        word = STATUS_WORDS.get(lane.status, lane.status.replace("-", " "))
        # A reason may begin with the status itself, which already stands there in bold.
        self.sentence.show_words(
            word, STATUS_ROLES.get(lane.status, "danger"), lane.reason.removeprefix(word).strip()
        )
        self.go_on.setVisible(lane.status == "left-constraints" and math.isfinite(lane.log_likelihood))

    def use_lines(self, lines: int) -> None:
        """The sentence takes so many lines from now on."""
        self.sentence.use_lines(lines)

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self.readings.use_style(chosen)
        self.sentence.use_style(chosen)


def tabular(font: QFont) -> QFont:
    """The font with digits of equal width, where it has them."""
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _readings(lane: LaneFrame) -> tuple[Reading, ...]:
    value = log_likelihood_text(lane.log_likelihood)
    height = (
        Reading("log-likelihood", "log-lik.", value, "−00000.000")
        if lane.is_likelihood
        else Reading("no likelihood", "no lik.", value, "−00000.000", "danger")
    )
    half = "½" if lane.half else ""
    return (
        Reading("iteration", "iter.", f"{lane.iteration}{half}", "00000"),
        height,
        Reading("gradient norm", "gradient", small_text(lane.stationarity), "0.0e−00"),
        Reading("passes", "passes", rounded_text(lane.passes, 6), "00000"),
        Reading("CPU time", "CPU", seconds_text(lane.cpu_seconds), "00.0 ms"),
        Reading("decreases", "decr.", str(lane.decreases), "000", "danger" if lane.decreases else "text"),
    )
