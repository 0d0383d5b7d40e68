"""The files of a feed to bronze: one job over the blocks of all of them, every record typed by rule, or with what is wrong with it.

A file is in order when its records, counted in another way, are those that arrived, and when it is after the read what it was before.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from jobs_config.feed import FeedConfig
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_batches import RECORD_COLUMNS, BatchReader, PlainFile
from spark_jobs.extract.csv_count import count_physical_records
from spark_jobs.extract.csv_file import (
    Block,
    FileState,
    blocks_of,
    content_hash,
    decompress,
    is_compressed,
    read_header,
    state_of,
)
from spark_jobs.extract.erased import digest_of_id
from spark_jobs.schemas import schema_of
from spark_jobs.tables import Lake

# So much text makes one file of bronze.
TASK_BYTES = 64 << 20
BLOCK_SCHEMA = "sha256 string, start bigint, end bigint, number bigint"
SCRATCH = "feed-"


@dataclass(frozen=True)
class DeliveredFile:
    """A file as it came to bronze. Physical records = header + blank + records; `unreadable` of the records have a fault already."""

    path: Path
    sha256: str
    physical: int
    blank: int
    records: int
    unreadable: int


@dataclass(frozen=True)
class _Opened:
    """A file whose header is the feed's, before its records are read."""

    path: Path
    state: FileState
    plain: PlainFile
    blocks: list[Block]


@dataclass
class Delivery:
    """What came of a call's files: those in bronze, and for each other the reason."""

    files: list[DeliveredFile] = field(default_factory=list)
    refused: dict[Path, str] = field(default_factory=dict)


def feed_schema(feed: FeedConfig) -> StructType:
    """Bronze of a feed: its columns as typed, then where each record came from."""
    return schema_of({name: column.type for name, column in feed.columns.items()} | RECORD_COLUMNS)


@dataclass(frozen=True)
class Secrets:
    """The key that raw text is encrypted with; that of the customers' hashes, and the digests of those who were erased."""

    landing: bytes
    pseudonym: bytes = b""
    erased: frozenset[str] = frozenset()

    def is_erased(self, customer_id: str) -> bool:
        """Whether a customer's id is that of somebody who was erased."""
        return digest_of_id(customer_id, self.pseudonym) in self.erased


def deliver(lake: Lake, feed: FeedConfig, paths: Sequence[Path], run_seq: int, secrets: Secrets) -> Delivery:
    """Bring files to bronze; what cannot be read as the feed's is refused with its reason and holds up no other."""
    delivery = Delivery()
    with scratch_folder(lake.spark) as scratch:
        opened = []
        for path in paths:
            try:
                opened.append(_open(path, feed, scratch))
            except ExtractionError as error:
                delivery.refused[path] = str(error)
        if opened:
            lake.bronze.write_files(_records(lake.spark, feed, opened, secrets), feed.feed, run_seq)
            arrived = _arrived(lake, feed, opened, run_seq)
            for file in opened:
                try:
                    delivery.files.append(_checked(file, feed, *arrived.get(file.plain.sha256, (0, 0))))
                except ExtractionError as error:
                    delivery.refused[file.path] = str(error)
    if delivery.files:
        # Headers are kept, as their bytes, so that a single record can be read again as of its file.
        headers = {file.plain.sha256: file.plain.header.text for file in opened}
        counts = {file.sha256: file.physical for file in delivery.files}
        lake.bronze.seal(f"bronze.{feed.feed}", run_seq, {"feed": feed.feed, "records": counts, "headers": headers})
    return delivery


@contextmanager
def scratch_folder(spark: SparkSession) -> Iterator[Path]:
    """A private folder beside Spark's own scratch files, gone when the block ends."""
    beside = spark.conf.get("spark.local.dir", "") or ""
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=beside if Path(beside).is_dir() else None) as folder:
        yield Path(folder)


def _open(path: Path, feed: FeedConfig, scratch: Path) -> _Opened:
    state, sha256, plain = state_of(path), content_hash(path), path
    if is_compressed(path):
        plain = scratch / sha256
        decompress(path, plain)
    header = read_header(plain, feed)
    try:
        blocks = list(blocks_of(plain, feed, header.length))
    except ExtractionError as error:
        # Of an unpacked file people know the packed one.
        raise ExtractionError(str(error).replace(str(plain), str(path))) from error
    return _Opened(path, state, PlainFile(str(plain), sha256, header), blocks)


def _records(spark: SparkSession, feed: FeedConfig, opened: Sequence[_Opened], secrets: Secrets) -> DataFrame:
    files = {file.plain.sha256: file.plain for file in opened}
    blocks = [(file.plain.sha256, block.start, block.end, block.number) for file in opened for block in file.blocks]

    is_erased = secrets.is_erased if secrets.erased else None

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from BatchReader(feed, secrets.landing, is_erased).read(batches, files)

    size = sum(block.end - block.start for file in opened for block in file.blocks)
    tasks = max(min(len(blocks), spark.sparkContext.defaultParallelism), -(-size // TASK_BYTES), 1)
    # One block is one batch: more of them at once would only cost memory.
    return spark.createDataFrame(blocks, BLOCK_SCHEMA).repartition(tasks).mapInArrow(read, feed_schema(feed))


def _arrived(lake: Lake, feed: FeedConfig, opened: Sequence[_Opened], run_seq: int) -> dict[str, tuple[int, int]]:
    """Records in bronze by file, and how many of them have a fault."""
    hashes = [file.plain.sha256 for file in opened]
    rows = lake.bronze.read_files(feed.feed, hashes, run_seq, feed_schema(feed))
    faulty = F.count(F.when(F.size("_refused") > 0, 1))
    counted = rows.groupBy("file_sha256").agg(F.count(F.lit(1)).alias("records"), faulty.alias("faulty")).collect()
    return {row["file_sha256"]: (row["records"], row["faulty"]) for row in counted}


def _checked(file: _Opened, feed: FeedConfig, records: int, unreadable: int) -> DeliveredFile:
    if state_of(file.path) != file.state or content_hash(file.path) != file.plain.sha256:
        raise ExtractionError(f"{file.path}: changed while it was read; import it again once it is complete")
    physical = count_physical_records(Path(file.plain.path), feed.delimiter, feed.quoting != "none")
    blank = sum(block.blank for block in file.blocks)
    if physical != 1 + blank + records:
        raise ExtractionError(
            f"{file.path}: {physical:,} physical records, but one header, {blank:,} blank lines and {records:,} records were read; "
            "nothing of it was loaded"
        )
    return DeliveredFile(file.path, file.plain.sha256, physical, blank, records, unreadable)
