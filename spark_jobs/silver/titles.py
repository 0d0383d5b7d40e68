"""Silver titles of a CSV feed: identifiers repaired where the repair is certain, refused where it is not.

Grain: one row per title of the feed.

ISBN rules. A valid ISBN-10, after the zeros are put back that a spreadsheet took away, gives the ISBN-13 (prefix 978, new check
digit; ISO 2108). If the record also has an ISBN-13, whole or as the spreadsheet rounded it, the two must agree. An ISBN-13 that lost
digits is never completed by guessing, even where one check digit alone would fit.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.isbn import digits_only, is_isbn10, is_isbn13, isbn13_of_isbn10

# A spreadsheet shows 12 significant digits of 13, so it is off by 5 at most.
ROUNDED_BY = 5

OPTIONAL = {
    "isbn10": "string",
    "isbn13": "string",
    "work_title": "string",
    "published_year": "int",
    "language": "string",
}


def transform(records: DataFrame, *, feed: str, run_seq: int) -> DataFrame:
    """Titles of a feed's records; `_refused` holds what extraction found, and what is wrong with the identifiers."""
    return (
        with_absent_columns(records, OPTIONAL)
        .transform(with_identifier)
        .transform(with_series)
        .withColumns(
            {
                "source": F.lit(feed),
                "run_seq": F.lit(run_seq).cast("bigint"),
                "author_names": author_list("author_names"),
                "_refused": F.when(is_unreadable(), F.col("_refused")).otherwise(
                    F.array_compact(F.concat("_refused", F.array("_isbn_fault")))
                ),
            }
        )
    )


def with_absent_columns(records: DataFrame, columns: dict[str, str]) -> DataFrame:
    """The records with every column that a feed may leave out; null where it does."""
    absent = {name: F.lit(None).cast(kind) for name, kind in columns.items() if name not in records.columns}
    return records.withColumns(absent)


def is_unreadable() -> Column:
    """Whether a record could not be split into fields, so that nothing more can be said of them."""
    return F.exists("_refused", lambda reason: reason.startswith("record:"))


def author_list(column: str) -> Column:
    """Names between commas, in their order."""
    # A lambda on purpose: trim takes a second argument, which transform would fill with the place.
    names = F.transform(F.split(column, ","), lambda name: F.trim(name))
    return F.filter(names, lambda name: name != "")


def with_identifier(titles: DataFrame) -> DataFrame:
    """Adds isbn13, repairs and, where there is no certain identifier, `_isbn_fault`."""
    written = digits_only(F.col("isbn10"))
    isbn10 = F.when(written.rlike("^[0-9]{0,9}[0-9X]$"), F.lpad(written, 10, "0")).otherwise(written)
    derived = F.when(is_isbn10(isbn10), isbn13_of_isbn10(isbn10))
    said = digits_only(F.col("isbn13"))
    whole = F.when(said.rlike("^[0-9]{13}$"), said)
    distance = F.abs(derived.cast("decimal(20,0)") - F.expr("try_cast(trim(isbn13) as decimal(20,0))"))
    agrees = F.when(whole.isNotNull(), whole == derived).otherwise(F.coalesce(distance <= ROUNDED_BY, F.lit(False)))
    fault = (
        F.when(written.isNull() & said.isNull(), "isbn13: no identifier")
        .when(written.isNull() & whole.isNotNull() & ~is_isbn13(whole), "isbn13: the check digit is wrong")
        .when(written.isNull() & whole.isNull(), "isbn13: digits are lost and there is no isbn10 to derive it from")
        .when(written.isNotNull() & derived.isNull(), "isbn10: the check digit is wrong")
        .when(said.isNotNull() & derived.isNotNull() & ~agrees, "isbn13: contradicts the isbn10")
    )
    was_repaired = derived.isNotNull() & ~F.coalesce(whole == derived, F.lit(False))
    return titles.withColumns(
        {
            "_isbn_fault": fault,
            "repairs": F.when(was_repaired, F.array(F.lit("isbn13: derived from isbn10"))).otherwise(
                F.array().cast("array<string>")
            ),
            "isbn13": F.coalesce(derived, whole),
            "isbn10": F.when(derived.isNotNull(), isbn10),
        }
    )


def with_series(titles: DataFrame) -> DataFrame:
    """Series and place from a title that ends in `(Name, #3)`; every other title has none."""
    pattern = r"\(([^()]+?),? #(\d{1,4})\)\s*$"
    series = F.nullif(F.regexp_extract("title", pattern, 1), F.lit(""))
    number = F.nullif(F.regexp_extract("title", pattern, 2), F.lit(""))
    return titles.withColumns({"series": series, "series_number": number.cast("int")})
