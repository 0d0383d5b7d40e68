"""What one simulated day leaves in the shop's tables, by plain SQL."""

from datetime import date

import pytest

DAY = date(2025, 7, 1)

ADDED = "sales_sale where id not in (select id from before_sale)"
CHANGED = "sales_sale inner join before_sale on sales_sale.id = before_sale.id"
IS_CORRECTED = "(sales_sale.{0} <> before_sale.{0})"


@pytest.fixture
def counts(busy_day):
    """What was said of the day."""
    done, _ = busy_day
    assert done.day == DAY
    return done.row_counts


@pytest.fixture
def rows(busy_day):
    return busy_day[1]


def test_new_lines_are_there_as_counted(counts, rows):
    assert rows(f"select count(*) from {ADDED} and kind = 'sale' and sold_at >= '2025-07-01'") == [
        (counts["new sales"],)
    ]
    assert rows(f"select count(*) from {ADDED} and kind = 'sale' and sold_at < '2025-07-01'") == [
        (counts["late sales"],)
    ]
    assert rows(f"select count(*) from {ADDED} and kind = 'return'") == [(counts["returns"],)]
    assert counts["new sales"] + counts["late sales"] == 564  # 600 without 6 % returns
    assert counts["returns"] == 36


def test_a_day_goes_from_midnight_to_midnight_and_late_lines_come_on_it(counts, rows):
    assert rows(f"select min(created_at)::date, max(created_at)::date, max(sold_at)::date from {ADDED}") == [
        (DAY, DAY, DAY)
    ]
    assert rows(f"select count(*) from {ADDED} and (created_at < sold_at or updated_at < created_at)") == [(0,)]


def test_corrections_are_there_as_counted(counts, rows):
    live = "before_sale.deleted_at is null and sales_sale.deleted_at is null"
    for column in ("quantity", "sold_at"):
        changed = f"select count(*) from {CHANGED} where {live} and {IS_CORRECTED.format(column)}"
        assert rows(changed) == [(counts[f"corrected {column}"],)]
    of_discount = f"{IS_CORRECTED.format('discount_amount')} and not {IS_CORRECTED.format('quantity')}"
    assert rows(f"select count(*) from {CHANGED} where {of_discount}") == [(counts["corrected discount"],)]
    assert [counts[f"corrected {name}"] for name in ("quantity", "discount", "sold_at")] == [30, 30, 30]


def test_a_corrected_line_says_so_by_its_timestamp_and_no_other_does(counts, rows):
    touched = f"select count(*) from {CHANGED} where sales_sale.updated_at <> before_sale.updated_at"

    assert rows(touched) == [(90 + counts["soft deletes"],)]


def test_a_corrected_quantity_takes_discount_and_tax_along(counts, rows):
    off = """
    abs(sales_sale.discount_amount / sales_sale.quantity - before_sale.discount_amount / before_sale.quantity) > 0.01
    or abs(sales_sale.tax_amount / sales_sale.quantity - before_sale.tax_amount / before_sale.quantity) > 0.01
    """

    assert rows(f"select count(*) from {CHANGED} where {IS_CORRECTED.format('quantity')} and ({off})") == [(0,)]


def test_soft_deleted_lines_are_there_as_counted(counts, rows):
    marked = "before_sale.deleted_at is null and sales_sale.deleted_at = sales_sale.updated_at"

    assert rows(f"select count(*) from {CHANGED} where {marked}") == [(counts["soft deletes"],)]
    assert counts["soft deletes"] == 20


def test_hard_deleted_lines_are_gone_with_their_returns_and_leave_tombstones(counts, rows):
    gone = "select id from before_sale where id not in (select id from sales_sale)"
    tombstones = f"select count(*) from etl_tombstone where table_name = 'sales_sale' and row_key in ({gone})"

    assert rows(f"select count(*) from ({gone}) as gone") == [(counts["hard deletes"],)]
    assert rows(tombstones) == [(counts["hard deletes"],)]
    assert rows(f"select count(*) from before_sale where kind = 'sale' and id in ({gone})") == [(30,)]
    assert rows(f"select count(*) from sales_sale where original_sale_id in ({gone})") == [(0,)]


@pytest.mark.parametrize("column", ["list_price", "unit_cost", "title", "genre_id", "publisher_id"])
def test_each_kind_of_book_change_is_there_as_counted(counts, rows, column):
    changed = f"""
    select count(*) from books_book inner join before_book on books_book.id = before_book.id
    where books_book.{column} <> before_book.{column} and books_book.updated_at > before_book.updated_at
    """

    assert counts[f"changed {column}"] == 2
    assert rows(changed) == [(2,)]


