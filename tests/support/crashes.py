"""Crashes at named points: the events that a run logs are the points, so nothing in the product knows of them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Killed(BaseException):
    """The process is gone: nothing that handles errors handles it."""


class _Handler(logging.Handler):
    def __init__(self, point: str = "") -> None:
        super().__init__(logging.INFO)
        self.point = point
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("spark_jobs"):
            return
        # Once is dead: what other threads still say is not heard.
        if self.point and self.point in self.seen:
            raise Killed(self.point)
        fields = getattr(record, "fields", {})
        what = fields.get("table") or fields.get("job") or fields.get("step") or ""
        self.seen.append(f"{record.getMessage()} {what}".strip())
        if self.seen[-1] == self.point:
            raise Killed(self.point)


@contextmanager
def crash_at(point: str) -> Iterator[list[str]]:
    """Let the block die when a run logs `point` (event, then table, job or step); gives the points that were passed.

    An empty point crashes nowhere, and so lists all there are.
    """
    root, handler = logging.getLogger(), _Handler(point)
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield handler.seen
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
