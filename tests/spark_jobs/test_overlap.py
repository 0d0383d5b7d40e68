from datetime import date
from decimal import Decimal

from frames import table

from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.delta_log import Note
from spark_jobs.overlap import compare_overlap
from spark_jobs.runner import Run
from spark_jobs.tables import Lake


def test_feed_and_shop_stand_side_by_side_by_title_and_month_greatest_difference_first(spark, tmp_path):
    lake = Lake(spark, str(tmp_path / "lake"))
    # Two versions of one book.
    books = [{"book_key": 1, "book_id": 11, "title": "Emma"}, {"book_key": 2, "book_id": 11, "title": "Emma"},
             {"book_key": 3, "book_id": 12, "title": "Dune"}]  # fmt: skip
    facts = [
        ("reseller", 1, "2024-03-01", 5, "50.00"), ("reseller", 2, "2024-03-01", -1, "-10.00"), ("shop", 1, "2024-03-01", 4, "40.00"),
        ("reseller", 3, "2024-03-01", 7, "70.00"), ("shop", 3, "2024-04-01", 9, "90.00"), ("old_tills", 3, "2024-03-01", 9, "90.00"),
    ]  # fmt: skip
    rows = [
        {"source": source, "book_key": key, "sale_month": month, "quantity": quantity, "net_reporting_amount": net}
        for source, key, month, quantity, net in facts
    ]
    lake.replace(table(spark, "gold.dim_book", *books), "gold.dim_book", Note(1))
    lake.replace(table(spark, "gold.fact_sales", *rows), "gold.fact_sales", Note(1))
    run = Run(1, lake, RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}"), "reseller", {})

    compared = compare_overlap(run, "reseller", "shop")

    march = date(2024, 3, 1)
    names = ("month", "title", "feed_units", "shop_units", "feed_net", "shop_net")
    assert [tuple(line[name] for name in names) for line in compared] == [
        (march, "Dune", 7, 0, Decimal("70.00"), Decimal("0.00")),
        (march, "Emma", 4, 4, Decimal("40.00"), Decimal("40.00")),
    ]  # fmt: skip
