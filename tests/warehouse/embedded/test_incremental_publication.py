"""A generation that starts as a copy: only touched days are written, and it equals one built whole."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest
from oracle import rollup_differences
from small_star import LAST_DAY, described, write_exports
from star_days import OTHER_DAY, ROWS, facts, of_last_day, whole

from warehouse.embedded.generations import Pointer, generation_file, read_pointer, swap_pointer
from warehouse.embedded.publishing import finish_publication, newest_generation, publish
from warehouse.embedded.warehouse import EmbeddedWarehouse
from warehouse.publication import PublicationError


def put(warehouse, exports, run_seq, keep=3):
    return publish(
        warehouse, exports, described(run_seq), {}, keep=keep, memory_mb=512,
        base=newest_generation(warehouse) if exports["fact_sales"].days is not None else None,
    )  # fmt: skip


def test_a_copy_with_a_day_rewritten_equals_a_generation_built_whole(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)

    in_part = put(warehouse, of_last_day(tmp_path, 5), 2)
    rebuilt = put(warehouse, whole(tmp_path, 5), 3)

    files = [generation_file(warehouse, made.generation) for made in (in_part, rebuilt)]
    assert rollup_differences(*files) == {}
    assert rollup_differences(generation_file(warehouse, 1), files[1]).keys() >= {"fact_sales", "rollup_sales_daily"}


def test_a_generation_that_lacks_a_rollup_is_copied_and_gets_it_whole(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    with duckdb.connect(str(generation_file(warehouse, 1))) as connection:
        for name in ("rollup_region_daily", "rollup_orders_daily"):
            connection.execute(f"drop table analytics.{name}")
    put(warehouse, of_last_day(tmp_path, 2), 2)
    put(warehouse, whole(tmp_path, 2), 3)

    assert rollup_differences(generation_file(warehouse, 2), generation_file(warehouse, 3)) == {}


def test_a_day_that_lost_its_last_line_is_empty_in_the_copy(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    exports = of_last_day(tmp_path, 2)
    left = [row for row in facts(2) if row["sale_date"] != LAST_DAY]
    # Of no rows Spark's sum is null, which the lake tells as 0.
    nothing = dict.fromkeys(exports["fact_sales"].sums, "0")
    exports["fact_sales"] = replace(exports["fact_sales"], files=(), row_count=len(left), sums=nothing)

    put(warehouse, exports, 2)

    served = EmbeddedWarehouse(warehouse).current()
    assert served.rows("select count(*) as n, max(sale_date) as last from analytics.fact_sales")[0]["n"] == len(left)
    assert exports["fact_sales"].sums


def test_a_generation_says_how_many_copies_it_is_from_a_whole_one(warehouse, tmp_path):
    put(warehouse, whole(tmp_path, 1), 1)
    for number in (2, 3):
        put(warehouse, of_last_day(tmp_path, number), number)

    base = newest_generation(warehouse)

    assert (base.generation, base.increments, base.lake_versions["fact_sales"]) == (3, 2, 3)
    assert base.last_sale_date == LAST_DAY


FAULTS = {
    "a row too few": {"row_count": 41},
    "a cent too much": {"sums": {"gross_amount": "0.01"}},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_copy_that_is_not_as_the_lake_says_is_not_published(warehouse, tmp_path, fault):
    put(warehouse, whole(tmp_path, 1), 1)
    exports = of_last_day(tmp_path, 2)
    exports["fact_sales"] = replace(exports["fact_sales"], **fault)

    with pytest.raises(PublicationError, match=r"fact_sales.*lake"):
        put(warehouse, exports, 2)

    assert EmbeddedWarehouse(warehouse).current().publication.generation == 1


@pytest.mark.parametrize(
    "day", [LAST_DAY, OTHER_DAY], ids=["twice among the new", "new and on a day that is not touched"]
)
def test_a_key_that_a_copy_has_twice_is_found(warehouse, tmp_path, day):
    put(warehouse, whole(tmp_path, 1), 1)
    exports, lines = of_last_day(tmp_path, 2), facts(2)
    new = [row for row in lines if row["sale_date"] == LAST_DAY]
    there = next(row for row in reversed(lines) if row["sale_date"] == day)
    new[0] = {**new[0], "source": there["source"], "sale_id": there["sale_id"]}
    exports["fact_sales"] = replace(
        exports["fact_sales"], files=write_exports(tmp_path / "twice", {**ROWS, "fact_sales": new})["fact_sales"].files
    )

    with pytest.raises(PublicationError, match=r"fact_sales has 1 rows whose key \(source, sale_id\) is not unique"):
        put(warehouse, exports, 2)


def test_a_publication_that_was_killed_before_its_last_step_is_finished(warehouse, tmp_path):
    for number in (1, 2):
        put(warehouse, whole(tmp_path, number), number)
    swap_pointer(warehouse, Pointer(1, 1))

    newest = finish_publication(warehouse)

    assert newest.generation == 2
    assert read_pointer(warehouse) == Pointer(2, 2)


def test_a_pinned_generation_is_not_taken_for_one_that_was_killed(warehouse, tmp_path):
    for number in (1, 2):
        put(warehouse, whole(tmp_path, number), number)
    swap_pointer(warehouse, Pointer(1, 1, pinned=True))

    finish_publication(warehouse)

    assert read_pointer(warehouse) == Pointer(1, 1, pinned=True)


def test_one_file_may_be_opened_by_many_at_the_same_time(warehouse, tmp_path):
    for number in range(1, 6):
        put(warehouse, whole(tmp_path, number), number)
        with ThreadPoolExecutor(16) as pool:
            opened = list(pool.map(lambda _: EmbeddedWarehouse(warehouse).current().publication.run_seq, range(16)))

        assert opened == [number] * 16


READERS = 50
PARTS = (
    "select run_seq from ops.publication",
    "select sum(gross_amount) as total from analytics.fact_sales",
    "select sum(gross_units - return_units) as total from analytics.rollup_sales_daily",
    "select sum(gross_units - return_units) as total from analytics.rollup_book_daily",
)


class Reader(threading.Thread):
    """Asks for one answer after the other, made of several queries; `holds` says whether it holds a generation meanwhile."""

    def __init__(self, warehouse, over, holds):
        super().__init__(daemon=True)
        self._warehouse, self._over, self._holds = warehouse, over, holds
        self.answers, self.errors = [], []

    def run(self):
        while not self._over.is_set():
            try:
                held = self._warehouse.current()
                answer = [self._asked(held, sql) for sql in PARTS]
                self.answers.append(tuple(answer))
            except Exception as error:
                self.errors.append(error)
            time.sleep(random.uniform(0, 0.4))

    def _asked(self, held, sql):
        if not self._holds:
            time.sleep(0.1)  # long enough for a publication in between
            held = self._warehouse.current()
        return next(iter(held.rows(sql)[0].values()))


def expected(number):
    lines = facts(number)
    quantity = Decimal(sum(row["quantity"] for row in lines))
    return number, sum(row["gross_amount"] for row in lines), quantity, quantity


@pytest.mark.parametrize("publications", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_fifty_readers_never_see_a_mix_of_publications(warehouse, tmp_path, publications):
    put(warehouse, whole(tmp_path, 1), 1)
    over, served = threading.Event(), EmbeddedWarehouse(warehouse)
    readers = [Reader(served, over, holds=True) for _ in range(READERS)]
    careless = [Reader(served, over, holds=False) for _ in range(3)]
    for reader in (*readers, *careless):
        reader.start()
    for number in range(2, publications + 1):
        make = whole if number % 10 == 0 else of_last_day
        put(warehouse, make(tmp_path, number), number, keep=2)
    over.set()
    for reader in (*readers, *careless):
        reader.join(60)

    states = {expected(number) for number in range(1, publications + 1)}
    answers = [answer for reader in readers for answer in reader.answers]
    assert [error for reader in readers for error in reader.errors] == []
    assert [answer for answer in answers if answer not in states] == []
    assert len({answer[0] for answer in answers}) > publications // 2
    # The control: who takes each part from whatever serves then sees mixes.
    assert any(answer not in states for reader in careless for answer in reader.answers)
