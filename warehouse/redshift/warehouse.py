"""The two verbs on Redshift, publish and read, and what is asked before and after them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from warehouse.publication import (
    Base,
    NoPublicationError,
    Pointer,
    Publication,
    RollbackError,
    TableExport,
    to_roll_back_to,
)
from warehouse.redshift import grants, record
from warehouse.redshift.address import Address, parse_address
from warehouse.redshift.explaining import WarehouseError, explained
from warehouse.redshift.layout import columns_of_tables, create_views
from warehouse.redshift.publishing import Publishing
from warehouse.redshift.reading import Pool, RedshiftReading
from warehouse.redshift.statements import Statements
from warehouse.warehouses import Describe


@dataclass(frozen=True)
class Copying:
    """How files get in: the prefix on S3 that they are put below, and the role that COPY reads them with."""

    export_prefix: str
    role: str


class RedshiftWarehouse:
    """A star in Redshift. Nothing is connected to before it is needed."""

    # Also: who looked every other second for a new publication would keep a Serverless workgroup awake, and paid for.
    is_remote = True

    def __init__(
        self, place: str, copying: Copying, connections: int = 8, question_seconds: float | None = None
    ) -> None:
        self._address: Address = parse_address(place)
        self._copying = copying
        self._pool = Pool(lambda: Statements(self._address, question_seconds), connections)

    def current(self, label: str = "") -> RedshiftReading:
        """The serving publication, until it is released. Raises NoPublicationError, WarehouseError.

        `label` is in `sys_query_history.query_label` of every query of the reading.
        """
        return RedshiftReading(self._pool, label)

    def earlier(self, generation: int, label: str = "") -> RedshiftReading:
        """A build as it was last published, if it is older than the one that serves or is that one. Raises PublicationGoneError."""
        return RedshiftReading(self._pool, label, generation)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._pool.drop_idle()

    def publish(
        self,
        exports: Mapping[str, TableExport],
        describe: Describe,
        ops_rows: Mapping[str, Sequence[Sequence[object]]],
        keep: int,
        report: Callable[[str], None] = lambda _: None,
        confirm: Callable[[], None] = lambda: None,
        base: Base | None = None,
    ) -> Publication:
        """Publish gold tables as a new generation: readers see the old one until the commit, then the new one.

        As the embedded warehouse does; `keep` counts builds, since touched days are replaced in the newest one. Raises
        PublicationError.
        """
        return Publishing(
            self._address, self._copying.export_prefix, self._copying.role, exports, describe, ops_rows, keep,
            report, confirm, base,
        ).run()  # fmt: skip

    def newest(self) -> Base | None:
        """The newest generation, whether it serves or not; None where there is none, or what differs cannot be brought into it.

        It cannot while it is pinned, or where its tables are those of other contracts or another model: then the next publication
        builds a new one.
        """
        with self._session() as statements:
            if not record.is_prepared(statements):
                return None
            kept = record.builds(statements)
            if not kept or record.served(statements) == (kept[-1].generation, True):
                return None
            return kept[-1].base if _has_tables_of_today(statements, kept[-1].star) else None

    def finish(self) -> Base | None:
        """The newest generation. A publication here is one transaction, so there is nothing half done to finish."""
        with self._session() as statements:
            kept = record.builds(statements) if record.is_prepared(statements) else []
            return kept[-1].base if kept else None

    def newest_run(self) -> int:
        """The run that made the newest generation; 0 where there is none."""
        with self._session() as statements:
            return record.fence(statements)[0] if record.is_prepared(statements) else 0

    def kept(self) -> list[int]:
        """Generations that can serve, oldest first."""
        with self._session() as statements:
            prepared = record.is_prepared(statements)
            return [build.generation for build in record.builds(statements)] if prepared else []

    def serving(self) -> Pointer:
        """Which generation serves, and whether a rollback pins it. Raises NoPublicationError."""
        with self._session() as statements:
            kept = record.builds(statements) if record.is_prepared(statements) else []
            generation, pinned = record.served(statements) if kept else (0, False)
            made = next((build.base.publication for build in kept if build.generation == generation), None)
        if made is None:
            raise NoPublicationError(f"{self._address.text}: nothing is published yet; run `booksales reload`")
        return Pointer(generation, made.run_seq, pinned)

    def roll_back(self, generation: int | None = None) -> Publication:
        """Make an earlier build serve as it was last published, by default the one before, and pin it. Raises RollbackError."""
        with self._session() as statements:
            kept = {build.generation: build for build in record.builds(statements)}
            serving, _ = record.served(statements)
            return self._serve(statements, kept[to_roll_back_to(generation, serving, [*kept])], pinned=True)

    def resume(self) -> Publication:
        """Make the newest generation serve, and let publications take its place again. Raises RollbackError where none is kept."""
        with self._session() as statements:
            kept = record.builds(statements)
            if not kept:
                raise RollbackError(f"{self._address.text}: no generation is kept; `booksales publish` builds one")
            return self._serve(statements, kept[-1], pinned=False)

    def apply_permissions(self) -> int:
        """Set up roles, column grants, row-level security and masks; how many statements it took. Raises WarehouseError."""
        with self._session() as statements:
            if not record.is_prepared(statements) or not record.builds(statements):
                raise WarehouseError("there are no views to grant yet; publish first")
            with statements.transaction():
                grants.write_visible_keys(statements, record.builds(statements)[-1].star)
            return grants.apply(statements)

    def serve_only(self, publication: Publication) -> list[int]:
        """Make it serve, pinned or not, and drop every other build; returns the generations that are gone."""
        with self._session() as statements:
            kept = {build.generation: build for build in record.builds(statements)}
            self._serve(statements, kept[publication.generation], pinned=False)
            others = [build for number, build in kept.items() if number != publication.generation]
            for build in others:
                statements.run("delete from ops.publication where star = $star", {"star": build.star})
                statements.run(f"drop schema if exists {build.star} cascade")
            return [build.generation for build in others]

    def drop_old(self, keep: int, dry_run: bool = False) -> dict[int, int]:
        """Nothing: each publication drops the builds that it makes too many."""
        return {}

    def _serve(self, statements: Statements, build: record.Build, pinned: bool) -> Publication:
        with statements.transaction():
            statements.run("lock ops.fence")
            record.serve(statements, build.generation, pinned)
            for view in create_views(build.star):
                statements.run(view)
        return build.base.publication

    @contextmanager
    def _session(self) -> Iterator[Statements]:
        statements = Statements(self._address)
        try:
            yield statements
        except (RollbackError, WarehouseError):
            raise
        except Exception as error:
            raise explained(error, self._address.text) from error
        finally:
            statements.close()


def _has_tables_of_today(statements: Statements, star: str) -> bool:
    found = statements.rows(
        "select table_name, column_name from information_schema.columns where table_schema = $star", {"star": star}
    )
    there: dict[str, set[str]] = {}
    for row in found:
        there.setdefault(str(row["table_name"]), set()).add(str(row["column_name"]))
    return all(there.get(name) == columns for name, columns in columns_of_tables().items())
