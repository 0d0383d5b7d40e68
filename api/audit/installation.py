"""The audit of an installation: its database, its key, and where its heads are kept."""

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Engine

from api.audit.log import AuditLog, append, keep_head
from api.audit.schema import AUDIT
from api.audit.segments import drop_old, seal
from api.audit.verify import Verdict, verify
from api.database import migrate, open_database
from jobs_config.settings import Settings
from jobs_config.state import StateFolder

KEY = "audit_key"
COMMAND_LINE = "command line"


def open_audit(state: StateFolder, settings: Settings) -> AuditLog:
    """The audit, to write to."""
    return AuditLog(_engine(state, settings), _key(state), state.audit_heads, settings.audit_retention_days)


def verify_audit(state: StateFolder, settings: Settings) -> Verdict:
    """Whether it is as it was written."""
    engine = _engine(state, settings)
    try:
        return verify(engine, _key(state), state.audit_heads)
    finally:
        engine.dispose()


def prune_audit(state: StateFolder, settings: Settings) -> int:
    """Seal what there is and drop what is past its time; returns how many segments went."""
    engine, key = _engine(state, settings), _key(state)
    try:
        keep_head(engine, key, state.audit_heads)
        seal(engine, key)
        return drop_old(engine, key, settings.audit_retention_days)
    finally:
        engine.dispose()


@contextmanager
def audited_command(state: StateFolder, settings: Settings, what: str, path: str) -> Iterator[None]:
    """An action of somebody at the machine: written before it is done, and how it ended after."""
    engine, key = _engine(state, settings), _key(state)
    who = {"username": getpass.getuser(), "address": COMMAND_LINE, "request_id": "", "endpoint": what, "path": path}
    status = 500
    try:
        (intent,) = append(engine, key, [{**who, "kind": "intent", "at": _now(), "decision": "allowed"}])
        try:
            yield
            status = 200
        finally:
            ended = {"kind": "outcome", "request_id": "", "at": _now(), "intent_seq": intent, "status": status}
            append(engine, key, [ended])
            keep_head(engine, key, state.audit_heads)
    finally:
        engine.dispose()


def _engine(state: StateFolder, settings: Settings) -> Engine:
    # A request waits for its entry: the log of changes survives a killed process; the disk is waited for before a head is kept.
    engine = open_database(settings.control_url or state.audit_url, durability="NORMAL")
    migrate(engine, AUDIT)
    return engine


def _key(state: StateFolder) -> bytes:
    return bytes.fromhex(state.secret(KEY))


def _now() -> int:
    return time.time_ns() // 1000
