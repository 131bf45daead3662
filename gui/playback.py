"""Playing: where the cursor stands on the clock, how it moves, and how far the engines may compute."""

import math

from engine.errors import InputError
from engine.trace import Trace
from gui.clock import clock_column, iteration_at
from gui.race import Race

LOOK_AHEAD = 2
WAIT_SECONDS = 0.03


class Playback:
    """The cursor over a race's traces, in units of a clock: 'iteration', 'passes' or 'cpu' (seconds).

    Engines compute ahead and the cursor plays back, at `speed` iterations a second (0: flat out). A step
    that the engines have not reached yet is a goal that `tick` approaches.
    """

    def __init__(self) -> None:
        self.race: Race | None = None
        self.clock = "iteration"
        self.speed = 6.0
        self.cursor = 0.0
        self.playing = False
        self._goal: float | None = None

    def load(self, race: Race) -> None:
        """Another race, with the cursor at its start; what was playing goes on playing."""
        self.race, self.cursor, self._goal = race, 0.0, None
        race.wait_for_entries(0, WAIT_SECONDS)
        self.allow()

    def rewind(self) -> None:
        """The cursor back to the start, because a lane begins anew; what was playing goes on."""
        self.cursor, self._goal = 0.0, None
        self.allow()

    def stop_at_start(self) -> None:
        """The cursor back to the start, and nothing plays."""
        self.playing = False
        self.rewind()

    def use_clock(self, clock: str) -> None:
        """Another clock; the cursor stands where the furthest lane stood."""
        if clock == self.clock or self.race is None:
            self.clock = clock
            return
        begun = [trace for trace in self.race.traces if trace.count]
        at = [(trace, iteration_at(trace, self.clock, self.cursor)) for trace in begun]
        self.clock = clock
        self.cursor = max((float(clock_column(trace, clock)[place]) for trace, place in at), default=0.0)

    def toggle(self) -> None:
        """Plays or pauses; at the very end it plays again from the start."""
        if self.race is None:
            return
        self.playing = not self.playing
        self._goal = None
        if self.playing and self.race.ended and self.cursor >= self.reachable() - 1e-9:
            self.cursor = 0.0
        if self.clock == "iteration":
            self.cursor = float(math.floor(self.cursor + 1e-9))
        self.allow()

    def step(self) -> None:
        """One whole iteration on (or the rest of a half one)."""
        self._go(math.floor(self.cursor + 1e-9) + 1.0 if self.clock == "iteration" else self._beside(1))

    def half_step(self) -> None:
        """Half an iteration on: the E half, or the direction; then the rest."""
        halves = math.floor(2 * self.cursor + 1e-9) + 1.0
        self._go(halves / 2 if self.clock == "iteration" else self._beside(1))

    def step_back(self) -> None:
        """One iteration (or half of one) back."""
        if self.clock != "iteration":
            self._go(self._beside(-1))
            return
        whole = math.floor(self.cursor + 1e-9)
        self._go(float(whole if self.cursor - whole > 0.25 else max(0, whole - 1)))

    def reset(self) -> None:
        """Back to the same start."""
        self._go(0.0)

    def move_to(self, at: float) -> None:
        """The cursor to a position of the clock; playing goes on from there."""
        at = min(max(0.0, at), self.end())
        self._goal = None
        self.cursor = float(round(at)) if self.clock == "iteration" and not self.playing else at
        self.allow()

    def move_to_iteration(self, iteration: int | None) -> None:
        """To an iteration of the longest lane (None: its last); raises InputError beyond it."""
        assert self.race is not None
        longest = max(self.race.traces, key=lambda trace: trace.count)
        last = longest.count - 1
        if iteration is None:
            iteration = last
        if not 0 <= iteration <= last:
            raise InputError(f"There is no iteration {iteration}: the longest lane ends at {last}.")
        self._goal = None
        self.cursor = float(clock_column(longest, self.clock)[iteration])

    def tick(self, seconds: float) -> None:
        """Moves the cursor by what is played in `seconds`, no further than the engines have come."""
        if self.race is None:
            return
        if not self.playing:
            self._approach_goal()
            return
        # Asked before how far the lanes have come: they may come to their end in between.
        ended, reachable = self.race.ended, self.reachable()
        wanted = math.inf if self.speed == 0 else self.cursor + self.speed * seconds * self._unit()
        # A cursor that stands beyond what a restarted lane has reached goes back and waits there.
        self.cursor = min(max(wanted, self.cursor), reachable)
        if ended and self.cursor >= reachable:
            self.playing = False

    def reachable(self) -> float:
        """How far the cursor may go now: no further than the slowest lane that is still at work."""
        assert self.race is not None
        traces = self.race.traces
        if any(trace.count == 0 for trace in traces):
            return 0.0
        waiting = [self._last(trace) for trace in traces if not trace.ended]
        return min(waiting) if waiting else max(self._last(trace) for trace in traces)

    def end(self) -> float:
        """The clock at the furthest entry of any lane."""
        if self.race is None:
            return 0.0
        return max((self._last(trace) for trace in self.race.traces if trace.count), default=0.0)

    def allow(self) -> None:
        """Tells the engines how far they may compute: without end while playing, else a little ahead."""
        if self.race is None:
            return
        if self.playing:
            self.race.allow(math.inf)
        elif self.clock == "iteration":
            here = self.cursor if self._goal is None else max(self.cursor, self._goal)
            self.race.allow(math.ceil(here) + LOOK_AHEAD)
        else:
            self.race.allow(max(trace.count - 1 for trace in self.race.traces) + LOOK_AHEAD)

    def _go(self, goal: float) -> None:
        if self.race is None:
            return
        self.playing, self._goal = False, goal
        self.allow()
        if self.clock == "iteration":
            self.race.wait_for_entries(math.ceil(goal), WAIT_SECONDS)
        self._approach_goal()

    def _approach_goal(self) -> None:
        assert self.race is not None
        if self._goal is None:
            return
        ended, reachable = self.race.ended, self.reachable()
        if self._goal <= reachable or ended:
            self.cursor, self._goal = min(self._goal, reachable), None

    def _beside(self, direction: int) -> float:
        """The next or previous entry of any lane on the present clock."""
        assert self.race is not None
        found = [0.0] if direction < 0 else []
        for trace in self.race.traces:
            column = clock_column(trace, self.clock)
            if not len(column):
                # Its engine is still to take its first turn.
                continue
            here = iteration_at(trace, self.clock, self.cursor)
            before_cursor = column[here] < self.cursor - 1e-12
            place = here if direction < 0 and before_cursor else here + direction
            if 0 <= place < len(column):
                found.append(float(column[place]))
        return (max(found) if direction < 0 else min(found)) if found else self.end()

    def _unit(self) -> float:
        """One iteration in units of the clock, for the speed of play."""
        assert self.race is not None
        if self.clock != "cpu":
            return 1.0
        costs = [self._last(trace) / trace.count for trace in self.race.traces if trace.count > 1]
        return max(min(costs), 1e-9) if costs else 1e-4

    def _last(self, trace: Trace) -> float:
        return float(clock_column(trace, self.clock)[-1])
