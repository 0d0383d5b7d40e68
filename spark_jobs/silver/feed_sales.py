"""Sale lines of CSV feeds, historical and third-party, as lines of silver sales.

Their identifiers become ours, or the line is refused.

Grain: one row per record of a feed. Its numbers are its own under `source`, the feed; `member_source` is the shop whose books, stores
and customers it points to.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.silver.titles import is_unreadable, with_absent_columns
from spark_jobs.transforms.isbn import digits_only, is_isbn10, is_isbn13, isbn13_of_isbn10

OPTIONAL = {
    "sale_ref": "string", "order_ref": "string", "line_number": "int", "kind": "string", "isbn": "string", "book_id": "bigint",
    "title_ref": "bigint", "store_code": "string", "customer_id": "bigint", "sold_at": "timestamp", "sold_on": "date",
    "quantity": "int", "unit_price": "decimal(12,2)", "discount_amount": "decimal(12,2)", "tax_amount": "decimal(12,2)",
    "amount": "decimal(12,2)", "currency": "string",
}  # fmt: skip
# What a shop says of its lines and no feed does.
UNSAID = {
    "original_sale_id": "bigint",
    "promotion_id": "bigint",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "deleted_at": "timestamp",
}
SIGNED = ("quantity", "discount_amount", "tax_amount", "amount")


def transform(
    records: DataFrame, books: DataFrame, stores: DataFrame, titles: DataFrame, *,
    feed: str, key: Sequence[str], shop: str, titles_of: str, currency: str, overlaps: bool, time_zone: str, run_seq: int,
) -> DataFrame:  # fmt: skip
    """Lines with `_refused`: what extraction found, and identifiers that are none of ours."""
    lines = (
        with_absent_columns(records, OPTIONAL | UNSAID)
        .transform(with_isbn, titles, titles_of)
        .transform(with_book, books, shop)
        .transform(with_store, stores, shop)
        .transform(with_signs)
        .transform(with_business_date, time_zone)
        .withColumns(
            {
                "source": F.lit(feed),
                "member_source": F.lit(shop),
                "in_default_totals": F.lit(not overlaps),
                "sale_id": number_of(records, key),
                "currency": F.coalesce("currency", F.lit(currency or None)),
                "run_seq": F.lit(run_seq).cast("bigint"),
            }
        )
    )
    own_order = F.col("sale_id") if "order_ref" not in records.columns else number_of(records, ["order_ref"])
    return lines.withColumns(
        {
            "order_id": own_order,
            "line_number": F.coalesce("line_number", F.lit(1)),
            "_refused": F.when(is_unreadable(), F.col("_refused")).otherwise(
                F.array_compact(
                    F.concat("_refused", F.array("_isbn_fault", "_book_fault", "_store_fault", amount_fault()))
                )
            ),
        }
    )


def number_of(records: DataFrame, key: Sequence[str]) -> Column:
    """A key as one number: itself where it is one, else 64 bits of its hash; two keys that share a number are found as doubles."""
    if len(key) == 1 and dict(records.dtypes)[key[0]] in ("int", "bigint"):
        return F.col(key[0]).cast("bigint")
    known = F.lit(True)
    for name in key:
        known = known & F.col(name).isNotNull()
    return F.when(known, F.xxhash64(*(F.col(name).cast("string") for name in key)))


def with_isbn(lines: DataFrame, titles: DataFrame, titles_of: str) -> DataFrame:
    """Adds isbn13, from the record's own ISBN or through the feed of titles whose number it has."""
    if titles_of:
        known = titles.filter(F.col("source") == titles_of).select(
            F.col("book_id").alias("title_ref"), F.col("isbn13").alias("_isbn13"), F.lit(True).alias("_is_known")
        )
        found = lines.join(known, on="title_ref", how="left")
        is_unknown = F.col("title_ref").isNotNull() & F.col("_is_known").isNull()
        return found.withColumn(
            "_isbn_fault", F.when(is_unknown, F.lit(f"book_id: feed {titles_of} has no such title_ref"))
        )
    written = digits_only(F.col("isbn"))
    isbn13 = F.when(is_isbn13(written), written).when(is_isbn10(written), isbn13_of_isbn10(written))
    fault = F.when(written.isNotNull() & isbn13.isNull(), F.lit("book_id: the check digit of isbn is wrong"))
    return lines.withColumns({"_isbn13": isbn13, "_isbn_fault": fault})


