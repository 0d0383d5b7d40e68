"""The chain: each entry's hash is an HMAC over all that it says and the hash before it, so nothing changes alone."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

START = "0" * 64
# All but the hash itself.
FIELDS = (
    "seq", "kind", "at", "request_id", "intent_seq", "username", "role", "address", "method", "endpoint", "path", "decision",
    "status", "duration", "columns", "row_count", "publication", "prev_hash",
)  # fmt: skip
SEGMENT_FIELDS = ("first_seq", "last_seq", "last_at", "last_hash", "dropped_at")


def entry_hash(key: bytes, entry: Mapping[Any, Any]) -> str:
    """The hash that the entry must have."""
    return _mac(key, "entry", [entry[name] for name in FIELDS])


def segment_signature(key: bytes, segment: Mapping[Any, Any]) -> str:
    """The signature that a sealed segment's head must have; another one once its entries were dropped."""
    return _mac(key, "segment", [segment[name] for name in SEGMENT_FIELDS])


def anchor_mac(key: bytes, before: str, seq: int, entry_hash: str, at: int) -> str:
    """The code of an anchor, which follows the one before it."""
    return _mac(key, "anchor", [before, seq, entry_hash, at])


def _mac(key: bytes, what: str, values: list[Any]) -> str:
    # JSON tells a number from a text and ends every text, so no two entries read the same.
    text = json.dumps([what, *values], ensure_ascii=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
