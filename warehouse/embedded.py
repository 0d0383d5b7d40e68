"""The embedded warehouse behind the verbs that every warehouse has."""

from collections.abc import Callable, Mapping, Sequence

from warehouse import duckdb_warehouse, generations
from warehouse.duckdb_warehouse import DuckDBWarehouse
from warehouse.publication import Base, Pointer, Publication, TableExport
from warehouse.warehouses import Describe


class EmbeddedWarehouse(DuckDBWarehouse):
    """DuckDB files in a folder: what differs from the functions of `duckdb_warehouse` is only that the folder is known."""

    is_remote = False

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
        """A new file beside the old one, then the pointer."""
        return duckdb_warehouse.publish(
            self.folder, dict(exports), describe, ops_rows, keep, report=report, confirm=confirm, base=base
        )

    def newest(self) -> Base | None:
        """The newest file that can be read."""
        return duckdb_warehouse.newest_generation(self.folder)

    def finish(self) -> Base | None:
        """The newest file, serving unless an older one is pinned."""
        return duckdb_warehouse.finish_publication(self.folder)

    def newest_run(self) -> int:
        """The pointer knows its run even where the file that it names is gone."""
        newest = self.newest()
        return max(newest.publication.run_seq if newest else 0, generations.pointer_or_zero(self.folder).run_seq)

    def kept(self) -> list[int]:
        """Generations whose files exist."""
        return generations.kept_generations(self.folder)

    def serving(self) -> Pointer:
        """The pointer in the folder."""
        return generations.read_pointer(self.folder)

    def roll_back(self, generation: int | None = None) -> Publication:
        """The file of an earlier generation serves, pinned."""
        return duckdb_warehouse.roll_back(self.folder, generation)

    def resume(self) -> Publication:
        """The newest file serves."""
        return duckdb_warehouse.resume(self.folder)

    def serve_only(self, publication: Publication) -> list[int]:
        """One file is left."""
        return generations.serve_only(self.folder, publication.generation, publication.run_seq)

    def drop_old(self, keep: int, dry_run: bool = False) -> dict[int, int]:
        """Files go, readers that have one open keep it."""
        if not self.kept():
            return {}
        return generations.drop_old_generations(self.folder, keep, dry_run)

    def close(self) -> None:
        """A file that is open for reading is closed with the last reading of it."""
