"""Publishing to Redshift: files to S3, COPY beside what serves, checks, then one transaction for all that readers see.

A whole publication builds a new schema of tables, which nobody reads until the pointer names it. An incremental one loads what
differs into a schema of its own, and replaces touched days, changed dimensions and rollups in one transaction: readers keep the
snapshot that they have begun with. Whoever publishes locks `ops.fence`, so that one goes after the other; a run that is older than
the newest there is refused. A connection that broke at the commit is asked about at the fence: the run is done, or done again.
"""

import random
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from warehouse.ddl import gold_contracts, touched_rows, warehouse_columns
from warehouse.publication import Base, Publication, PublicationError, TableExport
from warehouse.redshift import checks, grants, record
from warehouse.redshift.address import Address
from warehouse.redshift.explaining import (
    UNCHANGED,
    WarehouseError,
    explained,
    is_lost_connection,
    is_serialization_failure,
)
from warehouse.redshift.files import ExportFolder
from warehouse.redshift.layout import (
    create_counts,
    create_rollup,
    create_star_views,
    create_table,
    create_views,
    fill_counts,
    fill_rollup,
    table_names,
)
from warehouse.redshift.loading import copy_role, load
from warehouse.redshift.statements import Statements
from warehouse.semantic import load_model
from warehouse.warehouses import Describe

MOST_TRIES = 6
FIRST_PAUSE_SECONDS = 0.5
CLEARING_MILLISECONDS = 60_000
STAR, STAGE = "star", "stage"
OURS = re.compile(rf"({STAR}_\d{{6,}}|{STAGE})_[0-9a-f]{{8}}")
TOUCHED = "touched"
UNKNOWN = "whether it was published is not known, the next run finds out"


