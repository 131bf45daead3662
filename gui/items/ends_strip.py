"""Where the lanes ended from many starts, as a strip of marks beside the curves on the same scale."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from engine.many_starts import ManyStarts, RunEnd
from gui.frame import Frame
from gui.items.axes import Axes
from gui.items.marks import draw_lane_mark, value_text
from gui.style import Style

LANE_WIDTH = 13.0
REACH = 7.0


@dataclass(frozen=True)
class EndMark:
    """A mark of the strip: whose end it is (the lane's title, its number in the experiment) and where it stands.

    It is `beyond` where the scale does not hold it.
    """

    end: RunEnd
    title: str
    number: int
    at: QPointF
    beyond: bool

    def words(self) -> str:
        """What a reader is told of it."""
        return (
            f"start {self.end.seed}: {self.title} {value_text(self.end.value)}, {self.end.status} after "
            f"{self.end.iterations}. Click to open this start."
        )


def strip_width(ends: ManyStarts | None) -> float:
    """How much room the strip takes beside the curves."""
    return 0.0 if ends is None else LANE_WIDTH * len(ends.lanes) + 8.0


def end_marks(ends: ManyStarts, frame: Frame, axes: Axes) -> list[EndMark]:
    """All ends with a value; those beyond the scale stand at its edge."""
    marks = []
    area = axes.area
    for row in ends.ends:
        for end in row:
            height = frame.best_known - end.value if frame.vertical == "gap" else end.value
            if not math.isfinite(height):
                continue
            y = axes.y(height)
            x = area.right() + 4.0 + (end.lane + 0.5) * LANE_WIDTH
            held = min(max(y, area.top() + 3), area.bottom() - 3)
            title, number = ends.lanes[end.lane].title, ends.experiment.running[end.lane]
            marks.append(EndMark(end, title, number, QPointF(x, held), held != y))
    return marks


def draw_ends(painter: QPainter, marks: list[EndMark], axes: Axes, style: Style, width: float) -> None:
    """Draws the strip; a mark at its edge that stands for an end beyond it is faint."""
    area = axes.area
    strip = QRectF(area.right() + 3, area.top(), width - 5, area.height())
    painter.fillRect(strip, style.colour("grid", 0.6))
    for mark in marks:
        painter.setOpacity(0.35 if mark.beyond else 0.75)
        draw_lane_mark(painter, style, mark.number, mark.at, 1.3 * style.point_radius)
    painter.setOpacity(1.0)


def mark_at(marks: list[EndMark], at: QPointF) -> EndMark | None:
    """The mark nearest to a pixel, None where none is near."""
    near = [(mark, (mark.at - at).manhattanLength()) for mark in marks]
    best = min(near, key=lambda each: each[1], default=None)
    return best[0] if best is not None and best[1] <= REACH else None
