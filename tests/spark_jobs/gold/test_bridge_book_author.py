from frames import assert_rows, table

from spark_jobs.gold.bridge_book_author import transform


def test_a_book_points_to_each_of_its_authors_once_at_the_earliest_place(spark):
    book_authors = table(
        spark,
        "silver.book_authors",
        {"source": "shop", "book_id": 1, "author_id": 7, "position": 2},
        {"source": "shop", "book_id": 1, "author_id": 8, "position": 1},
        {"source": "shop", "book_id": 1, "author_id": 7, "position": 3},
        {"source": "shop", "book_id": 2, "author_id": 7, "position": 1, "deleted_at": "2024-01-01 00:00:00"},
        {"source": "shop", "book_id": 3, "author_id": 99, "position": 1},
    )
    titles = table(
        spark, "silver.titles", {"source": "feed", "book_id": 1, "author_names": ["Ann Author", "Bo Writer"]}
    )
    authors = table(
        spark,
        "gold.dim_author",
        {"author_key": 70, "source": "shop", "author_id": "7"},
        {"author_key": 80, "source": "shop", "author_id": "8"},
        {"author_key": 90, "source": "feed", "author_id": "Ann Author"},
        {"author_key": 91, "source": "feed", "author_id": "Bo Writer"},
        {"author_key": 99, "source": "feed", "author_id": "7"},
    )

    credited = transform(book_authors, titles, authors)

    assert_rows(
        credited,
        "source string, book_id bigint, author_key bigint, position int",
        ("shop", 1, 70, 2),
        ("shop", 1, 80, 1),
        ("feed", 1, 90, 1),
        ("feed", 1, 91, 2),
    )