@dataclass
class Publishing:
    """One publication under way."""

    address: Address
    export_prefix: str
    role: str
    exports: Mapping[str, TableExport]
    describe: Describe
    ops_rows: Mapping[str, Sequence[Sequence[object]]]
    keep: int
    report: Callable[[str], None]
    confirm: Callable[[], None]
    base: Base | None
    # Of this attempt alone: what a run left that was stopped, or is only asleep, never gets in its way.
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    _generation: int = 0

    def run(self) -> Publication:
        """Publish. Raises PublicationError, with nothing changed for readers, when something is wrong or a newer run has published."""
        role = copy_role(self.role)
        self._statements = Statements(self.address)
        try:
            record.prepare(self._statements)
            self._clear()
            self._generation = record.fence(self._statements)[1] + 1
            star = self._star()
            folder = ExportFolder(self.export_prefix, f"{self._generation:06d}_{self.token}")
            try:
                self._load(star, folder, role)
                published = self._commit(star)
            finally:
                with suppress(Exception):
                    folder.remove()
            self._clear_afterwards()
            return published
        except PublicationError:
            raise
        except Exception as error:
            self._refuse_if_overtaken(error)
            raise explained(error, f"{self.address.text}: {UNCHANGED}") from error
        finally:
            self._statements.close()

    def _refuse_if_overtaken(self, error: Exception) -> None:
        """A newer run takes away what an older one has built; then it is not the missing table that matters."""
        newest = (0, 0)
        with suppress(Exception):
            newest = record.fence(self._statements)
        if newest[1] >= self._generation > 0:
            raise PublicationError(f"run {newest[0]} has published since this one began; nothing is changed") from error

    def _star(self) -> str:
        """The schema whose tables this publication is to be: a new one, or that of the base."""
        if self.base is None:
            return f"{STAR}_{self._generation:06d}_{self.token}"
        found = [build for build in record.builds(self._statements) if build.generation == self.base.generation]
        if not found:
            raise WarehouseError(f"generation {self.base.generation} is not kept any more; {UNCHANGED}")
        return found[0].star

    @property
    def _stage(self) -> str:
        return f"{STAGE}_{self.token}"

    def _load(self, star: str, folder: ExportFolder, role: str) -> None:
        """COPY what is to be replaced: into the new star itself, or beside the one that there is. One transaction a table."""
        target = star if self.base is None else self._stage
        self._statements.run(f"create schema {target}")
        for contract in gold_contracts():
            if not self._differs(contract.name):
                continue
            export = self.exports[contract.name]
            self.report(f"loading {contract.name}")
            self._statements.run(create_table(contract, target))
            manifest = folder.manifest(contract, export)
            loaded = load(self._statements, f"{target}.{contract.name}", manifest, role) if manifest else 0
            if self.base is None and loaded != export.row_count:
                raise WarehouseError(
                    f"analytics.{contract.name} has {loaded} rows, the lake has {export.row_count}; {UNCHANGED}"
                )
        if self.base is None:
            self._build_rollups(star)
            self.report("checking the publication")
            checks.check(self._statements, star, self.exports)
        else:
            self._note_days()

    def _differs(self, table: str) -> bool:
        there = self.base.lake_versions if self.base else {}
        return there.get(table) != self.exports[table].lake_version

    def _build_rollups(self, star: str) -> None:
        model = load_model()
        for name in model.rollups_as_built:
            self.report(f"building {name}")
            self._statements.run(create_rollup(name, star, model))
            self._statements.run(fill_rollup(name, star, model))
        for statement in (*create_counts(star), *fill_counts(star)):
            self._statements.run(statement)
        for name in table_names():
            self._statements.run(f"analyze {star}.{name}")
        for view in create_star_views(star):
            self._statements.run(view)
        for grant in grants.read_star(self._statements, star):
            self._statements.run(grant)

    def _note_days(self) -> None:
        days = self.exports["fact_sales"].days
        self._statements.run(f"create table {self._stage}.{TOUCHED} (sale_date date) diststyle all")
        self._statements.insert(f"{self._stage}.{TOUCHED}", [[day] for day in days or ()])

    def _commit(self, star: str) -> Publication:
        """The one transaction; again after a collision, and after a connection that broke, unless it had got through."""
        is_lost = False
        for attempt in range(1, MOST_TRIES + 1):
            try:
                if is_lost:
                    # Closed first: one that is only half gone would go on holding the fence.
                    self._statements.close()
                    self._statements = Statements(self.address)
                return self._transaction(star)
            except Exception as error:
                # A connection that is refused comes explained; what others raise of theirs, as the ledger, is no word of Redshift.
                fault = (error.__cause__ or error) if isinstance(error, WarehouseError) else error
                is_lost = is_lost_connection(fault)
                if not is_lost and not is_serialization_failure(error):
                    raise
                if attempt == MOST_TRIES:
                    left = UNKNOWN if is_lost else UNCHANGED
                    raise explained(fault, f"{self.address.text}: {MOST_TRIES} tries; {left}") from error
                self.report(f"trying again after {type(error).__name__}")
                # Two that collided must not collide again, and a server that went away needs time to come back.
                time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError("the last try returns or raises")

    def _transaction(self, star: str) -> Publication:
        statements, generation = self._statements, self._generation
        with statements.transaction():
            # Before the first query: that is when the snapshot is taken, and it must hold what the one before us wrote.
            statements.run("lock ops.fence")
            newest_run, newest = record.fence(statements)
            if self.base is not None and newest == generation - 1:
                self._replace(star)
                self.report("checking the publication")
                checks.check(statements, star, self.exports, f"{self._stage}.{TOUCHED}")
            described = self.describe(generation, *checks.sales_span(statements, star))
            if newest_run == described.run_seq and newest == generation:
                return described
            if newest_run > described.run_seq or newest != generation - 1:
                raise PublicationError(
                    f"run {newest_run} has published since run {described.run_seq} began; nothing is changed"
                )
            self._record(star, described)
            self.report("moving the publication into place")
            self.confirm()
            self.report("committing")
        self.report("published")
        return described

    def _replace(self, star: str) -> None:
        """What differs takes the place of what there was. DELETE, never TRUNCATE: that would commit."""
        fact = self.exports["fact_sales"]
        for contract in gold_contracts():
            if not self._differs(contract.name):
                continue
            table, in_part = f"{star}.{contract.name}", self.exports[contract.name].days is not None
            days = f" where sale_date in (select sale_date from {self._stage}.{TOUCHED})" if in_part else ""
            columns = ", ".join(warehouse_columns(contract))
            self._statements.run(f"delete from {table}{days}")
            self._statements.run(
                f"insert into {table} ({columns}) select {columns} from {self._stage}.{contract.name}{days}"
            )
        if self._differs("fact_sales") or self._differs("dim_customer"):
            self.report("counting customers and orders")
            for statement in fill_counts(star):
                self._statements.run(statement)
        if not self._differs("fact_sales"):
            return
        model = load_model()
        touched = "" if fact.days is None else f"{self._stage}.{TOUCHED}"
        for name in model.rollups_as_built:
            self.report(f"building {name}")
            condition = touched_rows(name, model, touched) if touched else "true"
            self._statements.run(f"delete from {star}.{name} where {condition}")
            self._statements.run(fill_rollup(name, star, model, condition))

    def _record(self, star: str, described: Publication) -> None:
        statements = self._statements
        versions = {table: export.lake_version for table, export in self.exports.items()}
        increments = self.base.increments + 1 if self.base else 0
        last = checks.sales_span(statements, star)[2]
        made = Base(described.generation, described, versions, increments, last)
        record.write(statements, star, made, self.ops_rows)
        for build in record.builds(statements)[: -self.keep]:
            if build.generation != record.served(statements)[0]:
                statements.run("delete from ops.publication where star = $star", {"star": build.star})
        grants.write_visible_keys(statements, star)
        if self.base is None and not record.served(statements)[1]:
            for view in create_views(star):
                statements.run(view)

    def _clear(self) -> None:
        """Drop schemas that no publication names: of builds that are kept no more, and what stopped runs left."""
        named = {build.star for build in record.builds(self._statements)}
        schemas = [row["name"] for row in self._statements.rows("select nspname as name from pg_namespace")]
        for name in schemas:
            if OURS.fullmatch(name) and name not in named:
                self._statements.run(f"drop schema if exists {name} cascade")

    def _clear_afterwards(self) -> None:
        """The publication serves by now. What cannot be dropped as somebody reads it still, the next one drops."""
        with suppress(Exception):
            self._statements.run(f"set statement_timeout to {CLEARING_MILLISECONDS}")
            self._clear()
