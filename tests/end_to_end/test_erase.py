"""People are erased: from every file, for good, and nothing but them changes."""

import argparse
import contextlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg2
import pytest
from crashes import Killed, crash_at
from oracle import Rows, differences, held_rows, source_rows
from pyspark.sql import SparkSession
from small_shop import PSEUDONYM_KEY, fill, reader_address, reload, run_options, sync
from stores import hits

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from jobs_config.errors import ExitCode, RefusedError
from jobs_config.progress import Progress
from spark_jobs import commands
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.erased import digest_of_id
from spark_jobs.extract.pseudonym import keyed_hash
from spark_jobs.options import RunOptions
from warehouse.embedded.generations import generation_file, kept_generations, read_pointer
from warehouse.embedded.publishing import roll_back

SALES = 1_500

# Points of an erasure at which the list of suppressions is not written yet.
BEFORE_THE_LIST = ("table.committing silver.suppressions",)

# What must be the same before and after, and the customers, which must not.
SUMS = """
select count(*), count(distinct order_id), sum(quantity), sum(net_reporting_amount), sum(cost_reporting_amount),
    sum(tax_amount), count(distinct book_key)
from analytics.fact_sales
"""
CUSTOMERS = "select count(distinct customer_key) from analytics.fact_sales where not is_return and customer_key > 0"
DAYS = "select * from analytics.rollup_sales_daily order by all"


