"""Gold dim_book: every version of every book, SCD2 over what sales are judged by, the rest as it is now.

Grain: one row per book and validity, plus the unknown member 0.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, UNKNOWN_KEY, is_gone, with_next_keys, with_unknown_member
from spark_jobs.transforms.scd2 import BEGINNING, OPEN_END, versions_after

KEY = ("source", "book_id")
TRACKED = ("title", "genre_key", "publisher_key", "list_price", "unit_cost", "currency")
PRESENT = (
    "work_id", "isbn13", "work_title", "series", "series_number", "author_names",
    "format", "language", "page_count", "published_on", "is_deleted",
)  # fmt: skip


def transform(
    books: DataFrame,
    works: DataFrame,
    series: DataFrame,
    book_authors: DataFrame,
    authors: DataFrame,
    titles: DataFrame,
    genres: DataFrame,
    publishers: DataFrame,
    existing: DataFrame,
    *,
    snapshot_at: datetime,
) -> DataFrame:
    incoming = shop_books(books, works, series, book_authors, authors, genres, publishers).unionByName(
        feed_titles(titles)
    )
    known = existing.filter(F.col("book_key") != UNKNOWN_KEY)
    versions = versions_after(
        known,
        incoming.withColumn("_is_delivered", F.lit(True)),
        KEY,
        TRACKED,
        F.lit(snapshot_at),
        present=(*PRESENT, "_is_delivered"),
        surrogate=("book_key",),
    )
    marked = versions.withColumn("is_deleted", F.when(is_gone(), F.lit(True)).otherwise(F.col("is_deleted")))
    named = marked.join(F.broadcast(genres.select("genre_key", "genre", "subgenre")), on="genre_key", how="left").join(
        F.broadcast(publishers.select("publisher_key", "publisher", "imprint")), on="publisher_key", how="left"
    )
    return with_unknown_book(with_next_keys(named, "book_key", (*KEY, "valid_from")))


def shop_books(
    books: DataFrame, works: DataFrame, series: DataFrame, book_authors: DataFrame, authors: DataFrame, genres: DataFrame,
    publishers: DataFrame,
) -> DataFrame:  # fmt: skip
    work_titles = works.join(
        series.select("source", "series_id", F.col("name").alias("series")), on=["source", "series_id"], how="left"
    ).select("source", "work_id", F.col("title").alias("work_title"), "series", "series_number")
    return (
        books.join(work_titles, on=["source", "work_id"], how="left")
        .join(author_lists(book_authors, authors), on=list(KEY), how="left")
        .join(F.broadcast(genres.select("source", "genre_id", "genre_key")), on=["source", "genre_id"], how="left")
        .join(
            F.broadcast(publishers.select("source", "publisher_id", "publisher_key")),
            on=["source", "publisher_id"],
            how="left",
        )
        .withColumns(
            {
                "genre_key": F.coalesce("genre_key", F.lit(UNKNOWN_KEY)),
                "publisher_key": F.coalesce("publisher_key", F.lit(UNKNOWN_KEY)),
                "is_deleted": F.col("deleted_at").isNotNull(),
            }
        )
        .select(*KEY, *TRACKED, *PRESENT, "updated_at")
    )


def author_lists(book_authors: DataFrame, authors: DataFrame) -> DataFrame:
    """One row per book: its authors in title-page order, separated by a semicolon."""
    credited = book_authors.filter(F.col("deleted_at").isNull()).join(
        authors.select("source", "author_id", F.col("name").alias("_author")), on=["source", "author_id"], how="inner"
    )
    in_order = F.array_sort(F.collect_list(F.struct("position", "author_id", "_author")))
    names = credited.groupBy(*KEY).agg(in_order.alias("_credits"))
    return names.select(*KEY, F.array_join(F.col("_credits._author"), "; ").alias("author_names"))


def feed_titles(titles: DataFrame) -> DataFrame:
    """Titles of CSV feeds as books; what a feed does not say stays unknown."""
    unsaid = {
        "work_id": "bigint",
        "page_count": "int",
        "list_price": "decimal(12,2)",
        "unit_cost": "decimal(12,2)",
        "currency": "string",
    }
    return titles.select(
        *KEY,
        "title", "isbn13", "work_title", "series", "series_number", "language",
        F.array_join("author_names", "; ").alias("author_names"),
        F.lit(UNKNOWN_KEY).cast("bigint").alias("genre_key"),
        F.lit(UNKNOWN_KEY).cast("bigint").alias("publisher_key"),
        F.lit("unknown").alias("format"),
        F.lit(None).cast("date").alias("published_on"),
        F.lit(False).alias("is_deleted"),
        F.lit(BEGINNING).cast("timestamp").alias("updated_at"),
        *(F.lit(None).cast(kind).alias(name) for name, kind in unsaid.items()),
    ).select(*KEY, *TRACKED, *PRESENT, "updated_at")  # fmt: skip


def with_unknown_book(books: DataFrame) -> DataFrame:
    """Adds the book that sales of an unknown book point to, valid always."""
    return with_unknown_member(
        books, "book_key",
        title=UNKNOWN, genre_key=UNKNOWN_KEY, genre=UNKNOWN, subgenre=UNKNOWN, publisher_key=UNKNOWN_KEY,
        publisher=UNKNOWN, imprint=UNKNOWN, format="unknown", valid_from=BEGINNING, valid_to=OPEN_END, is_current=True,
    )  # fmt: skip
