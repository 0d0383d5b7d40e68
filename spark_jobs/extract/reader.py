"""Who reads the source, by whichever way: `jdbc` or `columnar`."""

from dataclasses import dataclass

from pyspark.sql import SparkSession

from spark_jobs.extract.erased import NOBODY, Erased
from spark_jobs.extract.snapshot import SourceSnapshot


@dataclass(frozen=True)
class Reader:
    """Who reads: the snapshot, what every row is marked with, the key that hashes personal columns, and who was erased.

    A columnar reader reads whole tables by the scanner where it can (spark_jobs/extract/columnar.py).
    """

    spark: SparkSession
    snapshot: SourceSnapshot
    run_seq: int
    source: str
    key: bytes
    erased: Erased = NOBODY
    is_columnar: bool = False
