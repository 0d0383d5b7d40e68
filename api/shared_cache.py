"""Answers that several replicas of the API share, in Redis: what one has asked of the warehouse the others need not.

It only ever saves work. Where it does not answer at once it is left alone for a while, and the warehouse is asked.
"""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jobs_config.errors import ConfigError
from jobs_config.log_setup import log_event
from jobs_config.loopback import ADDRESSES
from warehouse.planner import Plan
from warehouse.publication import Publication

PASSWORD_VARIABLE = "BOOKSALES_CACHE_PASSWORD"  # noqa: S105  the name of the variable
# Changes when rows are written down in another way.
VERSION = 1
KEPT_SECONDS = 6 * 3_600
TIMEOUT_SECONDS = 0.25
SILENT_SECONDS = 5.0
MOST_BYTES = 1 << 20

MEANINGS: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}

Rows = list[dict[str, Any]]

logger = logging.getLogger(__name__)


class SharedAnswers:
    """Rows by publication, view and question, in a Redis server."""

    def __init__(self, url: str, password: str | None = None) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._failures: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._redis: Any = redis.Redis.from_url(
            url,
            password=password,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._silent_until = 0.0

    def find(self, publication: Publication, plan: Plan, view: str) -> Rows | None:
        """The rows, where somebody has left them."""
        text = self._asked("get", _key(publication, plan, view))
        try:
            return _read(text) if text else None
        except (ValueError, TypeError, KeyError) as error:
            log_event(logger, "api.shared_answer_unreadable", reason=str(error)[:200])
            return None

    def keep(self, publication: Publication, plan: Plan, view: str, rows: Rows) -> None:
        """Leave the rows for others, where they are not too many."""
        text = _written(rows)
        if len(text) <= MOST_BYTES:
            self._asked("set", _key(publication, plan, view), text, ex=KEPT_SECONDS)

    def close(self) -> None:
        """Let go of the server."""
        self._redis.close()

    def _asked(self, command: str, *parts: Any, **options: Any) -> Any:
        if time.monotonic() < self._silent_until:
            return None
        try:
            return getattr(self._redis, command)(*parts, **options)
        except self._failures as error:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            log_event(logger, "api.shared_cache_silent", reason=str(error)[:200])
            return None


def open_shared_answers(url: str) -> SharedAnswers | None:
    """The server of the setting, none where it names none. Raises ConfigError for one that answers would go to in the clear."""
    if not url:
        return None
    near = "|".join(map(re.escape, ADDRESSES))
    if not re.match(rf"rediss://|redis://([^@/]*@)?({near}|\[::1\])([:/]|$)", url):
        raise ConfigError(f"cache_url: use rediss:// for a server elsewhere, not {url!r}")
    return SharedAnswers(url, os.environ.get(PASSWORD_VARIABLE))


def _key(publication: Publication, plan: Plan, view: str) -> str:
    """All that the rows depend on: of another publication, installation, view or question they are others."""
    parts = repr((VERSION, publication, view, plan.sql, sorted(plan.parameters.items())))
    return f"booksales:{hashlib.sha256(parts.encode()).hexdigest()}"


def _written(rows: Rows) -> str:
    """JSON; what JSON has no word for is a pair of its kind and its text."""
    names = list(rows[0]) if rows else []
    return json.dumps({"names": names, "rows": [[_told(row[name]) for name in names] for row in rows]})


def _told(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, datetime | date):
        return ["datetime" if isinstance(value, datetime) else "date", value.isoformat()]
    raise TypeError(f"{type(value).__name__} cannot be shared")


def _read(text: bytes) -> Rows:
    kept = json.loads(text)
    return [dict(zip(kept["names"], map(_meant, row), strict=True)) for row in kept["rows"]]


def _meant(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, told = value
    return MEANINGS[kind](told)
