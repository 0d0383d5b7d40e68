from frames import assert_rows, table
from pyspark.sql import functions as F

from spark_jobs.merge import arrived_rows, with_class
from spark_jobs.tables import IS_GONE
from warehouse.contract import load_contract

SALES = load_contract("silver.sales")


def sale(sale_id: int, day: str, quantity: int | None = 1) -> dict[str, object]:
    return {
        "source": "shop", "sale_id": sale_id, "quantity": quantity, "sale_date": day, "sale_month": f"{day[:7]}-01",
    }  # fmt: skip


def arrived(spark, *rows, gone=()):
    here = table(spark, SALES.table, *rows).withColumn(IS_GONE, F.lit(False))
    return here.unionByName(table(spark, SALES.table, *gone).withColumn(IS_GONE, F.lit(True)))


def test_every_key_that_came_is_new_changed_the_same_or_gone(spark):
    before = table(
        spark, SALES.table, sale(1, "2024-03-01"), sale(2, "2024-03-01"), sale(3, "2024-03-01"), sale(4, "2024-04-09"),
        sale(5, "2024-03-01", None), {**sale(7, "2024-03-01"), "source": "kiosk"},
    )  # fmt: skip
    came = arrived(
        spark, sale(1, "2024-03-01"), sale(2, "2024-03-01", 2), sale(4, "2024-05-02"), sale(5, "2024-03-01", 1),
        sale(7, "2024-03-01"), gone=[sale(3, "2024-03-01"), sale(9, "2024-03-01")],
    )  # fmt: skip

    classified = with_class(came, before, SALES)

    assert_rows(
        classified,
        "sale_id bigint, _class string, _day_before date, _sale_month_before date",
        (1, "unchanged", "2024-03-01", "2024-03-01"),
        (2, "updated", "2024-03-01", "2024-03-01"),
        (3, "deleted", "2024-03-01", "2024-03-01"),
        (4, "updated", "2024-04-09", "2024-04-01"),
        (5, "updated", "2024-03-01", "2024-03-01"),
        (7, "inserted", None, None),
        (9, "absent", None, None),
    )


def test_a_row_that_is_aside_and_one_that_is_deleted_are_gone_from_the_table(spark):
    checked = table(spark, SALES.table, sale(1, "2024-03-01"), sale(2, "2024-03-01")).withColumn(
        "_reasons",
        F.when(F.col("sale_id") == 2, F.array(F.lit("known_kind"))).otherwise(F.array().cast("array<string>")),
    )
    delivered = spark.sql("select bigint(1) as sale_id, 'upsert' as _operation union all select 3, 'delete'")

    came = arrived_rows(checked, delivered, SALES, "shop")

    assert_rows(
        came,
        "source string, sale_id bigint, _is_gone boolean",
        ("shop", 1, False),
        ("shop", 2, True),
        ("shop", 3, True),
    )
