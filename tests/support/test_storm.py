"""A storm does what it counts, in a shop of 3,000 lines."""

import io
import threading
import time
from collections import Counter
from contextlib import closing

import psycopg2
import pytest
from small_shop import fill
from storm import ALL_KINDS, PREPARED, Storm

from booksales.local_stack.postgres import EmbeddedPostgres
from datagen.changes.kinds import Simulation
from datagen.changes.simulate import simulate_days
from jobs_config.progress import Progress
from jobs_config.state import open_state

ENOUGH = 20
GONE = "select id from before_sale where id not in (select id from sales_sale)"
PAIRS = "sales_sale inner join before_sale on sales_sale.id = before_sale.id"
DIFFERS = "(sales_sale.sold_at, sales_sale.quantity) <> (before_sale.sold_at, before_sale.quantity)"
TOMBSTONES = "select row_key from etl_tombstone where deleted_at > (select generated_at from datagen_shop_mark)"


@pytest.fixture
def shop(shop_database):
    fill(shop_database)
    query(shop_database, "create table before_sale as table sales_sale; create table before_book as table books_book")
    return shop_database


@pytest.fixture
def quiet():
    return Progress(io.StringIO(), terminal=False)


def query(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def keys(dsn, statement):
    return {key for (key,) in query(dsn, statement)}


def run_storm(dsn, kinds, enough=ENOUGH, **options):
    """A storm of these kinds alone, which has ended; each happened often."""
    with Storm(dsn, writers=4, seed=11, kinds=kinds, longest_seconds=0.1, pause_seconds=0.01, **options) as storm:
        until = time.monotonic() + 60
        while any(storm.counts[kind] < enough for kind in kinds):
            assert time.monotonic() < until, storm.counts
            time.sleep(0.02)
    return storm


def committed(storm, *kinds):
    return {write.key for write in storm.history if write.kind in kinds}


def test_a_storm_of_all_kinds_commits_each_and_breaks_no_reference(shop):
    with Storm(shop, seed=11, longest_seconds=0.5, pause_seconds=0.02) as storm:
        storm.wait_for_every_kind()

    assert all(storm.counts[kind] for kind in ALL_KINDS - PREPARED)
    assert Counter(write.kind for write in storm.history) == {
        kind: count for kind, count in storm.counts.items() if kind in {write.kind for write in storm.history}
    }
    for column, table in (
        ("original_sale_id", "sales_sale"),
        ("book_id", "books_book"),
        ("customer_id", "sales_customer"),
    ):
        orphans = f"select count(*) from sales_sale where {column} not in (select id from {table})"
        assert query(shop, orphans) == [(0,)]


def test_inserted_lines_are_there(shop):
    storm = run_storm(shop, {"insert", "insert_return"})

    assert keys(shop, "select id from sales_sale except select id from before_sale") == committed(
        storm, "insert", "insert_return"
    )
    assert keys(shop, "select id from sales_sale where kind = 'return' except select id from before_sale") == committed(
        storm, "insert_return"
    )


def test_an_update_moves_updated_at(shop):
    storm = run_storm(shop, {"update"})

    assert keys(shop, f"select sales_sale.id from {PAIRS} where {DIFFERS}") == committed(storm, "update")
    assert keys(
        shop, f"select sales_sale.id from {PAIRS} where sales_sale.updated_at > before_sale.updated_at"
    ) == committed(storm, "update")


def test_a_silent_update_leaves_updated_at(shop):
    storm = run_storm(shop, {"silent_update", "silent_reprice"})

    assert keys(shop, f"select sales_sale.id from {PAIRS} where {DIFFERS}") == committed(storm, "silent_update")
    assert query(shop, f"select count(*) from {PAIRS} where sales_sale.updated_at <> before_sale.updated_at") == [(0,)]
    repriced = """
    select books_book.id from books_book inner join before_book on books_book.id = before_book.id
    where books_book.list_price <> before_book.list_price and books_book.updated_at = before_book.updated_at
    """
    assert keys(shop, repriced) == committed(storm, "silent_reprice")


def test_a_skewed_update_has_a_time_up_to_five_seconds_off(shop):
    storm = run_storm(shop, {"skewed_update"})

    began = "(select min(updated_at) from touched)"
    touched = f"with touched as (select sales_sale.* from {PAIRS} where {DIFFERS})"
    assert keys(shop, f"{touched} select id from touched") == committed(storm, "skewed_update")
    # Times spread over more than the storm lasted: some lie ahead of those written later.
    spread = f"{touched} select max(updated_at) - {began} > interval '6 s', max(updated_at) > now() from touched"
    assert query(shop, spread) == [(True, True)]


def test_ties_share_their_time_across_transactions(shop):
    storm = run_storm(shop, {"tie"}, enough=60)

    times = query(shop, f"select sales_sale.updated_at, sales_sale.xmin::text from {PAIRS} where {DIFFERS}")
    assert len(times) == len(committed(storm, "tie"))
    assert {moment.microsecond for moment, _ in times} == {0}
    by_time = Counter(moment for moment, _ in set(times))
    assert max(by_time.values()) > 1


def test_a_hard_delete_leaves_a_tombstone(shop):
    storm = run_storm(shop, {"hard_delete"})

    assert keys(shop, GONE) == keys(shop, TOMBSTONES) == committed(storm, "hard_delete")


def test_an_untracked_delete_leaves_none(shop):
    storm = run_storm(shop, {"untracked_delete"})

    assert keys(shop, GONE) == committed(storm, "untracked_delete")
    assert keys(shop, TOMBSTONES) == set()


def test_soft_deletes_and_restored_lines_say_so(shop):
    query(shop, "update sales_sale set deleted_at = now() where id % 2 = 0; drop table before_sale")
    query(shop, "create table before_sale as table sales_sale")
    storm = run_storm(shop, {"soft_delete", "restore"}, enough=5)

    changed = (
        f"select sales_sale.id from {PAIRS} where (sales_sale.deleted_at is null) <> (before_sale.deleted_at is null)"
    )
    flips = Counter(write.key for write in storm.history)
    assert keys(shop, changed) == {key for key, count in flips.items() if count % 2}


def test_a_reinserted_key_comes_back_with_other_values_and_keeps_its_tombstone(shop):
    storm = run_storm(shop, {"hard_delete", "reinsert"})

    last = {write.key: write.kind for write in storm.history}
    back = {key for key, kind in last.items() if kind == "reinsert"}
    assert back
    assert keys(shop, GONE) == last.keys() - back
    assert keys(shop, f"select sales_sale.id from {PAIRS} where {DIFFERS}") == back
    assert keys(shop, TOMBSTONES) == committed(storm, "hard_delete")


@pytest.mark.parametrize("end", ["rollback", "savepoint_rollback"])
def test_what_is_rolled_back_is_neither_there_nor_counted(shop, end):
    (highest,) = query(shop, "select max(id) from sales_sale")[0]
    storm = run_storm(shop, {"insert", end})

    added = keys(shop, "select id from sales_sale except select id from before_sale")
    assert added == committed(storm, "insert")
    # The numbers between are of rows that were undone.
    assert max(added) - highest > len(added)


def test_a_savepoint_that_is_kept_gives_its_rows_another_transactions_id(shop):
    storm = run_storm(shop, {"insert", "savepoint"}, enough=60)

    transactions = query(
        shop, "select count(distinct xmin::text) from sales_sale where id not in (select id from before_sale)"
    )
    assert transactions[0][0] > storm.counts["commit"]


def test_books_and_customers_come_change_and_go(shop):
    storm = run_storm(shop, {"reprice", "new_book", "new_customer", "change_customer", "delete_customer"}, enough=5)

    assert keys(shop, "select id from books_book except select id from before_book") == {
        write.key for write in storm.history if write.table == "books_book" and write.kind == "new_book"
    }
    assert query(shop, "select count(*) from sales_customer where email like 'storm.%'") == [
        (storm.counts["new_customer"] - storm.counts["delete_customer"],)
    ]
    authors = "select count(*) from books_book_authors inner join books_author on author_id = books_author.id where name = 'A. Storm'"
    assert query(shop, authors) == [(storm.counts["new_book"] // 4,)]


def test_transactions_last_as_long_as_they_may_and_end_soon_when_the_storm_does(shop):
    oldest = """
    select coalesce(max(now() - xact_start) > interval '1 s', false)
    from pg_stat_activity
    where datname = current_database() and application_name like 'storm-%'
    """
    with Storm(shop, seed=11, longest_seconds=120, pause_seconds=0.01) as storm:
        until = time.monotonic() + 30
        while query(shop, oldest) != [(True,)]:
            assert time.monotonic() < until
            time.sleep(0.1)
        stopped = time.monotonic()

    assert time.monotonic() - stopped < 5
    assert storm.counts["commit"] > 0


def test_a_simulated_day_and_a_second_storm_of_the_same_seed_find_room(shop, quiet):
    run_storm(shop, {"insert", "reinsert", "hard_delete"}, enough=5)
    with Storm(shop, seed=11, kinds={"insert", "update", "skewed_update", "new_book"}, longest_seconds=0.1) as storm:
        (day,) = simulate_days(shop, Simulation(sales=500), quiet)
        storm.wait_for_every_kind()

    assert storm.counts["in_the_way"] == 0
    assert query(
        shop, "select count(*) from sales_sale where order_id > 0 and id not in (select id from before_sale)"
    ) == [(sum(day.row_counts[kind] for kind in ("new sales", "late sales", "returns")),)]


def test_a_storm_that_is_locked_out_goes_on_afterwards(shop):
    with Storm(shop, seed=11, kinds={"update"}, longest_seconds=0) as storm:
        storm.wait_for_every_kind()
        with closing(psycopg2.connect(shop)) as connection, connection.cursor() as cursor:
            cursor.execute("lock table sales_sale in exclusive mode")
            time.sleep(1.2)
        before = storm.counts["update"]
        until = time.monotonic() + 30
        while storm.counts["update"] <= before:
            assert time.monotonic() < until
            time.sleep(0.02)

    assert storm.counts["in_the_way"] > 0


def test_a_writer_that_fails_is_not_overlooked(shop):
    storm = Storm(shop, seed=11, kinds={"update"}, longest_seconds=0).start()
    query(shop, "alter table sales_sale rename to moved")

    with pytest.raises(RuntimeError, match="storm of seed 11: a writer failed") as told:
        until = time.monotonic() + 30
        while threading.active_count() > 1 and time.monotonic() < until and not storm._failures:
            time.sleep(0.02)
        storm.stop()

    assert isinstance(told.value.__cause__, psycopg2.errors.UndefinedTable)


def test_a_storm_says_its_seed(shop, capsys):
    with Storm(shop, seed=11, kinds={"insert"}):
        pass

    assert capsys.readouterr().out == "storm: seed 11, 10 writers\n"


@pytest.mark.parametrize(
    ("kinds", "said"),
    [({"insert", "upsert"}, r"no kinds \['upsert'\]"), ({"rollback"}, "needs a kind of write")],
    ids=["an unknown kind", "no write"],
)
def test_a_storm_that_cannot_be_is_refused(kinds, said):
    with pytest.raises(ValueError, match=said):
        Storm("", kinds=kinds)


def test_prepared_transactions_happen_where_the_server_allows_them(tmp_path):
    server = EmbeddedPostgres(open_state(tmp_path / "booksales"))
    server.start()
    with closing(psycopg2.connect(server.owner_dsn())) as connection:
        connection.autocommit = True
        connection.cursor().execute("alter system set max_prepared_transactions = 20")
    server.stop()
    server.start()
    try:
        shop = server.owner_dsn()
        fill(shop, sales=300)
        query(shop, "create table before_sale as table sales_sale")
        storm = run_storm(shop, {"insert", *PREPARED}, enough=3)

        assert keys(shop, "select id from sales_sale except select id from before_sale") == committed(storm, "insert")
        assert query(shop, "select count(*) from pg_prepared_xacts") == [(0,)]
    finally:
        server.stop()
