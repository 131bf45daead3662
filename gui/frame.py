"""View state: what is drawn, resolved from the experiment, its data, the traces and the cursor. No Qt here.

A `Scene` stays as long as the data, the model and the start do; a `Frame` is one moment of it. Both are
frozen, and what a frame shows depends on the traces and the cursor alone.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.experiment import Experiment
from engine.many_starts import ManyStarts
from gui.clock import clock_column
from gui.lane_frame import LaneFrame, LaneSource, lane_frame
from gui.pins import Pin
from gui.scene import Scene


@dataclass(frozen=True, eq=False)
class Frame:
    """One moment of the laboratory. `cursor` is in units of `clock`; `end` is the furthest it can go now."""

    scene: Scene
    experiment: Experiment
    lanes: tuple[LaneFrame, ...]
    cursor: float
    end: float
    clock: str
    vertical: str
    playing: bool
    best_known: float
    best_is_polished: bool
    show_truth: bool
    sentence: str = ""
    pins: tuple[Pin, ...] = ()
    ends: ManyStarts | None = None

    @property
    def components(self) -> int:
        return len(self.scene.start.weights)

    @property
    def weights_move(self) -> bool:
        """Whether there are weights that can go anywhere: a single one is 1, and some are held fixed."""
        return self.components > 1 and "weights" not in getattr(self.scene.model, "hold", ())


def resolve(
    scene: Scene,
    experiment: Experiment,
    sources: Sequence[LaneSource],
    cursor: float,
    playing: bool,
    polished: float | None = None,
    pins: tuple[Pin, ...] = (),
    ends: ManyStarts | None = None,
) -> Frame:
    """The frame at a cursor position, in units of the experiment's clock; every trace has entry 0."""
    show = experiment.show
    half = show.clock == "iteration" and not playing and cursor - math.floor(cursor) > 0.25
    lanes = tuple(lane_frame(scene, source, show.clock, cursor, half, playing) for source in sources)
    best = polished if polished is not None else _best_seen(lanes)
    end = max((float(clock_column(source.trace, show.clock)[-1]) for source in sources), default=0.0)
    return Frame(
        scene,
        experiment,
        lanes,
        cursor,
        end,
        show.clock,
        show.vertical,
        playing,
        best,
        polished is not None,
        show.truth,
        _sentence(lanes),
        pins,
        ends,
    )


def _best_seen(lanes: Sequence[LaneFrame]) -> float:
    return max((lane.curve.between(0, len(lane.curve))[1] for lane in lanes), default=-math.inf)


SAYS_ITSELF = ("left-constraints", "collapsed", "diverged", "iteration-limit", "time-limit")
"""Statuses whose reason is a verb with all that belongs to it: 'collapsed at 9: ...'."""


def _ending(lane: LaneFrame) -> str:
    """How a lane ended, in a sentence that names it once."""
    if lane.reason.startswith(lane.title):
        return lane.reason
    if lane.status in SAYS_ITSELF:
        return f"{lane.title} {lane.reason}"
    if lane.status == "stopped":
        return f"{lane.title}: {lane.reason}"
    return f"{lane.title} {lane.status} after {lane.iteration}: {lane.reason}"


def _sentence(lanes: Sequence[LaneFrame]) -> str:
    """The line that says in words what just happened: the newest event at the cursor, or the end."""
    said = []
    for lane in lanes:
        # Events stand in the order of their iterations, and there may be very many of them.
        newest = bisect_right(lane.events, lane.iteration, key=lambda each: each[0]) - 1
        here = newest >= 0 and lane.events[newest][0] == lane.iteration
        if lane.ended:
            said.append(_ending(lane))
        elif here:
            said.append(f"{lane.title} at {lane.iteration}: {lane.events[newest][1].detail}")
        elif lane.half:
            words = (
                "the E step is done; next, the M step moves the parameters"
                if lane.family == "em"
                else "the direction is known (arrows); next, the move"
            )
            said.append(f"{lane.title}: {words}")
    return "   |   ".join(said)
