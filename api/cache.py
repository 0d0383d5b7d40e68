"""Answers kept in memory by publication, view and question: always fresh, never another's, and nothing to clear."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from api.shared_cache import SharedAnswers
from jobs_config.machine import MEGABYTE
from warehouse.planner import Plan
from warehouse.warehouses import Reading

Rows = list[dict[str, Any]]
Key = tuple[int, str, str, tuple[tuple[str, object], ...]]
Answer = TypeVar("Answer")

DEFAULT_BYTES = 64 * MEGABYTE
# A row's dictionary and list slot, and what a value takes at least.
ROW_BYTES, SAMPLE_ROWS = 120, 50


@dataclass
class Counts:
    """What the cache has done since it was made."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    shared: int = 0


class AnswerCache:
    """The latest answers, up to a number of bytes. Ten callers with one question ask the warehouse once.

    With `shared` an answer that another replica has had is taken from there.
    """

    def __init__(self, most_bytes: int = DEFAULT_BYTES, shared: SharedAnswers | None = None) -> None:
        self.counts = Counts()
        self._shared = shared
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, Future[Any]] = OrderedDict()
        self._sizes: dict[Key, int] = {}

    @property
    def bytes_used(self) -> int:
        """What the kept answers take, about."""
        return self._bytes

    def rows(self, reading: Reading, plan: Plan, view: str = "") -> Rows:
        """The plan's rows in that generation for all who see the same. They are shared: do not change them."""
        key = (reading.publication.generation, view, plan.sql, tuple(sorted(plan.parameters.items())))
        return self.answer(key, lambda: self._asked(reading, plan, view), lambda rows: rows)

    def answer(self, key: Key, ask: Callable[[], Answer], rows_of: Callable[[Answer], Rows]) -> Answer:
        """What is kept under the key, else what `ask` answers; how much it takes is told by its rows."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                self.counts.misses += 1
                mine: Future[Answer] = Future()
                self._answers[key] = mine
            else:
                self.counts.hits += 1
                self._answers.move_to_end(key)
        if answer is not None:
            found: Answer = answer.result()
            return found
        try:
            mine.set_result(ask())
        except BaseException as error:
            with self._lock:
                del self._answers[key]
            mine.set_exception(error)
            raise
        self._keep(key, rows_of(mine.result()))
        return mine.result()

    def close(self) -> None:
        """Let go of what is shared."""
        if self._shared is not None:
            self._shared.close()

    def _asked(self, reading: Reading, plan: Plan, view: str) -> Rows:
        if self._shared is None:
            return reading.rows(plan.sql, plan.parameters)
        found = self._shared.find(reading.publication, plan, view)
        if found is not None:
            self.counts.shared += 1
            return found
        rows = reading.rows(plan.sql, plan.parameters)
        self._shared.keep(reading.publication, plan, view, rows)
        return rows

    def _keep(self, key: Key, rows: Rows) -> None:
        size = _size(key, rows)
        with self._lock:
            self._sizes[key] = size
            self._bytes += size
            for oldest in list(self._answers):
                if self._bytes <= self._most_bytes:
                    return
                # What is still being asked for has no size yet, and somebody waits for it.
                if oldest in self._sizes:
                    self._bytes -= self._sizes.pop(oldest)
                    del self._answers[oldest]
                    self.counts.evictions += 1


def _size(key: Key, rows: Rows) -> int:
    """Bytes that an answer takes: values of the first rows are measured, the others are taken to be alike."""
    sample = rows[:SAMPLE_ROWS]
    values = sum(sys.getsizeof(value) for row in sample for value in row.values())
    names = sum(8 + 16 for row in sample for _ in row)
    per_row = ROW_BYTES + (values + names) / len(sample) if sample else 0
    return round(len(key[2]) + 1_000 + per_row * len(rows))
