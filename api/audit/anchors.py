"""Heads of the chain kept outside the database: a cut tail, or a chain made anew, differs from them.

One line of JSON per head, appended and synced to disk; each line's code follows the one before it.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from api.audit.chain import START, anchor_mac


class AnchorError(Exception):
    """The file of heads was changed, or is no such file; the message says where."""


@dataclass(frozen=True)
class Anchor:
    """The entry that was the newest at a moment."""

    seq: int
    hash: str
    at: int
    mac: str


def append_anchor(path: Path, key: bytes, seq: int, entry_hash: str) -> None:
    """Keep a head, where it is newer than the last that is kept. Raises AnchorError for a file that was changed."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = _read(file.read(), path, key)
        if known and known[-1].seq >= seq:
            return
        at = int(time.time())
        mac = anchor_mac(key, known[-1].mac if known else START, seq, entry_hash, at)
        file.write(json.dumps(asdict(Anchor(seq, entry_hash, at, mac))) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_anchors(path: Path, key: bytes) -> list[Anchor]:
    """The heads that are kept, oldest first; none where nothing was ever kept. Raises AnchorError for a file that was changed."""
    return _read(path.read_text(), path, key) if path.exists() else []


def _read(text: str, path: Path, key: bytes) -> list[Anchor]:
    found: list[Anchor] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            anchor = Anchor(**json.loads(line))
            mac = anchor_mac(key, found[-1].mac if found else START, anchor.seq, anchor.hash, anchor.at)
        except (ValueError, TypeError) as error:
            raise AnchorError(f"{path}, line {number}: no anchor") from error
        if anchor.mac != mac or (found and anchor.seq <= found[-1].seq):
            raise AnchorError(f"{path}, line {number}: changed after it was written")
        found.append(anchor)
    return found
