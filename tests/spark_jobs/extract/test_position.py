from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spark_jobs.errors import SourceChangedError
from spark_jobs.extract.position import (
    SourcePosition,
    TablePosition,
    after_sync,
    ceiling_of,
    check_goes_on,
    floor_of,
    parse_position,
    rewritten,
)

MOMENT = datetime(2024, 5, 1, 6, tzinfo=UTC)
SALES = TablePosition("public.sales_sale", 4711, 4712, "id", "10:15:11,12")
BEFORE = SourcePosition("7301", 1, 16384, MOMENT, "10:15:11,12", MOMENT, {"sales": SALES})
LATER = replace(BEFORE, snapshot="20:22:", taken_at=MOMENT + timedelta(days=1))


def test_a_position_is_the_same_after_it_was_written_down():
    unseen = replace(BEFORE, cutoff=None)

    assert [parse_position(position.as_text()) for position in (BEFORE, unseen)] == [BEFORE, unseen]


def test_a_sync_moves_a_table_on_but_for_a_sweep_it_did_not_make_and_the_columns_of_the_last_reload():
    known = replace(SALES, columns=("id", "sold_at"))
    now = replace(
        LATER, tables={"sales": replace(known, swept="20:22:", columns=("gift", "id", "sold_at")), "new": SALES}
    )
    before = replace(BEFORE, tables={"sales": known})

    unswept, swept = (after_sync(before, now, {*tables}).tables["sales"] for tables in ([], ["sales"]))

    assert (unswept.swept, swept.swept) == ("10:15:11,12", "20:22:")
    assert unswept.columns == swept.columns == ("id", "sold_at")
    assert after_sync(before, now, set()).tables["new"] == SALES
    assert parse_position(before.as_text()) == before


def test_floor_and_ceiling_are_those_of_the_snapshots_text():
    assert (floor_of("10:15:11,12"), ceiling_of("10:15:11,12")) == (10, 15)


def test_a_later_state_of_the_same_database_goes_on():
    check_goes_on(BEFORE, LATER, "shop")
    check_goes_on(BEFORE, replace(LATER, taken_at=MOMENT - timedelta(minutes=4)), "shop")


CHANGES = {
    "another cluster": (replace(LATER, system="7302"), "another PostgreSQL cluster"),
    "another database": (replace(LATER, database=16385), "another database of the cluster"),
    "another timeline": (replace(LATER, timeline=2), "on timeline 2, before it was 1: it was restored or failed over"),
    "a counter behind": (replace(LATER, snapshot="13:14:"), "transaction counter is behind .* restored from a backup"),
    "a clock behind": (
        replace(LATER, taken_at=MOMENT - timedelta(minutes=6)),
        "its clock says 2024-05-01 05:54:00, which is before the last run",
    ),
    "another table": (
        replace(LATER, tables={"sales": replace(SALES, oid=5000)}),
        "public.sales_sale is another table than before",
    ),
    "another key": (
        replace(LATER, tables={"sales": replace(SALES, key="uid")}),
        "the key of sales was id and is uid",
    ),
    "a table that was never read": (replace(LATER, tables={**LATER.tables, "feeds": SALES}), "feeds was never read"),
}


@pytest.mark.parametrize(("now", "message"), CHANGES.values(), ids=CHANGES)
def test_a_source_that_is_not_a_later_state_is_refused_with_what_would_do(now, message):
    with pytest.raises(SourceChangedError, match=rf"shop: .*{message}.*`booksales reload`"):
        check_goes_on(BEFORE, now, "shop")


def test_a_table_with_another_file_was_rewritten_and_is_no_other_source():
    now = replace(LATER, tables={"sales": replace(SALES, filenode=9000)})

    check_goes_on(BEFORE, now, "shop")
    assert (rewritten(BEFORE, now), rewritten(BEFORE, LATER)) == (["sales"], [])
