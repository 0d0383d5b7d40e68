from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

import pytest

CURRENCY_OF_COUNTRY = {"US": "USD", "GB": "GBP", "CA": "CAD", "DE": "EUR"}


@pytest.fixture(scope="session")
def sales(shop):
    return shop["sales_sale"]


@pytest.fixture(scope="session")
def sold(sales):
    return [line for line in sales if line["kind"] == "sale"]


@pytest.fixture(scope="session")
def returned(sales):
    """Pairs of a return and the line it gives back."""
    lines = {line["id"]: line for line in sales}
    return [(line, lines[line["original_sale_id"]]) for line in sales if line["kind"] == "return"]


@pytest.fixture(scope="session")
def channel_of_store(shop):
    codes = {channel["id"]: channel["code"] for channel in shop["sales_channel"]}
    return {store["id"]: codes[store["channel_id"]] for store in shop["sales_store"]}


def gross(line):
    return line["quantity"] * line["unit_price"]


def test_a_shop_has_exactly_the_lines_that_were_planned(plan, sales):
    assert len(sales) == plan.sales


def test_lines_are_numbered_in_the_order_they_arrived(sales):
    ids, arrived = [line["id"] for line in sales], [line["created_at"] for line in sales]

    assert ids == sorted(set(ids))
    assert arrived == sorted(arrived)


def test_a_line_of_an_order_is_found_by_its_number(sales):
    keys = {(line["order_id"], line["line_number"]) for line in sales}

    assert len(keys) == len(sales)
    assert 1.2 < len(sales) / len({order for order, _ in keys}) < 2.5


def test_lines_of_an_order_share_customer_store_and_time(sold):
    facts = {}
    for line in sold:
        key = (line["customer_id"], line["store_id"], line["sold_at"], line["currency"], line["created_at"])
        facts.setdefault(line["order_id"], set()).add(key)

    assert all(len(of_order) == 1 for of_order in facts.values())


def test_no_book_is_sold_before_it_was_published(shop, sold):
    published = {book["id"]: book["published_on"] for book in shop["books_book"]}

    assert all(line["sold_at"].date() >= published[line["book_id"]] for line in sold)


def test_nobody_buys_before_they_joined(shop, sold):
    joined = {customer["id"]: customer["created_at"] for customer in shop["sales_customer"]}

    assert all(line["sold_at"] >= joined[line["customer_id"]] for line in sold if line["customer_id"])


def test_a_customer_buys_in_their_own_country_through_a_channel_for_their_kind(shop, sold, channel_of_store):
    regions = {region["id"]: region["country_code"] for region in shop["sales_region"]}
    customers = {customer["id"]: customer for customer in shop["sales_customer"]}
    stores = {store["id"]: store for store in shop["sales_store"]}
    segments = {"wholesale": {"reseller"}, "education": {"library", "school"}}

    for line in [line for line in sold if line["customer_id"]]:
        customer, store = customers[line["customer_id"]], stores[line["store_id"]]
        assert regions[customer["region_id"]] == regions[store["region_id"]]
        assert customer["segment"] in segments.get(channel_of_store[line["store_id"]], {"consumer"})


def test_only_walk_in_buyers_are_unknown_and_about_three_in_ten_are(sold, channel_of_store):
    unknown = [line for line in sold if line["customer_id"] is None]
    walk_in = [line for line in sold if channel_of_store[line["store_id"]] == "store"]

    assert {channel_of_store[line["store_id"]] for line in unknown} == {"store"}
    assert len(unknown) / len(walk_in) == pytest.approx(0.3, abs=0.03)