def with_book(lines: DataFrame, books: DataFrame, shop: str) -> DataFrame:
    """Adds the shop's book, by its own number or by ISBN."""
    of_shop = books.filter(F.col("source") == shop)
    # Where the shop has an ISBN twice, the book it still has comes first.
    live_first = F.struct(F.col("deleted_at").isNotNull(), F.col("book_id"))
    by_isbn = of_shop.groupBy(F.col("isbn13").alias("_isbn13")).agg(F.min(live_first)["book_id"].alias("_found"))
    by_id = of_shop.select("book_id", F.lit(True).alias("_is_there")).distinct()
    found = lines.join(F.broadcast(by_isbn), on="_isbn13", how="left").join(
        F.broadcast(by_id), on="book_id", how="left"
    )
    fault = F.when(
        F.col("book_id").isNotNull() & F.col("_is_there").isNull(), F.lit("book_id: no book of the shop")
    ).when(
        F.col("book_id").isNull() & F.col("_isbn13").isNotNull() & F.col("_found").isNull(),
        F.lit("book_id: no book of the shop has this isbn"),
    )
    return found.withColumns({"_book_fault": fault, "book_id": F.coalesce("book_id", "_found")})


def with_store(lines: DataFrame, stores: DataFrame, shop: str) -> DataFrame:
    """Adds the shop's store, by its code."""
    known = (
        stores.filter(F.col("source") == shop)
        .groupBy(F.col("code").alias("store_code"))
        .agg(F.min("store_id").alias("store_id"))
    )
    found = lines.join(F.broadcast(known), on="store_code", how="left")
    is_unknown = F.col("store_code").isNotNull() & F.col("store_id").isNull()
    return found.withColumn(
        "_store_fault", F.when(is_unknown, F.lit("store_id: no store of the shop has this store_code"))
    )


def with_signs(lines: DataFrame) -> DataFrame:
    """Returns count down, whichever sign a file gives them; without a column that says so, a negative quantity is a return."""
    kind = F.coalesce("kind", F.when(F.col("quantity") < 0, F.lit("return")).otherwise(F.lit("sale")))
    turn = (kind == "return") & (F.col("quantity") > 0)
    amounts = {name: F.coalesce(name, F.lit(0).cast("decimal(12,2)")) for name in ("discount_amount", "tax_amount")}
    signed = {name: F.when(turn, -F.col(name)).otherwise(F.col(name)) for name in SIGNED}
    return lines.withColumns(amounts).withColumns(signed | {"kind": kind})


def with_business_date(lines: DataFrame, time_zone: str) -> DataFrame:
    """A day without a time is the business date itself, and the line is sold as it begins."""
    begins = F.to_utc_timestamp(F.col("sold_on").cast("timestamp"), time_zone)
    local_day = F.coalesce("sold_on", F.from_utc_timestamp("sold_at", time_zone).cast("date"))
    dated = lines.withColumns({"sale_date": local_day, "sold_at": F.coalesce("sold_at", begins)})
    return dated.withColumn("sale_month", F.trunc("sale_date", "month"))


def amount_fault() -> Column:
    """Where a file says what a line comes to, it is what its parts come to."""
    computed = F.col("quantity") * F.col("unit_price") - F.col("discount_amount")
    return F.when(
        F.col("amount").isNotNull() & (F.col("amount") != computed),
        F.lit("amount: is not quantity × unit_price − discount_amount"),
    )
