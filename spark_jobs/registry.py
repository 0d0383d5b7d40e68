"""Job name to transform, in pipeline order. Read this first.

Jobs of one stage need nothing of each other and run side by side; a stage reads what the stages before it wrote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from jobs_config.loader import load_job
from jobs_config.model import SourceMapping
from spark_jobs.errors import SourceMappingError
from spark_jobs.gold import (
    bridge_book_author,
    dim_author,
    dim_book,
    dim_channel,
    dim_customer,
    dim_date,
    dim_genre,
    dim_promotion,
    dim_publisher,
    dim_region,
    dim_store,
    fact_sales,
)
from spark_jobs.silver import books, corrections, feed_sales, mirror, sales, titles

Transform = Callable[..., DataFrame]
Stage = dict[str, Transform]

SILVER: list[Stage] = [
    {
        "silver_publishers": mirror.transform,
        "silver_authors": mirror.transform,
        "silver_genres": mirror.transform,
        "silver_series": mirror.transform,
        "silver_works": mirror.transform,
        "silver_books": books.transform,
        "silver_book_authors": mirror.transform,
        "silver_regions": mirror.transform,
        "silver_channels": mirror.transform,
        "silver_stores": mirror.transform,
        "silver_customers": mirror.transform,
        "silver_promotions": mirror.transform,
        "silver_exchange_rates": mirror.transform,
    },
    {"silver_sales": sales.transform},
]


@dataclass(frozen=True)
class FeedJob:
    """What the records of a feed become: the silver table, the transform, and the tables it looks things up in."""

    table: str
    transform: Transform
    reads: Mapping[str, str] = field(default_factory=dict)


OURS = {"books": "silver.books", "stores": "silver.stores", "titles": "silver.titles"}
# By the feed's target.
FEEDS: dict[str, FeedJob] = {
    "titles": FeedJob("silver.titles", titles.transform),
    "corrections": FeedJob("silver.titles", corrections.transform, {"titles": "silver.titles"}),
    "historical_sales": FeedJob("silver.sales", feed_sales.transform, OURS),
    "third_party_sales": FeedJob("silver.sales", feed_sales.transform, OURS),
}

GOLD: list[Stage] = [
    {
        "gold_dim_date": dim_date.transform,
        "gold_dim_publisher": dim_publisher.transform,
        "gold_dim_genre": dim_genre.transform,
        "gold_dim_region": dim_region.transform,
        "gold_dim_channel": dim_channel.transform,
        "gold_dim_promotion": dim_promotion.transform,
        "gold_dim_author": dim_author.transform,
    },
    {
        "gold_dim_store": dim_store.transform,
        "gold_dim_customer": dim_customer.transform,
        "gold_dim_book": dim_book.transform,
        "gold_bridge_book_author": bridge_book_author.transform,
    },
    {"gold_fact_sales": fact_sales.transform},
]

STAGES = [*SILVER, *GOLD]


def silver_job(table: str) -> tuple[str, Transform]:
    """The job that fills a silver table from the source, and its transform."""
    name = f"silver_{table}"
    return name, next(stage[name] for stage in SILVER if name in stage)


def require_tables(mapping: SourceMapping) -> None:
    """Raises SourceMappingError unless the mapping names just the tables that the silver jobs read."""
    jobs = [load_job(name) for stage in SILVER for name in stage]
    wanted = {
        table.removeprefix("bronze.") for job in jobs for table in job.reads.values() if table.startswith("bronze.")
    }
    missing, unknown = sorted(wanted - mapping.tables.keys()), sorted(mapping.tables.keys() - wanted)
    problems = [f"{what} {', '.join(names)}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
    if problems:
        raise SourceMappingError(
            f"source {mapping.source}: tables {'; '.join(problems)}. A mapping has these: {', '.join(sorted(wanted))}; "
            "a table that the shop does not have can be an empty view"
        )
