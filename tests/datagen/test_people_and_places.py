from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from datagen.names import ascii_name


def test_emails_are_used_once_whatever_their_case_and_reach_nobody(shop):
    emails = [customer["email"].lower() for customer in shop["sales_customer"]]

    assert len(set(emails)) == len(emails)
    assert {email.split("@")[1] for email in emails} == {"example.com", "example.org", "example.net"}


def test_an_email_address_is_plain_ascii():
    assert [ascii_name(name) for name in ("Jürgen", "Weiß", "O'Neil", "Anne-Marie")] == [
        "jurgen",
        "weiss",
        "oneil",
        "annemarie",
    ]


def test_customers_are_numbered_in_the_order_they_joined(shop):
    joined = [customer["created_at"] for customer in shop["sales_customer"]]

    assert joined == sorted(joined)


def test_each_country_has_one_online_store_per_channel_and_regions_beneath(shop):
    channels = {channel["id"]: channel["code"] for channel in shop["sales_channel"]}
    regions = {region["id"]: region for region in shop["sales_region"]}
    remote = Counter(
        (channels[store["channel_id"]], regions[store["region_id"]]["code"])
        for store in shop["sales_store"]
        if channels[store["channel_id"]] != "store"
    )

    assert [*channels.values()] == ["web", "app", "store", "wholesale", "education"]
    assert set(remote.values()) == {1}
    assert len(remote) == 4 * 4
    assert {region["country_code"] for region in regions.values() if region["parent_id"]} == {"US", "GB", "CA", "DE"}


def test_a_bookstore_lies_in_a_region_and_closes_after_it_opened(shop):
    leaves = {region["id"] for region in shop["sales_region"] if region["parent_id"]}
    bookstores = [store for store in shop["sales_store"] if store["channel_id"] == 3]

    assert {store["region_id"] for store in bookstores} <= leaves
    assert all(store["closed_on"] is None or store["opened_on"] < store["closed_on"] for store in bookstores)


def test_every_currency_has_a_rate_for_each_day_from_a_year_before_the_first_sale(plan, shop):
    days = {}
    for rate in shop["sales_exchange_rate"]:
        days.setdefault(rate["currency"], []).append(rate["rate_date"])

    first = plan.first_day - timedelta(days=366)
    expected = [first + timedelta(days=n) for n in range((plan.until - first).days + 1)]
    assert days == {"GBP": expected, "CAD": expected, "EUR": expected}


def test_rates_wander_slowly_around_their_usual_worth(shop):
    pounds = [float(rate["rate_to_reporting"]) for rate in shop["sales_exchange_rate"] if rate["currency"] == "GBP"]

    assert all(1.0 < rate < 1.6 for rate in pounds)
    assert max(abs(later / earlier - 1) for earlier, later in pairwise(pounds)) < 0.03


def test_promotion_codes_are_used_once_and_their_days_touch_the_plan(plan, shop):
    promotions = shop["sales_promotion"]

    assert len({promotion["code"] for promotion in promotions}) == len(promotions)
    assert all(promotion["ends_on"] >= plan.first_day for promotion in promotions)
    assert all(promotion["starts_on"] <= plan.until for promotion in promotions)
    assert (
        date(2024, 11, 18)
        <= next(promotion["starts_on"] for promotion in promotions if promotion["code"] == "BLACK-FRIDAY-2024")
        <= date(2024, 11, 26)
    )