@dataclass(frozen=True)
class Installation:
    """A shop with its lake and warehouse."""

    dsn: str
    home: Path
    options: RunOptions
    people: dict[int, tuple[str, str]]

    def execute(self, *statements: str) -> None:
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with closing(psycopg2.connect(self.dsn)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def newest(self, *queries: str) -> list[list[tuple[object, ...]]]:
        """Answers of the newest generation, whether it serves or not."""
        path = generation_file(self.options.warehouse, kept_generations(self.options.warehouse)[-1])
        with duckdb.connect(str(path), read_only=True) as opened:
            return [opened.execute(sql).fetchall() for sql in queries]

    def found(self, people: Sequence[int]) -> list[str]:
        """Files that hold something of these people, with what."""
        texts = [keyed_hash(str(number), "id", PSEUDONYM_KEY) for number in people]
        for number in people:
            email, name = self.people[number]
            texts += [keyed_hash(email, "email", PSEUDONYM_KEY), email, name]
        return [f"{hit.file}: {hit.what}" for hit in hits(self.home, texts, people)]

    def differences(self, erased: Sequence[int]) -> dict[str, dict[str, list[int]]]:
        """Between the source without these people and what is held."""
        there = source_rows(self.dsn)
        return differences(without(there, erased), held_rows(self.options.lake, self.options.warehouse))

    def disagreements(self) -> list[object]:
        compared = verify(RunLedger(self.options.ledger_url), self.options.lake, self.options.open_warehouse())
        assert [item for item in compared if item.what == "rows of customers"]
        return [item for item in compared if not item.agrees]


def without(there: dict[str, Rows], erased: Sequence[int]) -> dict[str, Rows]:
    """The source as the lake is to hold it: no such customers, -1 in their sale lines (the sixth column after the key)."""
    customers = {key: row for key, row in there["customers"].items() if key not in erased}
    sales = {key: (*row[:5], -1 if row[5] in erased else row[5], *row[6:]) for key, row in there["sales"].items()}
    return {**there, "customers": customers, "sales": sales}


@pytest.fixture
def shop(spark: SparkSession, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Installation]:
    postgres.create_database("erasing")
    dsn = postgres.owner_dsn("erasing")
    fill(dsn, SALES)
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select id, email, full_name from sales_customer")
        people = {number: (email, name) for number, email, name in cursor.fetchall()}
    yield Installation(dsn, tmp_path, run_options(tmp_path, reader_address(postgres, dsn)), people)
    postgres.drop_database("erasing")


def erase(spark: SparkSession, shop: Installation, people: Sequence[int]) -> int:
    path = shop.home.parent / f"{shop.home.name}-people.json"
    path.write_text(json.dumps([digest_of_id(number, PSEUDONYM_KEY) for number in people]))
    asked = argparse.Namespace(people_file=str(path))
    try:
        return commands.erase_people(spark, shop.options, asked, Progress(terminal=False))
    finally:
        path.unlink()


def buyers(shop: Installation, count: int) -> list[int]:
    """Customers with more than one order."""
    found = shop.ask(
        "select customer_id from sales_sale where kind = 'sale' and deleted_at is null and customer_id is not null "
        f"group by 1 having count(distinct order_id) > 1 order by count(*) desc, 1 limit {count}"
    )
    return [int(str(number)) for (number,) in found]


def prepare(spark: SparkSession, shop: Installation, people: Sequence[int]) -> int:
    """Two deliveries and two generations hold them, one line of theirs is quarantined, and the older generation is pinned.

    Returns the quarantined line.
    """
    reload(spark, shop.options)
    ((line,),) = shop.ask(f"select max(id) from sales_sale where kind = 'sale' and customer_id = {people[0]}")
    shop.execute(
        f"update sales_sale set sold_at = '1985-05-05' where id = {line}",
        f"update sales_customer set marketing_consent = not marketing_consent where id = {people[1]}",
    )
    sync(spark, shop.options)
    roll_back(shop.options.warehouse)
    return int(str(line))


def but_for(aside: int) -> dict[str, dict[str, list[int]]]:
    """The one difference there is to be: a quarantined line."""
    return {"sales": {"missing": [aside]}, "facts": {"missing": [aside]}}


@pytest.mark.slow
def test_an_erasure_beside_a_ledger_that_does_not_know_the_lake_is_refused(
    spark: SparkSession, shop: Installation
) -> None:
    # The control: before the first load there is nothing to erase, and the person does not come in.
    assert erase(spark, shop, [1]) == ExitCode.DONE
    reload(spark, shop.options)
    (shop.home / "ledger.db").unlink()

    with pytest.raises(RefusedError, match=r"hold data.*knows of no complete read.*`booksales reload`, then erase"):
        erase(spark, shop, [2])


@pytest.mark.slow
def test_two_people_leave_every_file_and_do_not_come_back(spark: SparkSession, shop: Installation) -> None:
    people = buyers(shop, 2)
    aside = prepare(spark, shop, people)
    (sums, days, customers), held = shop.newest(SUMS, DAYS, CUSTOMERS), shop.found(people)
    # The control: the same search finds them wherever they are.
    for place in (
        "bronze/customers",
        "bronze/sales",
        "silver/customers",
        "silver/sales",
        "silver/quarantine",
        "gold/dim_customer",
    ):
        assert [line for line in held if line.startswith(f"lake/{place}/")], place
    assert [line for line in held if line.startswith("warehouse/wh.000001")]

    code = erase(spark, shop, people)

    pointer = read_pointer(shop.options.warehouse)
    assert (code, kept_generations(shop.options.warehouse), pointer.pinned) == (
        ExitCode.DONE,
        [pointer.generation],
        False,
    )
    assert shop.found(people) == []
    after = shop.newest(SUMS, DAYS, CUSTOMERS)
    assert after[:2] == [sums, days]
    assert after[2][0][0] == int(str(customers[0][0])) - 2
    assert shop.newest("select count(*) > 2 from analytics.fact_sales where customer_key = -1") == [[(True,)]]
    assert shop.differences(people) == but_for(aside)
    assert shop.disagreements() == []

    # The shop goes on with one of them, and deletes the other.
    shop.execute(
        f"update sales_customer set segment = 'library' where id = {people[0]}",
        "insert into sales_sale (order_id, line_number, kind, book_id, store_id, customer_id, sold_at, unit_price, quantity, "
        "currency) "
        f"select 9000001, 1, 'sale', book_id, store_id, {people[0]}, sold_at, unit_price, 1, currency from sales_sale "
        f"where customer_id = {people[0]} and kind = 'sale' limit 1",
        f"update sales_sale set customer_id = null where customer_id = {people[1]}",
        f"delete from sales_customer where id = {people[1]}",
    )
    # The quarantined line comes again, which is more than the limit of so small a sync.
    assert sync(spark, shop.options) == ExitCode.ATTENTION
    assert shop.found(people) == []
    assert shop.differences(people) == but_for(aside)
    assert shop.disagreements() == []

    assert reload(spark, shop.options) == ExitCode.DONE
    assert shop.found(people) == []
    assert shop.differences(people) == but_for(aside)
    assert shop.disagreements() == []


@pytest.mark.slow
def test_a_hundred_people_leave_every_file(spark: SparkSession, shop: Installation) -> None:
    reload(spark, shop.options)
    people = sorted(shop.people)[:100]
    before, held = shop.newest(SUMS, DAYS), shop.found(people)
    assert {who for who in people if any(line.endswith(f": customer_id {who}") for line in held)} == {*people}

    assert erase(spark, shop, people) == ExitCode.DONE

    assert shop.found(people) == []
    assert shop.newest(SUMS, DAYS) == before
    assert shop.differences(people) == {}
    assert shop.disagreements() == []
    assert sync(spark, shop.options, "sweep") == ExitCode.DONE
    assert shop.found(people) == []
    assert shop.differences(people) == {}
    assert shop.disagreements() == []


@pytest.mark.slow
def test_an_erasure_that_dies_at_any_point_is_completed_by_running_it_again(
    spark: SparkSession, shop: Installation
) -> None:
    reload(spark, shop.options)
    everybody = buyers(shop, 60)
    erased = [everybody.pop()]
    with crash_at("") as points:
        erase(spark, shop, erased)
    wanted = list(dict.fromkeys(points))
    assert len(wanted) > 25

    for point in wanted:
        whom = everybody.pop()
        assert shop.found([whom]) != []
        with crash_at(point) as passed, contextlib.suppress(Killed):
            erase(spark, shop, [whom])
        if passed[-1] != point:
            continue  # this time there was no such step
        erased.append(whom)

        # By nobody's name: the list knows them, unless the run died before it was written.
        again = [] if point not in BEFORE_THE_LIST else [whom]
        assert erase(spark, shop, again) == ExitCode.DONE

        assert (point, shop.found([whom])) == (point, [])
        assert (point, shop.disagreements()) == (point, [])
        assert (point, shop.differences(erased)) == (point, {})