def test_a_line_costs_what_its_book_did_that_morning(counts, rows):
    off = f"""
    select count(*)
    from {ADDED.replace("sales_sale", "sales_sale as line").replace("where id", "where line.id")}
        and line.kind = 'sale'
        and exists (
            select from before_book
            inner join sales_store on line.store_id = sales_store.id
            inner join sales_channel on sales_store.channel_id = sales_channel.id
            where
                line.book_id = before_book.id
                and line.currency = before_book.currency
                and line.unit_price
                <> round(before_book.list_price * case sales_channel.code when 'wholesale' then 0.62 else 1 end, 2)
        )
    """

    assert rows(off) == [(0,)]


def test_a_line_is_of_a_book_that_is_out_and_of_a_store_that_is_open(counts, rows):
    off = f"""
    select count(*) from (select * from {ADDED}) as added
    inner join books_book on added.book_id = books_book.id
    inner join sales_store on added.store_id = sales_store.id
    where
        books_book.published_on > added.sold_at::date
        or sales_store.opened_on > added.sold_at::date
        or sales_store.closed_on < '2025-07-01'
        or books_book.deleted_at is not null
    """

    assert rows(off) == [(0,)]


def test_promotions_apply_while_they_run_with_their_discount(counts, rows):
    promoted = f"(select * from {ADDED} and kind = 'sale' and promotion_id is not null) as added"
    off = f"""
    select count(*) from {promoted} inner join sales_promotion on added.promotion_id = sales_promotion.id
    where
        added.sold_at::date not between sales_promotion.starts_on and sales_promotion.ends_on
        or abs(added.discount_amount - added.quantity * added.unit_price * sales_promotion.discount_ratio) > 0.005
    """

    assert rows(f"select count(*) > 50 from {promoted}") == [(True,)]
    assert rows(off) == [(0,)]


def test_lines_of_an_order_share_store_customer_and_time(counts, rows):
    mixed = f"""
    select count(*) from (
        select order_id from {ADDED}
        group by order_id
        having count(distinct (store_id, customer_id, sold_at, currency)) > 1 or max(line_number) > count(*)
    ) as orders
    """

    assert rows(mixed) == [(0,)]
    assert rows(f"select count(*) from {ADDED} and order_id in (select order_id from before_sale)") == [(0,)]


def test_a_return_gives_back_a_part_of_a_live_sale_that_had_none(counts, rows):
    off = f"""
    select count(*) from (select * from {ADDED} and kind = 'return') as back
    left join before_sale on back.original_sale_id = before_sale.id
    where
        before_sale.kind is distinct from 'sale'
        or before_sale.deleted_at is not null
        or -back.quantity > before_sale.quantity
        or back.unit_price <> before_sale.unit_price
        or -back.discount_amount > before_sale.discount_amount
        or exists (select from before_sale as other where other.original_sale_id = before_sale.id)
    """

    assert rows(off) == [(0,)]


def test_new_customers_are_people_who_buy_that_day(counts, rows):
    newcomers = "select id from sales_customer where created_at >= '2025-07-01'"

    assert counts["new customers"] > 10
    assert rows(f"select count(*) from ({newcomers}) as newcomers") == [(counts["new customers"],)]
    assert rows(f"select count(distinct customer_id) from {ADDED} and customer_id in ({newcomers})") == [
        (counts["new customers"],)
    ]


def test_every_quoted_currency_has_a_rate_of_the_day_near_yesterdays(counts, rows):
    moved = """
    select count(*), max(abs(today.rate_to_reporting / yesterday.rate_to_reporting - 1)) between 0.00001 and 0.03
    from sales_exchange_rate as today
    inner join sales_exchange_rate as yesterday
        on today.currency = yesterday.currency and today.rate_date = yesterday.rate_date + 1
    where today.rate_date = '2025-07-01'
    """

    assert rows(moved) == [(3, True)]
    assert counts["exchange rates"] == 3


def test_a_line_that_was_returned_is_neither_corrected_nor_marked_deleted(counts, rows):
    returned = "select original_sale_id from sales_sale where kind = 'return'"
    touched = f"select count(*) from {CHANGED} where sales_sale.updated_at <> before_sale.updated_at"

    assert rows(f"{touched} and sales_sale.id in ({returned})") == [(0,)]
