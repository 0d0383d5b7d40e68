"""Silver books: identifiers without hyphens, everything else as mirrored.

Grain: one row per book (edition in one format) of a source, deleted ones included.
"""

from pyspark.sql import DataFrame

from spark_jobs.silver import mirror
from spark_jobs.transforms.isbn import digits_only


def transform(rows: DataFrame) -> DataFrame:
    books = mirror.transform(rows)
    return books.withColumns({"isbn13": digits_only(books["isbn13"]), "isbn10": digits_only(books["isbn10"])})
