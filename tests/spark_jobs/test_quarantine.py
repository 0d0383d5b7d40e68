import itertools
from datetime import date

import pytest
from frames import assert_rows, frame, table
from pyspark.sql import functions as F

from spark_jobs.expectations import REASONS
from spark_jobs.quarantine import QUARANTINE, Quarantine
from spark_jobs.tables import Lake
from warehouse.contract import load_contract

CHANNELS, FACTS = load_contract("silver.channels"), load_contract("gold.fact_sales")
HELD = "run_seq bigint, source string, table_name string, row_key string, reasons array<string>"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path / "lake"))


def quarantine_of(lake, run_seq):
    return Quarantine(lake, run_seq, itertools.count().__next__)


def checked(spark, *rows):
    """Channels of the shop: id, and the reasons against it."""
    found = table(spark, CHANNELS.table, *({"source": "shop", "channel_id": number} for number, _ in rows))
    reasons = frame(spark, "channel_id bigint, reasons array<string>", *rows).withColumnRenamed("reasons", REASONS)
    return found.join(reasons, on="channel_id")


def keys(spark, *numbers):
    return table(spark, CHANNELS.table, *({"source": "shop", "channel_id": number} for number in numbers))


def test_a_table_read_whole_has_aside_what_is_aside_now(lake, spark):
    quarantine_of(lake, 1).replace_source(checked(spark, (1, ["known_code"]), (2, [])), CHANNELS, "shop", 1)

    quarantine_of(lake, 2).replace_source(checked(spark, (1, []), (2, ["known_code"])), CHANNELS, "shop", 1)

    assert_rows(lake.read(QUARANTINE), HELD, (2, "shop", "silver.channels", "shop/2", ["known_code"]))

    quarantine_of(lake, 3).replace_source(checked(spark, (1, []), (2, [])), CHANNELS, "shop", 0)

    assert lake.read(QUARANTINE).count() == 0


def test_a_record_that_comes_again_and_passes_leaves_and_others_stay(lake, spark):
    first = checked(spark, (1, ["known_code"]), (2, ["known_code"]), (3, ["known_code"]))
    quarantine_of(lake, 1).replace_source(first, CHANNELS, "shop", 3)

    second = checked(spark, (1, []), (2, ["name: required"]))
    quarantine_of(lake, 2).merge(second, keys(spark, 1, 2, 9), CHANNELS, "shop", 1)

    assert_rows(
        lake.read(QUARANTINE),
        HELD,
        (2, "shop", "silver.channels", "shop/2", ["name: required"]),
        (1, "shop", "silver.channels", "shop/3", ["known_code"]),
    )


def test_nothing_is_written_where_nothing_is_aside_before_and_after(lake, spark):
    quarantine_of(lake, 1).merge(checked(spark, (1, [])), keys(spark, 1), CHANNELS, "shop", 0)
    quarantine_of(lake, 1).replace_days(checked(spark, (1, [])), FACTS, [date(2024, 3, 1)], 0)

    assert not lake.exists(QUARANTINE)


def test_days_that_are_built_anew_have_aside_what_is_aside_now(lake, spark):
    def facts(*rows):
        listed = [{"source": "shop", "sale_id": number, "sale_date": day} for number, day in rows]
        return table(spark, FACTS.table, *listed).withColumn(REASONS, F.array(F.lit("exchange_rate_found")))

    quarantine_of(lake, 1).replace_days(facts((1, "2024-03-01"), (2, "2024-03-02")), FACTS, None, 2)

    quarantine_of(lake, 2).replace_days(facts((3, "2024-03-02")), FACTS, [date(2024, 3, 2)], 1)

    columns = "run_seq bigint, row_key string, business_date date"
    assert_rows(lake.read(QUARANTINE), columns, (1, "shop/1", "2024-03-01"), (2, "shop/3", "2024-03-02"))


def test_records_can_be_taken_out_by_their_keys(lake, spark):
    quarantine = quarantine_of(lake, 1)
    quarantine.replace_source(checked(spark, (1, ["known_code"]), (2, ["known_code"])), CHANNELS, "shop", 2)

    quarantine.drop(["shop/2", "it's/not there"], CHANNELS, "shop")

    assert_rows(lake.read(QUARANTINE), "row_key string", ("shop/1",))
