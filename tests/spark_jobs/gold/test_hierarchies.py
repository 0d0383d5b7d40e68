import pytest
from frames import assert_rows, table

from spark_jobs.gold import dim_author, dim_genre, dim_publisher, dim_region, dim_store

CHILD_OF_1 = {"source": "shop", "name": "child", "parent_id": 1}
ROOT = {"source": "shop", "name": "root"}
OF_ANOTHER_SOURCE = {"source": "feed", "name": "other", "parent_id": 1}


@pytest.mark.parametrize(
    ("dimension", "silver", "gold", "natural", "parent", "child"),
    [
        (dim_genre, "silver.genres", "gold.dim_genre", "genre_id", "genre", "subgenre"),
        (dim_publisher, "silver.publishers", "gold.dim_publisher", "publisher_id", "publisher", "imprint"),
        (dim_region, "silver.regions", "gold.dim_region", "region_id", "country", "region"),
    ],
    ids=["a subgenre and its genre", "an imprint and its house", "a region and its country"],
)
def test_a_child_shows_its_parent_and_a_root_is_its_own(spark, dimension, silver, gold, natural, parent, child):
    members = table(spark, silver, {**ROOT, natural: 1}, {**CHILD_OF_1, natural: 2}, {**OF_ANOTHER_SOURCE, natural: 2})

    flat = dimension.transform(members, table(spark, gold))

    assert_rows(
        flat,
        f"source string, {natural} bigint, {parent} string, {child} string, is_deleted boolean",
        (None, None, "Unknown", "Unknown", False),
        ("shop", 1, "root", "root", False),
        ("shop", 2, "root", "child", False),
        ("feed", 2, "other", "other", False),
    )


def test_a_store_has_the_keys_of_its_region_and_its_channel_or_the_unknown_ones(spark):
    stores = table(
        spark,
        "silver.stores",
        {"source": "shop", "store_id": 1, "name": "Bonn", "region_id": 5, "channel_id": 6},
        {"source": "shop", "store_id": 2, "name": "Kiel", "region_id": 9, "deleted_at": "2024-01-01 00:00:00"},
    )
    regions = table(spark, "gold.dim_region", {"region_key": 50, "source": "shop", "region_id": 5})
    channels = table(spark, "gold.dim_channel", {"channel_key": 60, "source": "shop", "channel_id": 6})

    placed = dim_store.transform(stores, regions, channels, table(spark, "gold.dim_store"))

    assert_rows(
        placed,
        "store_key bigint, store string, region_key bigint, channel_key bigint, is_deleted boolean",
        (0, "Unknown", 0, 0, False),
        (1, "Bonn", 50, 60, False),
        (2, "Kiel", 0, 0, True),
    )


def test_an_author_of_the_shop_is_known_by_id_and_one_of_a_feed_by_name(spark):
    authors = table(spark, "silver.authors", {"source": "shop", "author_id": 7, "name": "Ann Author"})
    titles = table(
        spark,
        "silver.titles",
        {"source": "feed", "book_id": 1, "author_names": ["Ann Author", "Bo Writer"]},
        {"source": "feed", "book_id": 2, "author_names": ["Ann Author"]},
    )

    everyone = dim_author.transform(authors, titles, table(spark, "gold.dim_author"))

    assert_rows(
        everyone,
        "author_key bigint, source string, author_id string, author string",
        (0, None, None, "Unknown"),
        (1, "feed", "Ann Author", "Ann Author"),
        (2, "feed", "Bo Writer", "Bo Writer"),
        (3, "shop", "7", "Ann Author"),
    )
