"""Crashes and faults at named points: the events that a run logs are the points, so nothing in the product knows of them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Killed(BaseException):
    """The process is gone: nothing that handles errors handles it."""


class _Handler(logging.Handler):
    """Notes the points that a run passes; calls `at_point` at the first that is `point`, `afterwards` at all that follow."""

    def __init__(
        self, point: str, at_point: Callable[[], object], afterwards: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(logging.INFO)
        self._point, self._at_point, self._afterwards = point, at_point, afterwards
        self._is_reached = False
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("spark_jobs"):
            return
        if self._is_reached:
            self._afterwards()
        fields = getattr(record, "fields", {})
        what = fields.get("table") or fields.get("job") or fields.get("step") or ""
        self.seen.append(f"{record.getMessage()} {what}".strip())
        if not self._is_reached and self.seen[-1] == self._point:
            self._is_reached = True
            self._at_point()


@contextmanager
def crash_at(point: str) -> Iterator[list[str]]:
    """Let the block die when a run logs `point` (event, then table, job or step); gives the points that were passed.

    An empty point crashes nowhere, and so lists all there are.
    """

    def die() -> None:
        raise Killed(point)

    # Once is dead: what other threads still say is not heard.
    with _listening(_Handler(point, die, afterwards=die)) as seen:
        yield seen


@contextmanager
def fault_at(point: str, fault: Callable[[], object]) -> Iterator[list[str]]:
    """Let something happen when a run logs `point` for the first time; gives the points that were passed."""
    with _listening(_Handler(point, fault)) as seen:
        yield seen


@contextmanager
def _listening(handler: _Handler) -> Iterator[list[str]]:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield handler.seen
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
