"""Scratch memory, threads over blocks of rows, and the place where a long step may be paused."""

import itertools
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from engine.parameters import Array

T = TypeVar("T")

ROWS_WORTH_A_THREAD = 50_000
_pool_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


def _shared_pool() -> ThreadPoolExecutor:
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="blocks")
        return _pool


def _no_checkpoint() -> None:
    return None


class Workspace:
    """Belongs to one lane. Its buffers and its clock never change a result.

    `checkpoint` is called between blocks and may wait or raise; `helper_checkpoint` is called by the threads that
    help, between theirs, and may wait; `helper_nanoseconds` is the CPU time that
    threads other than the lane's own spent for it.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.checkpoint: Callable[[], None] = _no_checkpoint
        self.helper_checkpoint: Callable[[], None] = _no_checkpoint
        self.helper_nanoseconds = 0
        self._threads = threads if threads is not None else (os.cpu_count() or 1)
        self._buffers: dict[tuple[int, str, tuple[int, ...]], Array] = {}

    def buffer(self, name: str, shape: tuple[int, ...]) -> Array:
        """Uninitialised memory of this shape, the same at every call from the same thread."""
        key = (threading.get_ident(), name, shape)
        found = self._buffers.get(key)
        if found is None:
            found = self._buffers[key] = np.empty(shape)
        return found

    def over_blocks(self, work: Callable[[int], T], count: int, rows: int) -> list[T]:
        """`work(0)` ... `work(count - 1)`, in threads where it pays; the list keeps the blocks' order.

        The caller's thread works too and stops at `checkpoint` between its blocks. Because results are
        listed by block, sums over them do not depend on the number or timing of threads.
        """
        helpers = min(self._threads - 1, count - 1) if rows >= ROWS_WORTH_A_THREAD else 0
        if helpers <= 0:
            results = []
            for index in range(count):
                if index:
                    self.checkpoint()
                results.append(work(index))
            return results
        found: dict[int, T] = {}
        queue = itertools.count()
        abandoned = threading.Event()

        def drain() -> int:
            started = time.thread_time_ns()
            while not abandoned.is_set() and (index := next(queue)) < count:
                found[index] = work(index)
                self.helper_checkpoint()
            return time.thread_time_ns() - started

        tasks = [_shared_pool().submit(drain) for _ in range(helpers)]
        try:
            while (index := next(queue)) < count:
                found[index] = work(index)
                self.checkpoint()
        except BaseException:
            abandoned.set()
            raise
        finally:
            # A helper task that never started has no share in the work and none in the clock.
            self.helper_nanoseconds += sum(task.result() for task in tasks if not task.cancel())
        return [found[index] for index in range(count)]
