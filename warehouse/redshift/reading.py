"""Reading from Redshift: one publication for as long as answers must agree, from a pool of connections.

A reading is one read transaction, which finds what serves and sees one snapshot in all its queries: an incremental
publication meanwhile changes nothing for it, and a whole one builds other tables than those that it reads by name.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from warehouse.publication import NoAnswerError, NoPublicationError, PublicationGoneError, QuestionTimeoutError, gone
from warehouse.redshift import record
from warehouse.redshift.explaining import WarehouseError, explained, fields_of, is_lost_connection
from warehouse.redshift.layout import in_schema
from warehouse.redshift.statements import Statements

SERVING = (
    "select publication.* from ops.serving inner join ops.publication on serving.generation = publication.generation"
)
# What a rollback has taken back is newer than what serves, and nobody reads it.
EARLIER = (
    "select publication.* from ops.publication cross join ops.serving "
    "where publication.generation = $generation and publication.generation <= serving.generation"
)
UNDEFINED_TABLE, UNDEFINED_SCHEMA, QUERY_CANCELED = "42P01", "3F000", "57014"
NOTHING = "nothing is published yet; run `booksales reload`"


class Pool:
    """Connections that are kept open between readings; `most` at once, others wait `wait_seconds` for their turn."""

    def __init__(self, connect: Callable[[], Statements], most: int, wait_seconds: float = 30) -> None:
        self._connect, self._wait_seconds = connect, wait_seconds
        self._idle: queue.LifoQueue[Statements] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(most)

    def take(self) -> Statements:
        """A connection of one's own until it is given back. Raises NoAnswerError where none comes free."""
        if not self._places.acquire(timeout=self._wait_seconds):
            raise NoAnswerError(f"every connection to the warehouse has been busy for {self._wait_seconds:g} s")
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        try:
            return self._connect()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, statements: Statements, is_broken: bool = False) -> None:
        """Let another have the connection, or close it where it is of no use."""
        if is_broken:
            statements.close()
        else:
            self._idle.put(statements)
        self._places.release()

    def drop_idle(self) -> None:
        """Close what nobody uses: after one broke, those beside it are most likely broken too."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()


class RedshiftReading:
    """One publication, held by a transaction until it is let go of. Safe to call from several threads."""

    def __init__(self, pool: Pool, label: str = "", generation: int | None = None) -> None:
        self._pool = pool
        self._released = False
        self._statements, row = _begun(pool, label, generation)
        self._star: str = row["star"]
        self.publication = record.read_publication(row)

    @property
    def serving_file(self) -> None:
        """There is none: who asks in SQL signs in to Redshift, where roles and policies narrow what is seen."""
        return None

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer as one dict per row; money as Decimal. SQL names tables of schema analytics, parameters `$name`.

        Raises QuestionTimeoutError, NoAnswerError.
        """
        try:
            return self._statements.rows(in_schema(sql, self._star), parameters)
        except Exception as error:
            self.release(is_broken=True)
            if fields_of(error).get("C") == QUERY_CANCELED:
                raise QuestionTimeoutError("the question took too long and was ended; ask for less at once") from error
            raise NoAnswerError(str(explained(error, "the warehouse did not answer"))) from error

    def release(self, is_broken: bool = False) -> None:
        """Let go of the publication; calling it again does nothing."""
        if self._released:
            return
        self._released = True
        try:
            if not is_broken:
                # Not a rollback: after one the driver closes every statement that it has prepared.
                self._statements.run("commit")
        except Exception:
            is_broken = True
        self._pool.give_back(self._statements, is_broken)


def _begun(pool: Pool, label: str, generation: int | None) -> tuple[Statements, dict[str, Any]]:
    """A transaction and the publication in its snapshot. A connection that broke while it was idle is replaced once."""
    try:
        return _asked(pool, label, generation)
    except Exception as error:
        if not is_lost_connection(error):
            raise _told(error) from error
    pool.drop_idle()
    try:
        return _asked(pool, label, generation)
    except Exception as error:
        raise _told(error) from error


def _asked(pool: Pool, label: str, generation: int | None) -> tuple[Statements, dict[str, Any]]:
    statements = _taken(pool)
    try:
        row = _publication(statements, label, generation)
        if row is None:
            statements.run("commit")
    except Exception:
        pool.give_back(statements, is_broken=True)
        raise
    if row is None:
        pool.give_back(statements)
        raise NoPublicationError(NOTHING) if generation is None else PublicationGoneError(gone(generation))
    return statements, row


def _taken(pool: Pool) -> Statements:
    try:
        return pool.take()
    except WarehouseError as error:
        raise NoAnswerError(str(error)) from error


def _publication(statements: Statements, label: str, generation: int | None) -> dict[str, Any] | None:
    statements.run("begin read only")
    if label:
        # For this transaction only: the next reading has the connection under its own label.
        statements.rows("select set_config('query_group', $label, true)", {"label": label})
    if generation is None:
        return statements.row(SERVING)
    return statements.row(EARLIER, {"generation": generation})


def _told(error: Exception) -> Exception:
    if fields_of(error).get("C") in (UNDEFINED_TABLE, UNDEFINED_SCHEMA):
        return NoPublicationError(NOTHING)
    if isinstance(error, (NoAnswerError, NoPublicationError, PublicationGoneError)):
        return error
    return NoAnswerError(str(explained(error, "the warehouse cannot be read")))
