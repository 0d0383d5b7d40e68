"""Every expectation of every contract has a planted violation here, and does with it what its level says."""

import pytest
from frames import table
from pyspark.sql import Observation
from pyspark.sql import functions as F

from spark_jobs.errors import ExpectationError
from spark_jobs.expectations import REASONS, observed_columns, results, with_reasons
from spark_jobs.runner import Run, stop_if_asked
from warehouse.contract import load_contract, tables_of

BOOK = {
    "source": "shop", "book_id": 1, "isbn13": "9780306406157", "isbn10": "0306406152", "work_id": 1, "title": "Emma",
    "publisher_id": 1, "genre_id": 1, "format": "ebook", "language": "en", "list_price": "9.00", "unit_cost": "5.00",
    "currency": "USD", "published_on": "2020-01-01", "updated_at": "2020-01-01",
}  # fmt: skip
SALE = {
    "source": "shop", "sale_id": 1, "order_id": 1, "line_number": 1, "kind": "sale", "book_id": 1, "store_id": 1,
    "sold_at": "2024-05-01 10:00:00", "unit_price": "9.00", "quantity": 2, "discount_amount": "1.00", "tax_amount": "0.00",
    "currency": "USD", "sale_date": "2024-05-01", "sale_month": "2024-05-01",
}  # fmt: skip
FACT = {
    **{name: SALE[name] for name in ("source", "sale_id", "order_id", "line_number", "sold_at", "quantity")},
    "sale_date": "2024-05-01", "sale_month": "2024-05-01",
    **dict.fromkeys(("book_key", "publisher_key", "genre_key", "region_key", "store_key", "channel_key"), 1),
    "promotion_key": 0, "customer_key": 0, "is_return": False, "original_sale_date": "2024-04-30", "is_frontlist": False,
    "currency": "USD", "unit_price": "9.00", "gross_amount": "18.00", "discount_amount": "1.00", "net_amount": "17.00",
    "tax_amount": "0.00", "gross_reporting_amount": "18.00", "cost_reporting_amount": "10.00", "in_default_totals": True,
}  # fmt: skip
GOOD: dict[str, dict[str, object]] = {
    "silver.books": BOOK,
    "silver.customers": {"source": "shop", "customer_id": 1, "customer_hash": "aa", "segment": "school"},
    "silver.exchange_rates": {
        "source": "shop", "exchange_rate_id": 1, "rate_date": "2024-05-01", "currency": "EUR", "rate_to_reporting": "1.10",
    },
    "silver.promotions": {
        "source": "shop", "promotion_id": 1, "code": "MAY", "name": "May", "starts_on": "2024-05-01", "ends_on": "2024-05-31",
        "discount_ratio": "0.10",
    },
    "silver.sales": SALE,
    "silver.titles": {
        "source": "list", "book_id": 1, "isbn13": "9780306406157", "isbn10": "0306406152", "title": "Emma",
        "author_names": ["Jane"], "published_year": 1815, "repairs": [], "file_sha256": "aa", "record_number": 1, "run_seq": 1,
    },
    "gold.bridge_book_author": {"source": "shop", "book_id": 1, "author_key": 7, "position": 1},
    "gold.fact_sales": FACT,
}  # fmt: skip
# What makes a good row break one expectation.
PLANTED: dict[tuple[str, str], dict[str, object]] = {
    ("silver.books", "isbn13_check_digit"): {"isbn13": "9780306406158"},
    ("silver.books", "known_format"): {"format": "papyrus"},
    ("silver.books", "price_not_negative"): {"unit_cost": "-1.00"},
    ("silver.books", "cost_below_price"): {"unit_cost": "9.01"},
    ("silver.books", "isbn10_check_digit"): {"isbn10": "0306406153"},
    ("silver.books", "language_is_a_code"): {"language": "English"},
    ("silver.books", "isbn_stands_once"): {"isbn13": "9780804429573"},
    ("silver.customers", "known_segment"): {"segment": "pirate"},
    ("silver.exchange_rates", "rate_positive"): {"rate_to_reporting": "0.00"},
    ("silver.promotions", "discount_is_a_share"): {"discount_ratio": "1.50"},
    ("silver.sales", "known_kind"): {"kind": "gift"},
    ("silver.sales", "price_positive"): {"unit_price": "0.00", "discount_amount": "0.00"},
    ("silver.sales", "quantity_fits_kind"): {"quantity": -2},
    ("silver.sales", "discount_fits_kind"): {"discount_amount": "-1.00"},
    ("silver.sales", "discount_within_price"): {"discount_amount": "18.01"},
    ("silver.sales", "amount_fits"): {"unit_price": "9999999999.00", "quantity": 1000},
    ("silver.sales", "sold_in_a_plausible_year"): {"sold_at": "2199-05-01 10:00:00"},
    ("silver.sales", "return_names_its_sale"): {"kind": "return", "quantity": -2, "discount_amount": "-1.00"},
    ("silver.sales", "currency_is_a_code"): {"currency": "usd"},
    ("silver.titles", "isbn13_check_digit"): {"isbn13": "9780306406158"},
    ("silver.titles", "isbn10_check_digit"): {"isbn10": "0306406153"},
    ("silver.titles", "published_in_a_plausible_year"): {"published_year": 20240},
    ("gold.bridge_book_author", "author_is_there"): {"author_key": 8},
    ("gold.fact_sales", "exchange_rate_found"): {"gross_reporting_amount": None},
    ("gold.fact_sales", "cost_rate_found"): {"cost_reporting_amount": None},
    ("gold.fact_sales", "net_is_gross_less_discount"): {"net_amount": "17.01"},
    ("gold.fact_sales", "key_found"): {"store_key": 0},
    ("gold.fact_sales", "sold_after_publication"): {"_published_on": "2024-05-02"},
    ("gold.fact_sales", "returned_after_sale"): {"original_sale_date": "2024-05-02"},
}
TABLES = sorted({name for name, _ in PLANTED})


