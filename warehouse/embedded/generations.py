"""Generation files and the CURRENT pointer of an embedded warehouse.

A generation is one DuckDB file, never changed once it is moved into place; beside it lies its serving file, for people's own SQL.
CURRENT names the one that serves; replacing it is the publication. A rollback pins an older one: later publications are built and
kept, and do not serve until it is let go.
"""

import json
import os
import re
from dataclasses import asdict
from pathlib import Path

from warehouse.publication import DamagedPointerError, NoPublicationError, Pointer

POINTER = "CURRENT"
FILE_NAME = re.compile(r"wh\.(\d{6}|[1-9]\d{6,17})\.duckdb")
SERVING_FILE_NAME = re.compile(FILE_NAME.pattern.replace("wh", "sql"))


def generation_file(folder: Path, generation: int) -> Path:
    """Path of a generation's file, whether it exists or not."""
    return folder / f"wh.{generation:06d}.duckdb"


def serving_file(folder: Path, generation: int) -> Path:
    """Path of a generation's serving file, whether it exists or not."""
    return folder / f"sql.{generation:06d}.duckdb"


def read_pointer(folder: Path) -> Pointer:
    """The serving generation. Raises NoPublicationError where nothing was ever published, or the pointer is damaged."""
    try:
        return _checked(Pointer(**json.loads((folder / POINTER).read_text())))
    except FileNotFoundError as error:
        raise NoPublicationError(f"{folder}: nothing is published yet; run `booksales reload`") from error
    except (ValueError, TypeError, OSError) as error:
        raise DamagedPointerError(f"{folder / POINTER}: damaged; `booksales publish` writes it anew") from error


def _checked(pointer: Pointer) -> Pointer:
    numbers = (pointer.generation, pointer.run_seq)
    if not all(type(number) is int and 0 < number < 2**63 for number in numbers) or type(pointer.pinned) is not bool:
        raise TypeError("not the types of a pointer")
    return pointer


def pointer_or_zero(folder: Path) -> Pointer:
    """The serving generation, number 0 of run 0 where there is none."""
    try:
        return read_pointer(folder)
    except NoPublicationError:
        return Pointer(0, 0)


def kept_generations(folder: Path) -> list[int]:
    """Generations whose files exist, oldest first; what has another name is none of ours."""
    names = [FILE_NAME.fullmatch(path.name) for path in folder.glob("wh.*.duckdb")]
    return sorted(int(name[1]) for name in names if name)


def next_generation(folder: Path) -> int:
    """A number above every generation there has been."""
    return max([pointer_or_zero(folder).generation, *kept_generations(folder)]) + 1


def swap_pointer(folder: Path, pointer: Pointer) -> None:
    """Make a generation serve: durable before it returns, atomic for readers."""
    temporary = folder / f"{POINTER}.new"
    with temporary.open("w") as file:
        json.dump(asdict(pointer), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / POINTER)
    sync_folder(folder)


def drop_old_generations(folder: Path, keep: int, dry_run: bool = False) -> dict[int, int]:
    """Remove all but the newest `keep` generations and the serving one; readers that have one open keep reading it.

    Returns the bytes of each that was removed, or with `dry_run` would be.
    """
    served = read_pointer(folder).generation
    old = [number for number in kept_generations(folder)[:-keep] if number != served]
    dropped = {number: sum(path.stat().st_size for path in _files(folder, number)) for number in old}
    if not dry_run:
        for number in old:
            generation_file(folder, number).unlink()
        _drop_serving_files(folder)
    return dropped


def serve_only(folder: Path, generation: int, run_seq: int) -> list[int]:
    """Make a generation serve, pinned or not, and remove every other one that is kept; returns which.

    Readers that have one open keep reading it until they let go.
    """
    if read_pointer(folder) != Pointer(generation, run_seq):
        swap_pointer(folder, Pointer(generation, run_seq))
    dropped = [number for number in kept_generations(folder) if number != generation]
    for number in dropped:
        generation_file(folder, number).unlink()
    _drop_serving_files(folder)
    sync_folder(folder)
    return dropped


def _files(folder: Path, generation: int) -> list[Path]:
    """The files that a generation has."""
    files = (generation_file(folder, generation), serving_file(folder, generation))
    return [path for path in files if path.exists()]


def _drop_serving_files(folder: Path) -> None:
    """Remove the serving files of generations that are not kept; a publication that was killed leaves one, too."""
    kept = {serving_file(folder, number) for number in kept_generations(folder)}
    for path in folder.glob("sql.*.duckdb"):
        if SERVING_FILE_NAME.fullmatch(path.name) and path not in kept:
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
