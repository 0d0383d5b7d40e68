"""Which days can be simulated, and that they repeat."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from datagen.changes.kinds import Simulation
from datagen.changes.simulate import preview_days, simulate_days
from datagen.database import hold_generation_lock, shop_transaction
from datagen.plan import ShopPlan, yesterday
from datagen.shop import generate_shop, read_mark
from jobs_config.errors import ConfigError, RefusedError

SOME = Simulation(sales=200, corrections=30, soft_deletes=5, hard_deletes=8)
PLAN = ShopPlan(sales=3_000, years=2, until=date(2025, 6, 30))
# What the simulator writes, without what the wall clock sets.
CONTENT = {
    "sales_sale": "id, order_id, line_number, original_sale_id, book_id, customer_id, store_id, promotion_id, sold_at, "
    "unit_price, quantity, discount_amount, tax_amount, currency, created_at, deleted_at is null",
    "sales_customer": "id, email, full_name, region_id, segment, marketing_consent, created_at",
    "books_book": "id, title, list_price, unit_cost, genre_id, publisher_id",
    "sales_exchange_rate": "id, rate_date, currency, rate_to_reporting",
    "sales_promotion": "id, code, starts_on, ends_on, discount_ratio",
    "etl_tombstone": "table_name, row_key",
}

DIGEST = "select md5(string_agg(rows::text, '|' order by rows::text)) from {} as rows"
TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"


def query(dsn, statement):
    with shop_transaction(dsn) as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def content(dsn):
    """A digest of each table's rows."""
    return {table: query(dsn, DIGEST.format(f"(select {columns} from {table})")) for table, columns in CONTENT.items()}


def everything(dsn):
    """All content, timestamps too, with the next id of every table."""
    tables = [name for (name,) in query(dsn, TABLES)]
    digests = [query(dsn, DIGEST.format(name)) for name in tables]
    return tables, digests, query(dsn, "select sequencename, last_value from pg_sequences order by 1")


@pytest.fixture
def another_database(postgres):
    postgres.create_database("another_shop")
    yield postgres.owner_dsn("another_shop")
    postgres.drop_database("another_shop")


def test_equal_shops_get_equal_days(simulated_shop, another_database, quiet):
    generate_shop(another_database, PLAN, quiet)

    ours = simulate_days(simulated_shop, replace(SOME, days=2), quiet)
    theirs = simulate_days(another_database, SOME, quiet) + simulate_days(another_database, SOME, quiet)

    assert ours == theirs
    assert content(simulated_shop) == content(another_database)


def test_another_seed_makes_other_changes(simulated_shop, another_database, quiet):
    generate_shop(another_database, PLAN, quiet)
    simulate_days(simulated_shop, SOME, quiet)

    simulate_days(another_database, replace(SOME, seed=8), quiet)

    assert content(simulated_shop) != content(another_database)


def test_days_follow_the_shops_last_one_and_are_remembered(simulated_shop, quiet):
    simulate_days(simulated_shop, SOME, quiet)
    done = simulate_days(simulated_shop, replace(SOME, days=2), quiet)

    assert [day.day for day in done] == [date(2025, 7, 2), date(2025, 7, 3)]
    remembered = query(simulated_shop, "select day, seed, row_counts from datagen_simulated_day order by day")
    assert [(day, seed) for day, seed, _ in remembered] == [(date(2025, 7, n), 7) for n in (1, 2, 3)]
    assert remembered[2][2] == done[1].row_counts


def test_without_numbers_a_day_is_like_the_shops_own(simulated_shop, quiet):
    (day,) = simulate_days(simulated_shop, Simulation(), quiet)

    # 3,000 lines in 730 days.
    assert day.row_counts["new sales"] + day.row_counts["late sales"] + day.row_counts["returns"] == 4
    assert day.row_counts["soft deletes"] == day.row_counts["hard deletes"] == 1


def test_a_dry_run_says_what_the_day_does_and_leaves_every_row_and_sequence(simulated_shop, quiet):
    before = everything(simulated_shop)

    previews = preview_days(simulated_shop, replace(SOME, days=2))

    assert everything(simulated_shop) == before
    assert [day.day for day in previews] == [date(2025, 7, 1), date(2025, 7, 2)]
    assert simulate_days(simulated_shop, SOME, quiet) == previews[:1]


