"""Erasing people from what files delivered: their number, and the text of every record in which it stands."""

import logging
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs_config.log_setup import log_event
from spark_jobs.extract.csv_batches import WHOLE_NUMBER, decrypted
from spark_jobs.extract.erased import CUSTOMER, digest_of_id
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.runner import Run
from spark_jobs.tables import IS_GONE
from spark_jobs.transforms.members import ERASED_ID

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErasedPeople:
    """Who is suppressed, by digests; the key that digests are made with, and the one that opens raw text, where it is known."""

    digests: frozenset[str]
    key: bytes
    landing_key: bytes | None

    def are_named_in(self, raw: bytes | None) -> bool:
        """Whether a record's text holds the number of one of them, or cannot be opened to find out."""
        if not raw or not self.digests:
            return False
        if self.landing_key is None:
            return True
        try:
            text = decrypted(bytes(raw), self.landing_key).decode("latin-1")
        except InvalidTag:
            return True
        return any(digest_of_id(number, self.key) in self.digests for number in re.findall(WHOLE_NUMBER, text))

    def named(self, raw: Column) -> Column:
        """The same of a column."""
        return F.udf(lambda text: self.are_named_in(text), "boolean")(raw)


def customers_of_files(run: Run) -> list[DataFrame]:
    """Customer ids of every delivery of files that has such a column."""
    deliveries = [
        run.lake.bronze.read_folder_of_files(table, folder) for table, folder in run.lake.bronze.folders_of_files()
    ]
    return [records.select(CUSTOMER) for records in deliveries if CUSTOMER in records.columns]


def erase_from_files(run: Run, ids: DataFrame | None, people: ErasedPeople) -> int:
    """Write those deliveries of files anew that name one of the people; returns how many records lost their text."""
    count = 0
    for table, folder in run.lake.bronze.folders_of_files():
        records = run.lake.bronze.read_folder_of_files(table, folder)
        if CUSTOMER not in records.columns:
            continue
        marked = _marked(records, ids, people).localCheckpoint()
        theirs = marked.filter("_theirs").count()
        if theirs:
            erased = F.when(F.col("_theirs") & F.col(CUSTOMER).isNotNull(), F.lit(ERASED_ID).cast("bigint"))
            rows = marked.withColumns(
                {
                    CUSTOMER: F.coalesce(erased, F.col(CUSTOMER)),
                    "_raw": F.when(~F.col("_theirs"), F.col("_raw")),
                }
            ).drop("_theirs")
            run.confirm()
            run.lake.bronze.rewrite(table, folder, rows, run.run_seq, of_files=True)
            log_event(LOGGER, "delivery.rewritten", table=f"{table}/{folder}")
        count += theirs
    return count


def quarantined_without(run: Run, people: ErasedPeople) -> DataFrame:
    """Quarantined records of files in which the number of one of them stands, to be merged without their text."""
    of_files = run.lake.read(QUARANTINE).filter(
        F.col("file_sha256").isNotNull() & (F.col("table_name") == "silver.sales")
    )
    theirs = of_files.filter(people.named(F.unhex("raw"))) if people.digests else of_files.limit(0)
    return theirs.withColumns({"raw": F.lit(""), IS_GONE: F.lit(False)})


def _marked(records: DataFrame, ids: DataFrame | None, people: ErasedPeople) -> DataFrame:
    """Adds `_theirs`: a record with their number as its customer, or one that cannot be read and has it somewhere."""
    unread = F.col(CUSTOMER).isNull() & (F.size("_refused") > 0)
    in_text = F.when(unread, people.named(F.col("_raw"))).otherwise(F.lit(False))
    if ids is None:
        return records.withColumn("_theirs", in_text)
    found = records.join(F.broadcast(ids), on=F.col(CUSTOMER) == F.col("_erased"), how="left")
    return found.withColumn("_theirs", F.col("_erased").isNotNull() | in_text).drop("_erased")
