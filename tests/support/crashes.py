"""Crashes and faults at named points: the events that a run logs are the points, so nothing in the product knows of them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Killed(BaseException):
    """The process is gone: nothing that handles errors handles it."""


class _Handler(logging.Handler):
    def __init__(self, point: str = "", fault: Callable[[], object] | None = None) -> None:
        super().__init__(logging.INFO)
        self.point = point
        self.fault = fault
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("spark_jobs"):
            return
        # Once is dead: what other threads still say is not heard.
        if self.point and self.point in self.seen and self.fault is None:
            raise Killed(self.point)
        fields = getattr(record, "fields", {})
        what = fields.get("table") or fields.get("job") or fields.get("step") or ""
        said = f"{record.getMessage()} {what}".strip()
        is_first = said not in self.seen
        self.seen.append(said)
        if said == self.point and self.fault is None:
            raise Killed(self.point)
        if said == self.point and self.fault is not None and is_first:
            self.fault()


@contextmanager
def crash_at(point: str) -> Iterator[list[str]]:
    """Let the block die when a run logs `point` (event, then table, job or step); gives the points that were passed.

    An empty point crashes nowhere, and so lists all there are.
    """
    with _listening(_Handler(point)) as seen:
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