def test_a_shop_of_an_earlier_version_remembers_its_days_too(simulated_shop, quiet):
    query(simulated_shop, "drop table datagen_simulated_day")

    assert preview_days(simulated_shop, SOME)[0].day == date(2025, 7, 1)
    simulate_days(simulated_shop, SOME, quiet)

    assert query(simulated_shop, "select day from datagen_simulated_day") == [(date(2025, 7, 1),)]


def test_a_database_that_is_not_a_generated_shop_is_refused(shop_database, quiet):
    query(shop_database, "create table sales_sale as select 1 as id")

    for attempt in (lambda: simulate_days(shop_database, SOME, quiet), lambda: preview_days(shop_database, SOME)):
        with pytest.raises(RefusedError, match="not a generated shop"):
            attempt()

    assert query(shop_database, TABLES) == [("sales_sale",)]


def test_a_day_after_today_is_refused_and_none_before_it_is_simulated(simulated_shop, quiet):
    now = datetime(2025, 7, 2, 12, tzinfo=UTC)

    with pytest.raises(
        RefusedError, match=r"until 2025-06-30, so 3 more .* after today .* 2 at most, .* `generate --until`"
    ):
        simulate_days(simulated_shop, replace(SOME, days=3), quiet, now)

    assert query(simulated_shop, "select * from datagen_simulated_day") == []
    assert len(simulate_days(simulated_shop, replace(SOME, days=2), quiet, now)) == 2


def test_sales_of_a_day_that_is_still_going_on_lie_before_now(shop_database, quiet):
    generate_shop(shop_database, replace(PLAN, until=yesterday()), quiet)

    simulate_days(shop_database, SOME, quiet)

    ahead = "select count(*) from sales_sale where greatest(sold_at, created_at) > now()"
    assert query(shop_database, ahead) == [(0,)]
    assert query(shop_database, "select count(*) > 50 from sales_sale where sold_at >= current_date") == [(True,)]


def test_a_shop_without_a_sale_to_draw_after_is_refused(simulated_shop, quiet):
    query(simulated_shop, "update books_book set deleted_at = now()")

    with pytest.raises(RefusedError, match="no sale before 2025-07-01 of a book and a store that are still there"):
        simulate_days(simulated_shop, SOME, quiet)


def test_two_simulations_of_one_shop_do_not_run_at_once(simulated_shop, quiet):
    with shop_transaction(simulated_shop) as cursor:
        hold_generation_lock(cursor)

        with pytest.raises(RefusedError, match="another generation"):
            simulate_days(simulated_shop, SOME, quiet)


def test_a_day_that_fails_leaves_the_days_before_it_and_nothing_of_itself(simulated_shop, quiet):
    query(simulated_shop, "alter table sales_exchange_rate add check (rate_date < '2025-07-02')")

    with pytest.raises(Exception, match="sales_exchange_rate"):
        simulate_days(simulated_shop, replace(SOME, days=2), quiet)

    assert query(simulated_shop, "select max(sold_at)::date from sales_sale") == [(date(2025, 7, 1),)]
    assert query(simulated_shop, "select day from datagen_simulated_day") == [(date(2025, 7, 1),)]


def test_a_simulated_shop_is_still_that_of_its_plan_and_is_wiped_as_one(simulated_shop, quiet):
    query(simulated_shop, "drop table before_sale, before_book")
    simulate_days(simulated_shop, SOME, quiet)

    assert read_mark(simulated_shop).is_of(PLAN)
    assert not generate_shop(simulated_shop, PLAN, quiet).is_new

    generate_shop(simulated_shop, PLAN, quiet, replace=True)
    assert query(simulated_shop, "select count(*) from datagen_simulated_day") == [(0,)]


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 367}, {"seed": -1}, {"sales": -1}, {"hard_deletes": -5}])
def test_a_simulation_that_cannot_be_is_a_matter_of_configuration(wrong):
    with pytest.raises(ConfigError, match="use a number from"):
        Simulation(**wrong)


def test_a_day_of_nothing_brings_its_exchange_rates(simulated_shop, quiet):
    nothing = Simulation(sales=0, corrections=0, soft_deletes=0, hard_deletes=0, book_changes=0)

    (day,) = simulate_days(simulated_shop, nothing, quiet)

    assert {kind: count for kind, count in day.row_counts.items() if count} == {"exchange rates": 3}
