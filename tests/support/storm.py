"""A storm: writers that change a shop at the same time as something reads it, in transactions of any length and end."""

import itertools
import random as randoms
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Self

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection
from storm_writes import WRITES, Ground, Hand

# How transactions end and what they contain, beside the kinds of write.
ENDS = ("savepoint", "savepoint_rollback", "rollback", "prepared", "prepared_rollback")
PREPARED = frozenset({"prepared", "prepared_rollback"})
ALL_KINDS = frozenset({*WRITES, *ENDS})

SESSION = """
set lock_timeout to '500ms';
set statement_timeout to '30s';
set idle_in_transaction_session_timeout to 0;
set timezone to 'UTC';
"""
EXTENT = """
select
    (select min(sold_at) from sales_sale),
    (select max(sold_at) from sales_sale),
    (select max(id) from sales_sale),
    (select max(id) from books_book),
    (select max(id) from sales_customer),
    (select least(min(order_id), 0) from sales_sale)
"""
SERVER = """
select
    current_setting('max_prepared_transactions')::integer > 0,
    has_parameter_privilege('session_replication_role', 'set')
"""
# Another transaction was in the way; the writer undoes its own and goes on.
IN_THE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected, errors.UniqueViolation, errors.ForeignKeyViolation)
MOST_WRITES = 5
JOIN_SECONDS = 60


@dataclass(frozen=True)
class Write:
    """A committed change of one row."""

    kind: str
    table: str
    key: int


