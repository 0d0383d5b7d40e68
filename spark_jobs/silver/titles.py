"""Silver titles of a CSV feed: identifiers repaired where the repair is certain, refused where it is not.

Grain: one row per title of the feed; the first record of a key in a file stands.

ISBN rules. A valid ISBN-10, after the zeros are put back that a spreadsheet took away, gives the ISBN-13 (prefix 978, new check
digit; ISO 2108). If the record also has an ISBN-13, whole or as the spreadsheet rounded it, the two must agree. An ISBN-13 that lost
digits is never completed by guessing, even where one check digit alone would fit.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.transforms.isbn import digits_only, is_isbn10, is_isbn13, isbn13_of_isbn10

# A spreadsheet shows 12 significant digits of 13, so it is off by 5 at most.
ROUNDED_BY = 5


def transform(rows: DataFrame, *, feed: str, run_seq: int) -> DataFrame:
    texts = rows.withColumns({name: F.nullif(F.trim(name), F.lit("")) for name in _feed_columns(rows)})
    return (
        texts.transform(with_identifier)
        .transform(with_numbers)
        .transform(with_series)
        .transform(with_first_of_key)
        .withColumns(
            {
                "source": F.lit(feed),
                "run_seq": F.lit(run_seq).cast("bigint"),
                "author_names": F.filter(
                    # A lambda on purpose: trim takes a second argument, which transform would fill with the place.
                    F.transform(F.split("author_names", ","), lambda name: F.trim(name)),
                    lambda name: name != "",
                ),
                "_refused": F.array_compact(F.array("_fault", "_isbn_fault", "_number_fault", "_key_fault")),
            }
        )
    )


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


def with_numbers(titles: DataFrame) -> DataFrame:
    """book_id and published_year as numbers, by rule: digits only, a year may end in `.0`; anything else is a fault."""
    whole_number = F.regexp_extract("book_id", r"^\d{1,18}$", 0)
    year = F.regexp_extract(F.coalesce("published_year", F.lit("")), r"^(-?\d{1,5})(\.0+)?$", 1)
    bad_year = F.col("published_year").isNotNull() & (year == "")
    fault = F.when(F.col("book_id").isNotNull() & (whole_number == ""), "book_id: not a whole number").when(
        bad_year, "published_year: not a year"
    )
    return titles.withColumns(
        {
            "_number_fault": fault,
            "book_id": F.nullif(whole_number, F.lit("")).cast("bigint"),
            "published_year": F.nullif(year, F.lit("")).cast("int"),
        }
    )


def with_series(titles: DataFrame) -> DataFrame:
    """Series and place from a title that ends in `(Name, #3)`; every other title has none."""
    pattern = r"\(([^()]+?),? #(\d{1,4})\)\s*$"
    series = F.nullif(F.regexp_extract("title", pattern, 1), F.lit(""))
    number = F.nullif(F.regexp_extract("title", pattern, 2), F.lit(""))
    return titles.withColumns({"series": series, "series_number": number.cast("int")})


def with_first_of_key(titles: DataFrame) -> DataFrame:
    """Marks a key that an earlier record of the delivery had."""
    earlier = F.row_number().over(Window.partitionBy("book_id").orderBy("file_sha256", "record_number"))
    fault = F.when(
        F.col("book_id").isNotNull() & (earlier > 1), "book_id: an earlier record of the delivery has this key"
    )
    return titles.withColumn("_key_fault", fault)


def _feed_columns(rows: DataFrame) -> list[str]:
    return [
        name
        for name in rows.columns
        if not name.startswith("_") and name not in ("file_sha256", "record_number", "byte_start")
    ]
