import re

import pytest
from frames import assert_rows, frame

from spark_jobs.transforms.lookup import looked_up

ROWS = "source string, customer_id bigint, line int"


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ("left", [("shop", 1, 1, "one"), ("shop", 2, 2, None), ("kiosk", 1, 3, "another"), ("shop", None, 4, None),
                  (None, 1, 5, None)]),
        ("inner", [("shop", 1, 1, "one"), ("kiosk", 1, 3, "another")]),
    ],
)  # fmt: skip
def test_a_row_is_found_by_source_and_number_both_and_by_no_null(spark, how, found):
    rows = frame(spark, ROWS, ("shop", 1, 1), ("shop", 2, 2), ("kiosk", 1, 3), ("shop", None, 4), (None, 1, 5))
    table = frame(
        spark, "source string, customer_id bigint, name string",
        ("shop", 1, "one"), ("kiosk", 1, "another"), ("kiosk", 2, "else"), ("shop", None, "nobody"), (None, 1, "nobody"),
    )  # fmt: skip

    assert_rows(looked_up(rows, table, "source", "customer_id", how), f"{ROWS}, name string", *found)


def test_rows_of_the_table_may_repeat_where_only_their_being_there_is_asked(spark):
    rows = frame(spark, ROWS, ("shop", 1, 1), ("shop", 2, 2))
    wanted = frame(spark, "source string, customer_id bigint", ("shop", 1), ("shop", 1), ("feed", 2))

    assert_rows(looked_up(rows, wanted, "source", "customer_id", "left_semi"), ROWS, ("shop", 1, 1))


def test_many_rows_are_not_shuffled_and_the_key_is_one_number(spark):
    rows, table = spark.range(9).selectExpr("'shop' as source", "id as customer_id"), spark.range(3)
    held = table.selectExpr("'shop' as source", "id as customer_id", "id as customer_key")

    joined = looked_up(rows, held, "source", "customer_id", "left")

    plan = joined._jdf.queryExecution().executedPlan().toString()
    assert re.search(r"BroadcastHashJoin \[customer_id#\d+L\]", plan)
    assert "Exchange hashpartitioning" not in plan
    assert joined.filter("customer_key is not null").count() == 3