def test_customers_come_back_and_some_far_more_often_than_others(sold):
    orders = Counter(customer for customer, _ in {(line["customer_id"], line["order_id"]) for line in sold} if customer)
    most_faithful = sorted(orders.values(), reverse=True)[: len(orders) // 10]

    assert median(orders.values()) >= 2
    assert sum(most_faithful) > 0.25 * sum(orders.values())


def test_a_sale_is_in_the_currency_of_its_store(shop, sales):
    regions = {region["id"]: region["country_code"] for region in shop["sales_region"]}
    countries = {store["id"]: regions[store["region_id"]] for store in shop["sales_store"]}

    assert all(line["currency"] == CURRENCY_OF_COUNTRY[countries[line["store_id"]]] for line in sales)


def test_readers_pay_the_list_price_at_home_and_the_same_worth_abroad(shop, sold, channel_of_store):
    books = {book["id"]: book for book in shop["books_book"]}
    dollars = {"USD": 1.0, "GBP": 1.27, "CAD": 0.74, "EUR": 1.08}

    for line in [line for line in sold if channel_of_store[line["store_id"]] != "wholesale"]:
        book = books[line["book_id"]]
        if line["currency"] == book["currency"]:
            assert line["unit_price"] == book["list_price"]
        here = float(line["unit_price"]) * dollars[line["currency"]]
        assert abs(here - float(book["list_price"]) * dollars[book["currency"]]) < 3.0
        assert line["unit_price"] % 1 in (Decimal("0.99"), Decimal("0.95"))


def test_a_promotion_gives_its_discount_on_its_days(shop, sold):
    promotions = {promotion["id"]: promotion for promotion in shop["sales_promotion"]}
    promoted = [line for line in sold if line["promotion_id"]]

    assert promoted
    for line in promoted:
        promotion = promotions[line["promotion_id"]]
        assert promotion["starts_on"] <= line["sold_at"].date() <= promotion["ends_on"]
        assert abs(line["discount_amount"] - gross(line) * promotion["discount_ratio"]) <= Decimal("0.005")


def test_a_store_sells_only_while_it_is_open(shop, sales):
    stores = {store["id"]: store for store in shop["sales_store"]}

    for line in sales:
        store, day = stores[line["store_id"]], line["sold_at"].date()
        assert store["opened_on"] <= day
        assert store["closed_on"] is None or day <= store["closed_on"]


def test_nothing_is_sold_outside_the_plan_or_known_after_it_is_seen(plan, sales):
    as_of = plan.as_of.replace(tzinfo=None)

    for line in sales:
        assert plan.first_day <= line["sold_at"].date() <= plan.until
        assert line["sold_at"] <= line["created_at"] <= line["updated_at"] < as_of


def test_four_in_five_lines_arrive_on_the_day_of_the_sale(sold):
    days_late = Counter((line["created_at"].date() - line["sold_at"].date()).days for line in sold)

    assert days_late[0] / len(sold) == pytest.approx(0.80, abs=0.02)
    assert sum(days_late[n] for n in (1, 2, 3)) / len(sold) == pytest.approx(0.15, abs=0.02)
    assert max(days_late) <= 60


def test_bookstores_sell_at_shopping_hours(sold, channel_of_store):
    hours = {line["sold_at"].hour for line in sold if channel_of_store[line["store_id"]] == "store"}

    assert hours <= set(range(8, 21))


def test_december_is_the_strongest_month(sold):
    months = Counter(line["sold_at"].month for line in sold if 2021 <= line["sold_at"].year <= 2024)

    assert max(months, key=months.__getitem__) == 12
    assert months[12] > 1.3 * median(months.values())


def test_between_five_and_nine_percent_of_lines_are_returns(sales, returned):
    assert 0.05 <= len(returned) / len(sales) <= 0.09


def test_a_return_gives_back_at_most_what_was_sold_at_the_same_price(returned):
    for line, original in returned:
        assert original["kind"] == "sale"
        assert 1 <= -line["quantity"] <= original["quantity"]
        for shared in ("book_id", "customer_id", "promotion_id", "currency", "unit_price"):
            assert line[shared] == original[shared]


def test_a_line_is_returned_once(returned):
    originals = Counter(original["id"] for _, original in returned)

    assert max(originals.values()) == 1


def test_a_return_follows_its_sale_in_time_and_in_arrival(returned):
    for line, original in returned:
        assert line["sold_at"] >= original["sold_at"]
        assert line["created_at"] >= original["created_at"]


def test_a_return_gives_back_its_part_of_discount_and_tax(returned):
    for line, original in returned:
        for amount in ("discount_amount", "tax_amount"):
            exact = original[amount] * line["quantity"] / original["quantity"]
            assert line[amount] <= 0
            assert abs(line[amount] - exact) < Decimal("0.0051")


def test_a_deleted_line_belongs_to_no_return(sales, returned):
    deleted = {line["id"] for line in sales if line["deleted_at"]}

    assert 0.0005 < len(deleted) / len(sales) < 0.002
    assert deleted.isdisjoint({line["id"] for line, _ in returned} | {original["id"] for _, original in returned})


@pytest.mark.parametrize("table", ["books_book", "sales_customer", "sales_sale"])
def test_a_soft_delete_is_the_last_update_of_its_row(shop, table):
    deleted = [row for row in shop[table] if row["deleted_at"]]

    assert deleted
    assert all(row["created_at"] <= row["updated_at"] == row["deleted_at"] for row in deleted)


def test_tombstones_name_lines_that_are_gone(shop, sales):
    lost = {tombstone["row_key"] for tombstone in shop["etl_tombstone"]}

    assert {tombstone["table_name"] for tombstone in shop["etl_tombstone"]} == {"sales_sale"}
    assert lost.isdisjoint({line["id"] for line in sales})


def test_days_of_the_week_have_their_usual_shares_in_bookstores(sold, channel_of_store):
    days = Counter(line["sold_at"].isoweekday() for line in sold if channel_of_store[line["store_id"]] == "store")

    saturday, monday = days[6] / sum(days.values()), days[1] / sum(days.values())
    assert saturday == pytest.approx(0.21, abs=0.03)
    assert monday == pytest.approx(0.11, abs=0.03)


def test_new_books_make_about_a_third_of_the_units(shop, sales):
    published = {book["id"]: datetime.combine(book["published_on"], datetime.min.time()) for book in shop["books_book"]}
    new = sum(line["quantity"] for line in sales if line["sold_at"] < published[line["book_id"]] + timedelta(days=365))

    assert 0.25 < new / sum(line["quantity"] for line in sales) < 0.45
