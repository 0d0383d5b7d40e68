"""One way to log: an event name and fields, the run id on every line; JSON in AWS, plain text on a terminal."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

_context: dict[str, object] = {}


class JsonLines(logging.Formatter):
    """One JSON object per line: at, level, logger, event, run and the event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "at": at,
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_context,
            **fields,
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class PlainLines(logging.Formatter):
    """`12:00:01 INFO job.finished table=silver.sale rows=10`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        fields = {**_context, **getattr(record, "fields", {})}
        text = f"{at} {record.levelname} {record.getMessage()} " + " ".join(
            f"{key}={value}" for key, value in fields.items()
        )
        return text + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def set_up_logging(as_json: bool, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every logger's lines to `stream` (standard error by default)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("py4j", "urllib3", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def bind_run(run_seq: int) -> None:
    """Put the run's number on every line from here on."""
    _context["run"] = run_seq


def log_event(logger: logging.Logger, event: str, **fields: object) -> None:
    """Log one event with its fields."""
    logger.info(event, extra={"fields": fields})
