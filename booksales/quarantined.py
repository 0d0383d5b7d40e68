"""What is aside, for people: counts, single records masked or in the clear, an export to be repaired, and what comes back of it.

Read without Spark, as verify does.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from cryptography.exceptions import InvalidTag

from booksales.lake_files import LakeFiles
from jobs_config.errors import ConfigError
from jobs_config.spreadsheets import FORMULA_STARTS
from jobs_config.state import StateFolder
from spark_jobs.extract.csv_batches import decrypted

COLUMNS = (
    "run_seq",
    "source",
    "table_name",
    "row_key",
    "reasons",
    "file_sha256",
    "record_number",
    "byte_start",
    "byte_end",
)
EXPORT_COLUMNS = ("row_key", "reasons", "record")
# A spreadsheet runs a text that begins so; the apostrophe is taken off again when the file comes back.
FORMULA = (*FORMULA_STARTS, "'")


@dataclass(frozen=True)
class Choice:
    """Which records are meant; what is left empty does not narrow."""

    source: str = ""
    run_seq: int | None = None
    reason: str = ""
    key: str = ""

    def condition(self) -> tuple[str, dict[str, object]]:
        """As SQL with bound parameters."""
        parts = {
            "source": ("source = $source", self.source),
            "run": ("run_seq = $run", self.run_seq),
            "reason": ("len(list_filter(reasons, reason -> contains(reason, $reason))) > 0", self.reason),
            "key": ("starts_with(row_key, $key)", self.key),
        }
        given = {name: part for name, part in parts.items() if part[1] not in ("", None)}
        return " and ".join(["true", *(sql for sql, _ in given.values())]), {
            name: said for name, (_, said) in given.items()
        }


class Quarantined:
    """The quarantine of one installation."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        self._lake = LakeFiles(state.lake)
        self._is_there = self._lake.exists("silver.quarantine")
        if self._is_there:
            self._connection.register("quarantined", self._lake.rows("silver.quarantine"))

    def close(self) -> None:
        self._connection.close()

    def counts(self, choice: Choice) -> list[dict[str, Any]]:
        """Records by source, table, run and reason, most first; a record with two reasons is in two of the counts."""
        where, bound = choice.condition()
        sql = (
            "select source, table_name, run_seq, reason, count(*) as record_count, min(row_key) as example "
            f"from (select *, unnest(reasons) as reason from quarantined where {where}) group by all "
            "order by record_count desc, source, reason"
        )
        return self._ask(sql, bound)

    def records(self, choice: Choice, limit: int | None = None) -> list[dict[str, Any]]:
        """Records with their place, reasons and, as `text`, what was delivered, in the clear, in order of their keys.

        Who calls this has it audited or masks it.
        """
        where, bound = choice.condition()
        names, most = ", ".join((*COLUMNS, "raw")), "" if limit is None else f" limit {limit}"
        found = self._ask(
            f"select {names} from quarantined where {where} order by source, table_name, row_key{most}", bound
        )
        for row in found:
            row["text"] = self._text(row.pop("raw"), row["file_sha256"])
        return found

    def headers_of(self, feed: str) -> dict[str, str]:
        """The headers of a feed's files by content hash, as the newest delivery of each has it; gone with the deliveries."""
        headers: dict[str, str] = {}
        for manifest in self._lake.manifests(feed):
            headers = {**manifest.get("headers", {}), **headers}
        return headers

    def _text(self, raw: str, sha256: str | None) -> bytes:
        if sha256 is None or not raw:
            return raw.encode()
        try:
            return decrypted(bytes.fromhex(raw), bytes.fromhex(self._state.secret("landing_key")))
        except InvalidTag:
            raise ConfigError(
                f"{self._state.root}/secrets/landing_key: is not the key that the records were encrypted with; put back a copy of it"
            ) from None

    def _ask(self, sql: str, bound: dict[str, object]) -> list[dict[str, Any]]:
        if not self._is_there:
            return []
        found = self._connection.execute(sql, bound)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def as_export(records: Sequence[tuple[str, Sequence[str], str]]) -> str:
    """Records as CSV to be repaired: key, reasons, and the record as it stood in its file."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(EXPORT_COLUMNS)
    for key, reasons, text in records:
        lines.writerow([_guarded(part) for part in (key, "; ".join(reasons), text)])
    return written.getvalue()


def read_export(path: Path) -> dict[str, str]:
    """Key to repaired record, of a file that `export` wrote. Raises ConfigError for any other."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: is no export of the quarantine: {error}") from error
    if not rows or tuple(rows[0]) != EXPORT_COLUMNS or any(len(row) != len(EXPORT_COLUMNS) for row in rows):
        raise ConfigError(f"{path}: is no export of the quarantine; its columns are {', '.join(EXPORT_COLUMNS)}")
    return {_unguarded(row[0]): _unguarded(row[2]) for row in rows[1:]}


def as_files(records: Mapping[str, bytes], quarantined: Quarantined, feed: str) -> dict[str, bytes]:
    """Files of the feed that hold these records, one for each header that their own files had.

    Raises ConfigError where the delivery of one of those files is gone.
    """
    headers, by_header = quarantined.headers_of(feed), defaultdict[str, list[bytes]](list)
    for key, text in records.items():
        sha256 = key.split("/")[0]
        if sha256 not in headers:
            raise ConfigError(
                f"the header of file {sha256[:12]} of feed {feed} is gone with its delivery (bronze_retention_days); correct the "
                "file itself and import it with --replaces"
            )
        by_header[headers[sha256]].append(text)
    return {
        f"replay-{number}.csv": _file(header, lines)
        for number, (header, lines) in enumerate(sorted(by_header.items()), 1)
    }


def _file(header: str, lines: Sequence[bytes]) -> bytes:
    return b"".join(line if line.endswith(b"\n") else line + b"\n" for line in (header.encode("latin-1"), *lines))


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def remove(paths: Sequence[Path]) -> None:
    """Take away files that hold records in the clear."""
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
