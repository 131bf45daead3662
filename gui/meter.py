"""How fast the lanes compute and how long a frame takes, for who wants to know."""

import statistics
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gui.frame import Frame

SPAN_SECONDS = 1.0
TOLD_EVERY_SECONDS = 0.25
MOST_NAMED = 3
LONGEST_NAME = 18


class Pace:
    """Steps and frames of the last second, from what is noted at each frame. No Qt and no clock in it."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, tuple[int, ...]]] = deque()

    def note(self, now: float, steps: tuple[int, ...]) -> None:
        """A frame at a time in seconds, with the steps that each lane has made until then.

        Another number of lanes, or fewer steps of one, is another race, which is counted from there.
        """
        if self._noted:
            before = self._noted[-1][1]
            begun = len(before) != len(steps) or any(a < b for a, b in zip(steps, before, strict=True))
            if begun:
                self._noted.clear()
        self._noted.append((now, steps))
        self.forget_before(now - SPAN_SECONDS)

    def forget_before(self, then: float) -> None:
        """Drops what is older, the last note before that time excepted, from which is counted."""
        while len(self._noted) > 1 and self._noted[1][0] <= then:
            self._noted.popleft()

    def steps_per_second(self) -> tuple[float, ...]:
        """Of each lane; () before two frames are known."""
        if len(self._noted) < 2:
            return ()
        (began, first), (ended, last) = self._noted[0], self._noted[-1]
        return tuple((b - a) / (ended - began) for a, b in zip(first, last, strict=True))

    def frame_seconds(self) -> tuple[float, float]:
        """The median time from one frame to the next, and the longest; (0, 0) before two frames are known."""
        times = [time for time, _ in self._noted]
        between = [b - a for a, b in pairwise(times)]
        return (statistics.median(between), max(between)) if between else (0.0, 0.0)


class Meter(QLabel):
    """Two quiet lines at the foot: steps a second of each lane, and the time from one frame to the next.

    Counted over the last second. Hidden until it is asked for; it says so while nothing moves.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pace = Pace()
        self._told = 0.0
        self.setProperty("role", "label")
        self.setAccessibleName("Speed of the lanes and of the window")
        self.setWhatsThis(
            "Steps that each lane makes in a second, whatever of them is shown, and how long it takes from one "
            "frame to the next: the usual time, and the longest of the last second."
        )
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.hide()

    def note(self, now: float, frame: Frame | None, painted: bool) -> None:
        """Told at each tick: the time in seconds, what is shown, and whether that has just been painted."""
        if painted and frame is not None:
            self._pace.note(now, tuple(lane.last_iteration for lane in frame.lanes))
        if now - self._told < TOLD_EVERY_SECONDS:
            return
        self._told = now
        if not painted:
            self._pace.forget_before(now - SPAN_SECONDS)
        titles = [lane.title for lane in frame.lanes] if frame is not None else []
        words = told(titles, self._pace) if frame is not None and frame.playing else "at rest"
        if words != self.text():
            self.setText(words)
            self.setToolTip(", ".join(titles) if len(titles) > MOST_NAMED else "")


def told(titles: Sequence[str], pace: Pace) -> str:
    """The meter's words; where there are many lanes their numbers stand in their order, without names."""
    speeds = pace.steps_per_second()
    if len(speeds) != len(titles) or not speeds:
        return "at rest"
    usual, longest = pace.frame_seconds()
    if len(titles) > MOST_NAMED:
        steps = " \u00b7 ".join(_number(speed) for speed in speeds) + " steps/s"
    else:
        steps = ", ".join(
            f"{_short(title)} {_number(speed)} steps/s" for title, speed in zip(titles, speeds, strict=True)
        )
    return f"{steps}\nframe {1e3 * usual:.0f} ms (longest {1e3 * longest:.0f})"


def _number(speed: float) -> str:
    """Three digits are told; more would only flicker."""
    if speed < 10:
        return f"{speed:.1f}"
    digits = max(0, len(str(int(speed))) - 3)
    return f"{round(speed / 10**digits) * 10**digits:,}".replace(",", "\u00a0")


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_NAME else title[: LONGEST_NAME - 1] + "\u2026"
