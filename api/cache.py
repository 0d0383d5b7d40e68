"""Answers kept in memory by publication and question: always fresh, and nothing to clear when a publication comes."""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Any

from warehouse.duckdb_warehouse import Generation
from warehouse.planner import Plan

Rows = list[dict[str, Any]]
Key = tuple[int, str, str, tuple[tuple[str, object], ...]]

MOST_ROWS = 100_000


class AnswerCache:
    """The latest answers, up to a number of rows. Ten callers with one question ask the warehouse once."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._row_count = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, Future[Rows]] = OrderedDict()

    def rows(self, generation: Generation, plan: Plan, view: str = "") -> Rows:
        """The plan's rows in that generation for all who see the same. They are shared: do not change them."""
        key = (generation.publication.generation, view, plan.sql, tuple(sorted(plan.parameters.items())))
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                mine = self._answers[key] = Future()
            else:
                self._answers.move_to_end(key)
        if answer is not None:
            return answer.result()
        try:
            mine.set_result(generation.rows(plan.sql, plan.parameters))
        except BaseException as error:
            with self._lock:
                del self._answers[key]
            mine.set_exception(error)
            raise
        self._make_room(len(mine.result()))
        return mine.result()

    def _make_room(self, added: int) -> None:
        with self._lock:
            self._row_count += added + 1
            while self._row_count > self._most_rows and self._answers:
                oldest = next(iter(self._answers))
                if not self._answers[oldest].done():
                    return
                self._row_count -= len(self._answers.pop(oldest).result()) + 1
