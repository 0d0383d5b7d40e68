"""Ends questions that take too long: one thread looks after all that are being asked."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# An interrupt is lost where it comes before the work has begun, so it is said again.
AGAIN_SECONDS = 0.05


@dataclass(order=True)
class _Due:
    at: float
    number: int
    interrupt: Callable[[], None] = field(compare=False)
    is_over: bool = field(default=False, compare=False)


class Deadlines:
    """Interrupts what is still going on when its time is over."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[_Due] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call `interrupt`, from another thread and perhaps several times, once the block has gone on for so long; never after it."""
        due = _Due(time.monotonic() + seconds, next(self._numbers), interrupt)
        with self._changed:
            self._start()
            heapq.heappush(self._due, due)
            if self._due[0] is due:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                due.is_over = True

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        with self._changed:
            while True:
                wait = self._due[0].at - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                due = heapq.heappop(self._due)
                if not due.is_over:
                    due.interrupt()
                    due.at = time.monotonic() + AGAIN_SECONDS
                    heapq.heappush(self._due, due)
