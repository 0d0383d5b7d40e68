"""Whether the audit is as it was written: the chain, the heads of its segments, and the heads kept outside the database."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from api.audit.anchors import AnchorError, read_anchors
from api.audit.chain import START, entry_hash, segment_signature
from api.audit.schema import ENTRY
from api.audit.segments import Segment, segments

MOST_FAULTS = 20
AT_ONCE = 5_000
LONGEST_WITHOUT_ANCHOR = 600


@dataclass
class Verdict:
    """What was looked at and what was found; sound where there is no fault."""

    entries: int = 0
    segments: int = 0
    anchors: int = 0
    newest_seq: int = 0
    anchored_seq: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.faults

    def found(self, fault: str) -> None:
        """Note a fault; after many the rest says nothing new."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def verify(engine: Engine, key: bytes, anchors: Path) -> Verdict:
    """Compare every entry, segment and kept head with what it must be."""
    verdict = Verdict()
    heads = _anchored(verdict, key, anchors)
    with engine.connect() as connection:
        seq, before = _segments(verdict, key, segments(connection), heads)
        oldest = time.time()
        for entry in _entries(connection):
            oldest = min(oldest, entry["at"] / 1e6)
            seq += 1
            if entry["seq"] != seq:
                verdict.found(f"entry {seq} is missing: {entry['seq']} follows {seq - 1}")
                seq = entry["seq"]
            elif entry["prev_hash"] != before:
                verdict.found(f"entry {seq} does not follow the one before it")
            if entry["hash"] != entry_hash(key, entry):
                verdict.found(f"entry {seq} is not as it was written")
            if heads.pop(seq, entry["hash"]) != entry["hash"]:
                verdict.found(f"entry {seq} differs from the head kept outside the database")
            before = entry["hash"]
            verdict.entries += 1
        _ends(verdict, connection, seq)
    verdict.newest_seq = seq
    if not verdict.anchors and verdict.entries and oldest < time.time() - LONGEST_WITHOUT_ANCHOR:
        verdict.found(f"{anchors}: no head is kept outside the database, although the audit is not new")
    for missing in heads:
        verdict.found(f"entry {missing}, kept as head outside the database, is not there: the end was cut off")
    return verdict


def _anchored(verdict: Verdict, key: bytes, anchors: Path) -> dict[int, str]:
    try:
        found = read_anchors(anchors, key)
    except AnchorError as error:
        verdict.found(str(error))
        return {}
    verdict.anchors, verdict.anchored_seq = len(found), found[-1].seq if found else 0
    return {anchor.seq: anchor.hash for anchor in found}


def _segments(verdict: Verdict, key: bytes, found: list[Segment], heads: dict[int, str]) -> tuple[int, str]:
    """Where the kept entries must begin: after the segments that were dropped. Takes their heads out of those to be found."""
    seq, before = 0, START
    is_kept = False
    for segment in found:
        verdict.segments += 1
        if segment["signature"] != segment_signature(key, segment):
            verdict.found(f"the head of the segment from {segment['first_seq']} is not as it was signed")
        if segment["dropped_at"] is None:
            is_kept = True
            continue
        if is_kept or segment["first_seq"] != seq + 1:
            verdict.found(f"the segment from {segment['first_seq']} does not follow the one before it")
        seq, before = segment["last_seq"], segment["last_hash"]
        if heads.pop(seq, before) != before:
            verdict.found(f"the segment to {seq} differs from the head kept outside the database")
    for dropped in [number for number in heads if number <= seq]:
        # In the middle of what was dropped: only the segment's own head is left to compare with.
        del heads[dropped]
    return seq, before


def _ends(verdict: Verdict, connection: Connection, seq: int) -> None:
    """Kept segments end in entries that are there and as they were."""
    for segment in segments(connection):
        if segment["dropped_at"] is None:
            last = connection.execute(sa.select(ENTRY.c.hash).where(ENTRY.c.seq == segment["last_seq"])).scalar()
            if last != segment["last_hash"]:
                verdict.found(f"the segment to {segment['last_seq']} does not end as it was sealed")


def _entries(connection: Connection) -> Iterator[Any]:
    result = connection.execution_options(yield_per=AT_ONCE).execute(sa.select(ENTRY).order_by(ENTRY.c.seq))
    yield from result.mappings()
