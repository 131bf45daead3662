"""Threads that drive runs: they take turns, wait at a gate while the window paints, and touch no Qt.

Engines that compute freely would hold the interpreter while the window wants to paint. So one engine at a
time computes, in turns of about a millisecond; at each tick the window closes a gate, takes its snapshot,
paints, and opens the gate again. One Condition serves pause, step and stop; nothing polls or sleeps.
"""

import threading
import time
import traceback
from collections import deque

from engine.objective import Problem
from engine.parameters import Parameters
from engine.run import Route, run
from engine.stopping import Stop
from engine.trace import Step, Trace

TURN_NANOSECONDS = 1_000_000
GATE_SECONDS = 0.05


class Abandoned(Exception):
    """Raised inside an engine that is to end at once, also in the middle of a long step."""


class Turns:
    """Who may compute: one engine at a time, first come first served, and none while the gate is closed."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self._waiting: deque[Engine] = deque()
        self._holder: Engine | None = None
        self._closed_at: float | None = None

    def close_gate(self) -> None:
        """Engines stop at their next check; they go on by themselves if the gate is forgotten for 50 ms."""
        self._closed_at = time.monotonic()

    def open_gate(self) -> None:
        """Lets the engines go on."""
        with self.condition:
            self._closed_at = None
            self.condition.notify_all()

    def wait_at_gate(self) -> None:
        """Comes back when the gate is open, or has been forgotten: for threads that help an engine in its turn."""
        if self._closed_at is None:
            return
        with self.condition:
            while (closed := self._closed_at) is not None and time.monotonic() - closed <= GATE_SECONDS:
                self.condition.wait(GATE_SECONDS)

    def acquire(self, engine: "Engine") -> None:
        """Waits for the engine's turn; raises Abandoned where the engine is to end."""
        with self.condition:
            self._waiting.append(engine)
            try:
                while not self._may_begin(engine):
                    self.condition.wait(GATE_SECONDS if self._closed_at is not None else None)
            finally:
                self._waiting.remove(engine)
                self.condition.notify_all()
            if engine.abandoned:
                raise Abandoned
            self._holder = engine

    def _may_begin(self, engine: "Engine") -> bool:
        if engine.abandoned:
            return True
        closed = self._closed_at
        open_now = closed is None or time.monotonic() - closed > GATE_SECONDS
        return open_now and self._holder is None and self._waiting[0] is engine

    def release(self, engine: "Engine") -> None:
        """Ends the engine's turn, if it has one."""
        with self.condition:
            if self._holder is engine:
                self._holder = None
                self.condition.notify_all()

    @property
    def gate_is_closed(self) -> bool:
        return self._closed_at is not None

    def wanted(self) -> bool:
        """Whether somebody else waits: another engine, or the window at the gate."""
        return self._closed_at is not None or bool(self._waiting)


class Engine:
    """One lane's thread. It appends to its trace up to `limit` iterations, and waits there for more."""

    def __init__(
        self,
        turns: Turns,
        problem: Problem,
        route: Route,
        start: Parameters,
        stop: Stop,
        trace: Trace,
        after: Step | None = None,
    ) -> None:
        self.trace = trace
        self.abandoned = False
        self._limit: float = 0
        self._turns = turns
        self._arguments = (problem, route, start, stop, after)
        self._turn_began = 0
        problem.checkpoint_with(self._between_blocks, turns.wait_at_gate)
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def begin(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def allow(self, iterations: float) -> None:
        """The engine may compute up to this iteration (infinity: to its end)."""
        if iterations == self._limit:
            return
        with self._turns.condition:
            self._limit = iterations
            self._turns.condition.notify_all()

    def abandon(self) -> None:
        """The engine ends at its next check; its thread is not waited for."""
        with self._turns.condition:
            self.abandoned = True
            self._turns.condition.notify_all()

    def join(self, seconds: float) -> bool:
        """Waits for the thread; whether it has ended."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def wait_for_entry(self, iteration: int, seconds: float) -> bool:
        """Waits until the trace has this entry or has ended; whether it has."""
        with self._turns.condition:
            return self._turns.condition.wait_for(
                lambda: self.trace.count > iteration or self.trace.ended or not self._thread.is_alive(),
                seconds,
            )

    def _work(self) -> None:
        problem, route, start, stop, after = self._arguments
        try:
            self._turns.acquire(self)
            self._turn_began = time.perf_counter_ns()
            for step in run(problem, route, start, stop, after):
                self.trace.append(step)
                if step.iteration >= self._limit:
                    self._wait_for_more(step)
                self._between_blocks()
        except Abandoned:
            pass
        except Exception as error:
            traceback.print_exc()
            self.trace.fail(f"stopped by a fault in the program: {error}")
        finally:
            self._turns.release(self)
            with self._turns.condition:
                self._turns.condition.notify_all()

    def _wait_for_more(self, step: Step) -> None:
        self._turns.release(self)
        with self._turns.condition:
            self._turns.condition.notify_all()
            self._turns.condition.wait_for(lambda: self.abandoned or step.iteration < self._limit)
        self._turns.acquire(self)
        self._turn_began = time.perf_counter_ns()

    def _between_blocks(self) -> None:
        if self.abandoned:
            raise Abandoned
        now = time.perf_counter_ns()
        if self._turns.wanted() and (now - self._turn_began > TURN_NANOSECONDS or self._turns.gate_is_closed):
            self._turns.release(self)
            self._turns.acquire(self)
            self._turn_began = time.perf_counter_ns()
