"""Files of an import that stand on S3, brought to where they can be read in parts; others stay where they are."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyarrow.fs import FileSelector, FileSystem, FileType

from spark_jobs.errors import ExtractionError
from warehouse.files import is_on_s3, open_files

ENDINGS = (".csv", ".csv.gz")
COPY_BYTES = 4 << 20


@dataclass
class Fetched:
    """What a call named, as local paths; `addresses` says where a copy came from, `refused` what could not be had and why."""

    paths: list[Path] = field(default_factory=list)
    addresses: dict[Path, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def as_named(self, text: str) -> str:
        """A message that names addresses instead of copies."""
        for path, address in self.addresses.items():
            text = text.replace(str(path), address)
        return text


def fetch(named: Sequence[str], folder: Path) -> Fetched:
    """Copy every file on S3, or all below a prefix that end in .csv or .csv.gz, into `folder`."""
    fetched = Fetched()
    for name in named:
        if not is_on_s3(name):
            fetched.paths.append(Path(name))
            continue
        try:
            files, place = open_files(name)
            for address in _below(files, place, name):
                # Two files of one name are two.
                path = folder / str(len(fetched.addresses)) / Path(address).name
                _copy(files, address, path)
                fetched.paths.append(path)
                fetched.addresses[path] = f"s3://{address}"
        except OSError as error:
            fetched.refused[name] = f"{name}: cannot be read ({' '.join(str(error).split())[:300]})"
        except ExtractionError as error:
            fetched.refused[name] = str(error)
    return fetched


def _below(files: FileSystem, place: str, name: str) -> list[str]:
    found = files.get_file_info(place.rstrip("/"))
    if found.type == FileType.File:
        return [found.path]
    if found.type == FileType.NotFound:
        raise ExtractionError(f"{name}: there is no such file, and nothing below that")
    below = files.get_file_info(FileSelector(place.rstrip("/"), recursive=True))
    wanted = sorted(item.path for item in below if item.is_file and item.path.lower().endswith(ENDINGS))
    if not wanted:
        raise ExtractionError(f"{name}: no file below it ends in {' or '.join(ENDINGS)}")
    return wanted


def _copy(files: FileSystem, address: str, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    with files.open_input_stream(address, compression=None) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, COPY_BYTES)
