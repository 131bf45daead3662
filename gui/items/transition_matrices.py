"""The transitions of five and more hidden states: a heat map for each lane, from the rows' states to the columns'."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter

from gui.frame import Frame
from gui.items.heat_map import draw_cells, shade
from gui.items.lane_column import draw_sample
from gui.lane_frame import LaneFrame
from gui.style import Style

GAP = 10.0
STRIP = 4.0
"""Each state is told by a strip of its colour along its row and its column."""
SAMPLE = 26.0
LEVELS = 256
SMALLEST_TYPE = 0.7
WIDEST_CELL = 2.8
"""In heights of a cell: a wider one only moves the numbers apart."""
LARGEST_CELL = 3.2
"""In heights of a line of small type."""
CAPTION = "from the row's state to the column's"


def lanes_with_transitions(frame: Frame) -> list[LaneFrame]:
    """The lanes that have transitions between two and more states."""
    return [
        lane
        for lane in frame.lanes
        if lane.transitions_path is not None and len(lane.parameters["transitions"]) > 1
    ]


def draw_transition_matrices(
    painter: QPainter, lanes: Sequence[LaneFrame], area: QRectF, style: Style
) -> None:
    """The probabilities of all transitions at the cursor, numbers in the cells where they fit.

    A cell is as strong as the square root of its probability, so that rare transitions are seen; what is no
    probability because it is negative has the cold colour.
    """
    states = len(lanes[0].parameters["transitions"])
    metrics = QFontMetricsF(style.font(small=True))
    line = metrics.height()
    low = line + 6
    room = area.adjusted(4, 2, -4, -low)
    found = arrangement(len(lanes), states, room, style)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for place, lane in enumerate(lanes):
        row, column = divmod(place, found.across)
        left = room.left() + column * (found.width + GAP)
        box = QRectF(left, room.top() + row * (found.height + GAP), found.width, found.height)
        _draw_lane(painter, lane, box, found, style.recoloured(lane.colours), style)
    painter.restore()
    _draw_key(painter, QRectF(room.left(), area.bottom() - low + 2, room.width(), line), style)


@dataclass(frozen=True)
class Arrangement:
    """How many matrices stand beside each other, the size of each with what is around it, and of its parts.

    `beside` is the room left of the cells, `above` the room over them below the lane's name; `numbered` says whether
    the states have numbers, and `fits` how large the type of a number in a cell could be, 1 for small type.
    """

    across: int
    width: float
    height: float
    cell_width: float
    cell_height: float
    beside: float
    above: float
    numbered: bool
    fits: float

    @property
    def scale(self) -> float | None:
        """The scale of small type for numbers in the cells; None where they would be too small."""
        return min(1.0, self.fits) if self.fits >= SMALLEST_TYPE else None


def arrangement(count: int, states: int, room: QRectF, style: Style) -> Arrangement:
    """The arrangement in which a number would be largest; the first one of equals."""
    return max(
        (_with_so_many_across(across, count, states, room, style) for across in range(1, count + 1)),
        key=lambda each: each.fits,
    )


def _with_so_many_across(across: int, count: int, states: int, room: QRectF, style: Style) -> Arrangement:
    metrics = QFontMetricsF(style.font(small=True))
    line, down = metrics.height(), -(-count // across)
    width = (room.width() - (across - 1) * GAP) / across
    height = (room.height() - (down - 1) * GAP) / down
    number = QFontMetricsF(style.font(small=True, bold=True)).horizontalAdvance(str(states)) + 3
    cells_high = (height - line - STRIP - 2) / states
    # Numbers that would stand closer than their own height are left to the colours.
    numbered = (height - 2 * line - STRIP - 2) / states >= 0.62 * line
    beside, above = STRIP + 2, STRIP + 2
    if numbered:
        beside, above = beside + number, above + line
        cells_high = (height - line - above) / states
    cell_height = max(1.0, min(cells_high, LARGEST_CELL * line))
    cell_width = max(1.0, min((width - beside) / states, WIDEST_CELL * cell_height))
    cell_height = min(cell_height, WIDEST_CELL * cell_width)
    fits = min((cell_width - 4) / metrics.horizontalAdvance(".00"), (cell_height - 1) / line)
    return Arrangement(across, width, height, cell_width, cell_height, beside, above, numbered, fits)


def _draw_lane(
    painter: QPainter, lane: LaneFrame, box: QRectF, found: Arrangement, of_states: Style, style: Style
) -> None:
    values = lane.parameters["transitions"]
    states = len(values)
    bold = style.font(small=True, bold=True)
    metrics = QFontMetricsF(bold)
    line = metrics.height()
    sample = min(SAMPLE, 0.35 * box.width())
    draw_sample(painter, style, lane.index, box.left(), box.top() + 0.5 * line, sample - 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(bold)
    painter.setPen(style.pen("text"))
    title = QRectF(box.left() + sample, box.top(), box.width() - sample, line)
    words = metrics.elidedText(lane.title, Qt.TextElideMode.ElideMiddle, title.width())
    painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
    wide, high = found.cell_width, found.cell_height
    cells = QRectF(box.left() + found.beside, box.top() + line + found.above, states * wide, states * high)
    every = max(1, math.ceil((metrics.horizontalAdvance(str(states)) + 3) / wide))
    for state in range(states):
        colour = of_states.component(state)
        x, y = cells.left() + state * wide, cells.top() + state * high
        painter.fillRect(QRectF(x + 0.06 * wide, cells.top() - STRIP - 1, 0.88 * wide, STRIP), colour)
        painter.fillRect(QRectF(cells.left() - STRIP - 1, y + 0.06 * high, STRIP, 0.88 * high), colour)
        if not found.numbered:
            continue
        painter.setPen(style.pen("text"))
        middle = y + 0.5 * high
        beside = QRectF(box.left(), middle - 0.5 * line, found.beside - STRIP - 3, line)
        painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(state + 1))
        if state % every == 0:
            above = QRectF(x + 0.5 * wide - 20, cells.top() - STRIP - 1 - line, 40, line)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, str(state + 1))
    if found.scale is not None:
        painter.setFont(style.font(small=True, scale=found.scale))
    shades = _shades(style)
    draw_cells(
        painter,
        cells,
        values,
        lambda value: shades[_level(value)],
        probability_text if found.scale is not None else None,
        style,
    )


def probability_text(value: float) -> str:
    """Two decimals without the zero before them; 0 and 1 as they are."""
    if not math.isfinite(value):
        return "\u2013"
    text = f"{value:.2f}"
    if float(text) in (0.0, 1.0):
        return text.removeprefix("-")[0]
    return (
        text.replace("0.", ".", 1).replace("-", "\u2212") if abs(value) < 1 else text.replace("-", "\u2212")
    )


def _level(value: float) -> int:
    """The place of a probability's colour among `_shades`; 0 is that of 0, and negative ones count from the end."""
    if not math.isfinite(value):
        return 0
    level = round((LEVELS - 1) * math.sqrt(min(1.0, abs(value))))
    return level if value >= 0 else -level


