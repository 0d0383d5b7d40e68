"""The embedded warehouse: DuckDB files in a folder, behind the verbs that every warehouse has."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from warehouse.embedded import generations, publishing
from warehouse.embedded.reading import DuckDBReading
from warehouse.publication import (
    Base,
    DamagedPublicationError,
    Pointer,
    Publication,
    PublicationGoneError,
    TableExport,
    gone,
)
from warehouse.warehouses import Describe


class EmbeddedWarehouse:
    """One folder. Picks up a new generation without a restart; a question may take `question_seconds`."""

    is_remote = False

    def __init__(self, folder: Path, question_seconds: float | None = None) -> None:
        self.folder = folder
        self._question_seconds = question_seconds
        self._lock = threading.Lock()
        self._served: Pointer | None = None
        self._open: DuckDBReading | None = None
        self._earlier_lock = threading.Lock()
        self._earlier: DuckDBReading | None = None

    def current(self, label: str = "") -> DuckDBReading:
        """The serving generation; hold it for as long as answers must agree. Raises NoPublicationError.

        Queries run in this process and are recorded nowhere else, so the label has no use.
        """
        with self._lock:
            # Read inside the lock: two threads that saw different pointers must not open the older one last.
            pointer = generations.read_pointer(self.folder)
            if pointer != self._served or self._open is None:
                path = generations.generation_file(self.folder, pointer.generation)
                self._open = DuckDBReading(path, self._question_seconds)
                self._served = pointer
            # What is removed must not stay open.
            if self._earlier is not None and not self._earlier.path.exists():
                self._earlier = None
            return self._open

    def earlier(self, generation: int, label: str = "") -> DuckDBReading:
        """A generation that served before and is kept, or the one that serves. Raises PublicationGoneError, NoPublicationError.

        The one asked for last stays open: whoever reads an earlier one asks several questions of it.
        """
        serving = self.current(label)
        if generation == serving.publication.generation:
            return serving
        path = generations.generation_file(self.folder, generation)
        with self._earlier_lock:
            if generation > serving.publication.generation or not path.exists():
                self._earlier = None
                raise PublicationGoneError(gone(generation))
            if self._earlier is None or self._earlier.path != path:
                try:
                    self._earlier = DuckDBReading(path, self._question_seconds)
                except DamagedPublicationError as error:
                    if path.exists():
                        raise
                    raise PublicationGoneError(gone(generation)) from error
            return self._earlier

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
        return publishing.publish(
            self.folder, dict(exports), describe, ops_rows, keep, report=report, confirm=confirm, base=base
        )

    def newest(self) -> Base | None:
        """The newest file that can be read."""
        return publishing.newest_generation(self.folder)

    def finish(self) -> Base | None:
        """The newest file, serving unless an older one is pinned."""
        return publishing.finish_publication(self.folder)

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
        return publishing.roll_back(self.folder, generation)

    def resume(self) -> Publication:
        """The newest file serves."""
        return publishing.resume(self.folder)

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