class Storm:
    """Writers on connections of their own, from `start` until `stop`, or within a `with` block.

    `counts` says how often each kind was committed (a write once for each row it changed) and how often transactions
    and savepoints ended in each way; `history` holds the committed writes. `kinds` chooses what may happen.
    Transactions last up to `longest_seconds`, most of them far less. The seed gives each writer the same choices, not the
    same interleaving. The role must own the tables and may set session_replication_role, as the embedded shop's owner.
    """

    def __init__(
        self,
        dsn: str,
        writers: int = 10,
        seed: int | None = None,
        kinds: Iterable[str] = ALL_KINDS,
        longest_seconds: float = 3.0,
        pause_seconds: float = 0.05,
    ) -> None:
        self.seed = randoms.randrange(2**32) if seed is None else seed
        self.kinds = frozenset(kinds)
        self.longest_seconds = longest_seconds
        self.pause_seconds = pause_seconds
        self.counts: Counter[str] = Counter()
        self.history: list[Write] = []
        self.stopping = threading.Event()
        self._dsn, self._writers = dsn, writers
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        if unknown := self.kinds - ALL_KINDS:
            raise ValueError(f"a storm has no kinds {sorted(unknown)}; it has {sorted(ALL_KINDS)}")
        if not self.kinds & WRITES.keys():
            raise ValueError("a storm needs a kind of write")

    def start(self) -> Self:
        sys.stdout.write(f"storm: seed {self.seed}, {self._writers} writers\n")
        ground = self._look_around()
        self._threads = [
            threading.Thread(target=self._run, args=(number, ground), name=f"storm-{number}", daemon=True)
            for number in range(self._writers)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """End the open transactions soon and wait for the writers. Raises what a writer failed with."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        still = [thread.name for thread in self._threads if thread.is_alive()]
        if still:
            raise TimeoutError(f"storm of seed {self.seed}: {still} did not end within {JOIN_SECONDS} s")
        if self._failures:
            raise RuntimeError(f"storm of seed {self.seed}: a writer failed") from self._failures[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for_every_kind(self, seconds: float = 60.0) -> None:
        """Go on until each active kind was committed. Raises TimeoutError that names those which were not."""
        until = time.monotonic() + seconds
        while missing := sorted(kind for kind in self.kinds if not self.counts[kind]):
            if self._failures or time.monotonic() > until:
                raise TimeoutError(
                    f"storm of seed {self.seed}: {missing} did not happen; {self._failures or self.counts}"
                )
            time.sleep(0.05)

    def committed(self, end: str, savepoints: Iterable[str], writes: Iterable[Write]) -> None:
        """A writer reports how a transaction ended, and what of it was committed."""
        with self._lock:
            self.counts.update([end, *savepoints])
            for write in writes:
                self.counts[write.kind] += 1
                self.history.append(write)

    def _look_around(self) -> Ground:
        """The shop's extent; kinds that the server does not allow are dropped or refused."""
        with closing(psycopg2.connect(self._dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(SERVER)
            has_prepared, may_bypass = cursor.fetchone()
            if not may_bypass:
                raise PermissionError("the storm's role may not set session_replication_role, which bypasses triggers")
            if not has_prepared:
                self.kinds -= PREPARED
            cursor.execute(EXTENT)
            # Orders are numbered downwards, away from those that others add.
            *extent, lowest_order = cursor.fetchone()
            return Ground(*extent, order_ids=itertools.count(lowest_order - 1, -1))

    def _run(self, number: int, ground: Ground) -> None:
        try:
            with closing(psycopg2.connect(self._dsn, application_name=f"storm-{number}")) as connection:
                Writer(self, connection, ground, randoms.Random(f"{self.seed}-{number}")).run()
        except BaseException as error:
            self._failures.append(error)


@dataclass
class Transaction:
    """What a transaction did so far: writes that no savepoint took back, how savepoints ended, keys taken to reinsert."""

    writes: list[Write]
    savepoints: list[str]
    taken: list[int]


class Writer:
    """One connection's transactions, one after the other."""

    def __init__(self, storm: Storm, connection: Connection, ground: Ground, random: randoms.Random) -> None:
        self._storm, self._connection, self._ground, self._random = storm, connection, ground, random
        self._kinds = [kind for kind in WRITES if kind in storm.kinds]
        self._weights = [WRITES[kind][1] for kind in self._kinds]
        self._number = itertools.count()

    def run(self) -> None:
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(SESSION)
        while not self._storm.stopping.wait(self._random.uniform(0, 2 * self._storm.pause_seconds)):
            try:
                self._transaction(self._end())
            except IN_THE_WAY:
                self._storm.committed("in_the_way", [], [])

    def _transaction(self, end: str) -> None:
        if end in PREPARED:
            self._connection.tpc_begin(f"storm-{self._connection.info.backend_pid}-{next(self._number)}")
        transaction = Transaction([], [], [])
        try:
            with self._connection.cursor() as cursor:
                self._write(Hand(cursor, self._random, self._ground, transaction.taken), transaction)
            self._finish(end)
        except BaseException:
            self._settle([], transaction.taken)
            (self._connection.tpc_rollback if end in PREPARED else self._connection.rollback)()
            raise
        writes = [] if end.endswith("rollback") else transaction.writes
        self._settle(writes, transaction.taken)
        self._storm.committed(end, transaction.savepoints if writes else [], writes)

    def _write(self, hand: Hand, transaction: "Transaction") -> None:
        """A few writes, some of them in savepoints, with pauses between them."""
        length, count = self._length(), self._random.randint(1, MOST_WRITES)
        for _ in range(count):
            (kind,) = self._random.choices(self._kinds, self._weights)
            savepoint = self._savepoint()
            if savepoint:
                hand.cursor.execute("savepoint step")
            changed = WRITES[kind][0](hand)
            if savepoint:
                hand.cursor.execute("release step" if savepoint == "savepoint" else "rollback to step")
            transaction.savepoints += [savepoint] if savepoint and changed else []
            if savepoint != "savepoint_rollback":
                transaction.writes += [Write(kind, table, key) for table, key in changed]
            self._storm.stopping.wait(length / count)

    def _savepoint(self) -> str:
        """How the next write's savepoint ends, empty for none. One that is kept gives its rows a subtransaction's id."""
        ends = [end for end in ("savepoint", "savepoint_rollback") if end in self._storm.kinds]
        return self._random.choice(ends) if ends and self._random.random() < 0.3 else ""

    def _finish(self, end: str) -> None:
        if end in PREPARED:
            self._connection.tpc_prepare()
            self._storm.stopping.wait(self._length())
            (self._connection.tpc_rollback if end == "prepared_rollback" else self._connection.tpc_commit)()
        elif end == "rollback":
            self._connection.rollback()
        else:
            self._connection.commit()

    def _end(self) -> str:
        ends = [kind for kind in ("rollback", *sorted(PREPARED)) if kind in self._storm.kinds]
        return self._random.choice(ends) if ends and self._random.random() < 0.25 else "commit"

    def _length(self) -> float:
        """None for most transactions, the longest for one in fifty."""
        chance = self._random.random()
        if chance < 0.02:
            return self._storm.longest_seconds
        return self._storm.longest_seconds * self._random.random() ** 3 if chance < 0.4 else 0.0

    def _settle(self, writes: list[Write], taken: list[int]) -> None:
        """Deleted keys may come back now, and so may those whose reinsertion was undone."""
        back = {write.key for write in writes if write.kind == "reinsert"}
        gone = [write.key for write in writes if write.kind in ("hard_delete", "untracked_delete")]
        sales = [write.key for write in writes if write.table == "sales_sale"]
        with self._ground.lock:
            self._ground.gone += [*gone, *(key for key in taken if key not in back)]
            self._ground.last_sale = max(self._ground.last_sale, *sales, 0)