@cache
def _shades(style: Style) -> tuple[QColor, ...]:
    """Colours for levels from 0 to `LEVELS` - 1, and for negative ones at their places from the end."""
    above = [shade(level / (LEVELS - 1), 1.0, style) for level in range(LEVELS)]
    below = [shade(-level / (LEVELS - 1), 1.0, style) for level in range(LEVELS - 1, 0, -1)]
    return (*above, *below)


def _draw_key(painter: QPainter, area: QRectF, style: Style) -> None:
    """Which way to read the matrices and, where there is room, which colour stands for which probability."""
    font = style.font(small=True)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(style.pen("muted"))
    number = metrics.horizontalAdvance("0") + 4
    bar = 4.0 * metrics.height()
    free = area.width() - metrics.horizontalAdvance(CAPTION) - 12
    if free >= bar + 2 * number:
        left = QRectF(area.right() - bar - 2 * number, area.top(), number, area.height())
        strip = QRectF(left.right(), area.top() + 3, bar, area.height() - 6)
        right = QRectF(strip.right(), area.top(), number, area.height())
        ramp = QLinearGradient(strip.topLeft(), strip.topRight())
        steps = 16
        for step in range(steps + 1):
            ramp.setColorAt(step / steps, _shades(style)[_level(step / steps)])
        painter.fillRect(strip, ramp)
        painter.drawRect(strip)
        painter.drawText(left, Qt.AlignmentFlag.AlignCenter, "0")
        painter.drawText(right, Qt.AlignmentFlag.AlignCenter, "1")
    words = metrics.elidedText(CAPTION, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
