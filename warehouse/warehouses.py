"""The two verbs of a warehouse, publish and read, whichever database it is; and the one that a place names."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from warehouse.publication import Base, Pointer, Publication, TableExport

Describe = Callable[[int, int, date | None, date | None], Publication]


class Reading(Protocol):
    """One publication. Whoever holds it keeps reading it, whatever is published meanwhile, until it is released."""

    publication: Publication

    @property
    def serving_file(self) -> Path | None:
        """What people's own SQL is asked of; None where they ask the warehouse itself."""

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer as one dict per row; money as Decimal. SQL names tables of schema analytics and parameters `$name`.

        Raises QuestionTimeoutError, NoAnswerError.
        """

    def release(self) -> None:
        """Let go of what the warehouse keeps for this reading; calling it again does nothing."""


class Warehouse(Protocol):
    """Where gold is published to and read from. Raises PublicationError, NoPublicationError, DamagedPublicationError."""

    # Whether it is a server elsewhere: asking it costs, and a reading holds a connection.
    is_remote: bool

    def current(self, label: str = "") -> Reading:
        """The publication that serves. A server's own record of its queries has them under `label`."""

    def earlier(self, generation: int, label: str = "") -> Reading:
        """One that served before the one that serves and is kept, or that one itself. Raises PublicationGoneError."""

    def publish(
        self,
        exports: Mapping[str, TableExport],
        describe: Describe,
        ops_rows: Mapping[str, Sequence[Sequence[object]]],
        keep: int,
        report: Callable[[str], None] = ...,
        confirm: Callable[[], None] = ...,
        base: Base | None = None,
    ) -> Publication:
        """Publish gold tables as a new generation: readers see the old one, then the new one, and never a mix.

        `exports` maps every gold table to its files and totals; `describe` is called with the new generation's number, its count of
        sales and its first and last business date; `ops_rows` fills the other tables of schema ops; `keep` is how many can serve
        again; `confirm` raises when the caller may publish no more. With `base` only what differs from that generation is written.
        """

    def newest(self) -> Base | None:
        """The newest generation that a new one can start from, whether it serves or not."""

    def finish(self) -> Base | None:
        """The same, after what a killed publication left half done is finished. Call it as the only writer."""

    def newest_run(self) -> int:
        """The run that published last, 0 for none, known even where what it published cannot be read."""

    def kept(self) -> list[int]:
        """Generations that can serve, oldest first."""

    def serving(self) -> Pointer:
        """Which generation serves, and whether a rollback pins it. Raises NoPublicationError."""

    def roll_back(self, generation: int | None = None) -> Publication:
        """Make an earlier generation serve, and pin it. Raises RollbackError."""

    def resume(self) -> Publication:
        """Make the newest generation serve, and those that follow. Raises RollbackError."""

    def serve_only(self, publication: Publication) -> list[int]:
        """Make it serve, pinned or not, and remove every other generation that is kept; returns which."""

    def drop_old(self, keep: int, dry_run: bool = False) -> dict[int, int]:
        """Remove all but the newest `keep` and the one that serves: bytes by generation, as far as they are known."""

    def close(self) -> None:
        """Let go of connections that nobody uses."""


def open_warehouse(
    folder: Path,
    url: str = "",
    export_prefix: str = "",
    copy_role: str = "",
    connections: int = 8,
    question_seconds: float | None = None,
) -> Warehouse:
    """The warehouse at a URL; without one the embedded warehouse in a folder. Its driver is loaded only where it is needed.

    A question to a reading may take `question_seconds`, without end where they are none.
    Raises PublicationError for a URL that cannot be read.
    """
    if url:
        from warehouse.redshift.warehouse import Copying, RedshiftWarehouse

        return RedshiftWarehouse(url, Copying(export_prefix, copy_role), connections, question_seconds)
    from warehouse.embedded.warehouse import EmbeddedWarehouse

    return EmbeddedWarehouse(folder, question_seconds)