def test_every_expectation_on_rows_has_a_planted_violation_and_no_other():
    tables = [f"{layer}.{name}" for layer in ("silver", "gold") for name in tables_of(layer)]

    declared = {
        (name, expectation)
        for name in tables
        for expectation, check in load_contract(name).expectations.items()
        if check.is_of_rows
    }

    assert {*PLANTED} == declared


def judged(spark, name):
    """A good row, the violations of a table, and what the checks find; rows are told apart by `_row`."""
    contract = load_contract(name)
    planted = {expectation: change for (of_table, expectation), change in PLANTED.items() if of_table == name}
    rows = None
    for what, change in {"good": {}, **planted}.items():
        row = violation(spark, name, what, change)
        rows = row if rows is None else rows.unionByName(row)
    authors = table(spark, "gold.dim_author", {"author_key": 7})
    checked, observation = with_reasons(rows, contract, lambda _: authors), Observation()
    found = checked.observe(observation, *observed_columns(contract, [])).select("_row", REASONS).collect()
    return contract, planted, found, {result.expectation: result for result in results(contract, observation.get)}


def violation(spark, name, what, change):
    """One row, or two where a violation takes as many. Books that are to be found by something else have no ISBN in common."""
    published = change.get("_published_on")
    values = {**GOOD[name], **{column: said for column, said in change.items() if column != "_published_on"}}
    if name == "silver.books" and what not in ("good", "isbn13_check_digit", "isbn_stands_once"):
        values["isbn13"] = None
    row = table(spark, name, *[values] * rows_of(name, what)).withColumn("_row", F.lit(what))
    return row.withColumn("_published_on", F.lit(published).cast("date")) if name == "gold.fact_sales" else row


def rows_of(name, expectation):
    found = load_contract(name).expectations.get(expectation)
    return 2 if found is not None and found.unique else 1


@pytest.mark.parametrize("name", TABLES)
def test_a_planted_violation_is_found_and_does_what_its_level_says(spark, name):
    contract, planted, found, told = judged(spark, name)

    reasons = {row["_row"]: set(row[REASONS]) - {"isbn13: required"} for row in found}
    assert reasons["good"] == set()
    for expectation in planted:
        level = contract.expectations[expectation].level
        assert told[expectation].failed_rows >= rows_of(name, expectation), expectation
        assert (expectation in reasons[expectation]) == (level == "quarantine"), expectation


def test_a_violation_of_level_stop_ends_the_run_and_others_do_not(spark, tmp_path):
    run = Run(1, None, None, "shop", {})  # type: ignore[arg-type]
    _, _, _, told = judged(spark, "gold.bridge_book_author")
    run.quality = [told["author_is_there"]]

    with pytest.raises(ExpectationError, match=r"gold\.bridge_book_author: 1 of 2 rows fail author_is_there"):
        stop_if_asked(run)

    _, _, _, told = judged(spark, "silver.customers")
    run.quality = [told["known_segment"]]
    stop_if_asked(run)
