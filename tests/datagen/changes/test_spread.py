"""How far back changes reach, what new lines are drawn after, and which promotions a year brings."""

from datetime import date, timedelta

from datagen.changes.kinds import Simulation
from datagen.changes.simulate import simulate_days

MANY = {"sales": 4_000, "corrections": 400, "soft_deletes": 0, "hard_deletes": 150}

DAYS_LATE = """
select '2025-07-01'::date - sold_at::date from sales_sale
where id not in (select id from before_sale) and kind = 'sale' and line_number = 1
"""
AGE_OF_CORRECTED = """
select '2025-07-01'::date - before_sale.sold_at::date
from sales_sale inner join before_sale on sales_sale.id = before_sale.id
where sales_sale.updated_at > before_sale.updated_at
"""
AGE_OF_DELETED = """
select '2025-07-01'::date - sold_at::date from before_sale
where kind = 'sale' and id not in (select id from sales_sale)
"""


def ages(rows, statement):
    return sorted(age for (age,) in rows(statement))


def share(values, lowest, highest):
    return sum(lowest <= value <= highest for value in values) / len(values)


def test_orders_arrive_by_the_generators_curve(simulated_shop, rows, quiet):
    simulate_days(simulated_shop, Simulation(**MANY), quiet)

    late = ages(rows, DAYS_LATE)
    assert len(late) > 1_500
    for (lowest, highest), expected in zip(((0, 0), (1, 3), (4, 14), (15, 60)), (0.80, 0.15, 0.04, 0.01), strict=True):
        assert abs(share(late, lowest, highest) - expected) < 0.03
    assert late[-1] <= 60


def test_most_changes_touch_the_last_days(simulated_shop, rows, quiet):
    simulate_days(simulated_shop, Simulation(corrections=10, hard_deletes=5), quiet)

    # Some four lines a day: the first ten are found within days.
    assert ages(rows, AGE_OF_CORRECTED)[5] <= 10
    assert ages(rows, AGE_OF_DELETED)[2] <= 10


def test_even_changes_touch_all_of_the_shops_life(simulated_shop, rows, quiet):
    simulate_days(simulated_shop, Simulation(**MANY, even=True), quiet)

    for found in (ages(rows, AGE_OF_CORRECTED), ages(rows, AGE_OF_DELETED), [n for n in ages(rows, DAYS_LATE) if n]):
        # A late line of a book that is out for some months only is not older than the book.
        assert 0.35 < share(found, 1, 365) < 0.75
        assert found[-1] > 650


def test_more_corrections_than_the_last_days_hold_reach_further_back(simulated_shop, quiet):
    (day,) = simulate_days(simulated_shop, Simulation(corrections=900), quiet)

    assert [day.row_counts[f"corrected {name}"] for name in ("quantity", "discount", "sold_at")] == [300, 300, 300]


def test_books_sell_as_they_did_of_late(simulated_shop, rows, quiet):
    rows("update sales_sale set book_id = 5 where sold_at >= '2025-06-01'")
    rows("update books_book set published_on = '2020-01-01', deleted_at = null where id = 5")

    simulate_days(simulated_shop, Simulation(**MANY), quiet)

    # A month of two years holds 4 % of the lines, and half of what is drawn.
    of_five = "select avg((book_id = 5)::int) from sales_sale where id not in (select id from before_sale)"
    assert 0.3 < rows(of_five)[0][0] < 0.6


def test_a_withdrawn_book_and_a_closed_store_sell_no_more(simulated_shop, rows, quiet):
    rows("update books_book set deleted_at = now() where id in (select book_id from sales_sale where id % 2 = 0)")
    rows("update sales_store set closed_on = '2025-06-30' where id % 3 = 0")

    simulate_days(simulated_shop, Simulation(**MANY), quiet)

    sold = """
    select count(*) from sales_sale inner join {0} on sales_sale.{1} = {0}.id
    where sales_sale.id not in (select id from before_sale) and kind = 'sale'
    """
    assert rows(sold.format("books_book", "book_id")) != [(0,)]
    assert rows(sold.format("books_book", "book_id") + " and books_book.deleted_at is not null") == [(0,)]
    assert rows(sold.format("sales_store", "store_id") + " and sales_store.closed_on is not null") == [(0,)]


def test_a_promotion_is_announced_once_a_month_before_it_starts(simulated_shop, rows, quiet):
    done = simulate_days(simulated_shop, Simulation(days=20, sales=10), quiet)

    ((starts_on, ends_on),) = rows("select starts_on, ends_on from sales_promotion where code = 'BACK-TO-SCHOOL-2025'")
    assert abs((starts_on - date(2025, 8, 12)).days) <= 4
    assert (ends_on - starts_on).days == 19
    assert [day.day for day in done if day.row_counts["new promotions"]] == [starts_on - timedelta(days=30)]


def test_deleted_lines_are_never_touched_again(simulated_shop, rows, quiet):
    rows("update sales_sale set deleted_at = now() where id % 2 = 0")

    simulate_days(simulated_shop, Simulation(**MANY), quiet)

    # Deleted lines may go only as returns, together with a line that is live.
    touched = "id % 2 = 0 and updated_at > (select min(updated_at) from sales_sale where id % 2 = 0)"
    assert rows(f"select count(*) from sales_sale where {touched} and id in (select id from before_sale)") == [(0,)]
    gone = (
        "select count(*) from before_sale where kind = 'sale' and id % 2 = 0 and id not in (select id from sales_sale)"
    )
    assert rows(gone) == [(0,)]
    assert rows("select count(*) > 0 from before_sale where id not in (select id from sales_sale)") == [(True,)]
