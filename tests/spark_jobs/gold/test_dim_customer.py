from frames import assert_rows, table

from spark_jobs.extract.erased import digest_of
from spark_jobs.gold.dim_customer import transform

DIMENSION = "customer_key bigint, customer_hash string, region_key bigint, segment string, first_sale_date date, is_deleted boolean"


def test_a_customer_has_a_kept_key_a_region_and_the_date_of_the_first_live_sale(spark):
    customers = table(
        spark,
        "silver.customers",
        {
            "source": "shop",
            "customer_id": 1,
            "customer_hash": "aa",
            "email_hash": "e1",
            "region_id": 5,
            "segment": "library",
        },
        {
            "source": "shop",
            "customer_id": 2,
            "customer_hash": "bb",
            "segment": "school",
            "deleted_at": "2024-04-01 00:00:00",
        },
    )
    sales = table(
        spark,
        "silver.sales",
        {"source": "shop", "customer_id": 1, "kind": "sale", "sale_date": "2024-03-02"},
        {"source": "shop", "customer_id": 1, "kind": "sale", "sale_date": "2024-03-01"},
        {"source": "shop", "customer_id": 1, "kind": "return", "sale_date": "2024-02-01"},
        {
            "source": "shop",
            "customer_id": 1,
            "kind": "sale",
            "sale_date": "2024-01-01",
            "deleted_at": "2024-01-02 00:00:00",
        },
        {"source": "kiosk", "customer_id": 2, "kind": "sale", "sale_date": "2024-01-01"},
        {"source": "till", "member_source": "shop", "customer_id": 2, "kind": "sale", "sale_date": "2024-02-03"},
        {
            "source": "report",
            "member_source": "shop",
            "customer_id": 2,
            "kind": "sale",
            "sale_date": "2024-02-01",
            "in_default_totals": False,
        },
        {"source": "shop", "kind": "sale", "sale_date": "2024-01-01"},
    )
    regions = table(spark, "gold.dim_region", {"region_key": 50, "source": "shop", "region_id": 5})
    existing = table(
        spark,
        "gold.dim_customer",
        {
            "customer_key": 3,
            "source": "shop",
            "customer_hash": "bb",
            "region_key": 0,
            "segment": "school",
            "is_erased": False,
        },
        {
            "customer_key": 8,
            "source": "shop",
            "customer_hash": "cc",
            "region_key": 50,
            "segment": "reseller",
            "is_erased": False,
        },
    )

    everyone = transform(customers, sales, regions, table(spark, "silver.suppressions"), existing)

    assert_rows(
        everyone,
        DIMENSION,
        (-1, None, 0, "erased", None, False),
        (0, None, 0, "unknown", None, False),
        (3, "bb", 0, "school", "2024-02-03", True),  # marked deleted in the source; bought at a till
        (8, "cc", 50, "reseller", None, True),  # gone from the source
        (9, "aa", 50, "library", "2024-03-01", False),
    )
    assert {"email_hash", "customer_id", "marketing_consent"}.isdisjoint(everyone.columns)


def test_who_was_erased_is_no_deleted_member_but_the_one_that_all_of_them_have_become(spark):
    member = {"source": "shop", "region_key": 0, "segment": "school", "is_erased": False, "is_deleted": False}
    existing = table(
        spark,
        "gold.dim_customer",
        {**member, "customer_key": -1, "source": None, "segment": "erased", "is_erased": True},
        {**member, "customer_key": 3, "customer_hash": "aa"},
        {**member, "customer_key": 4, "customer_hash": "bb"},
        {**member, "customer_key": 5, "customer_hash": "aa", "source": "kiosk"},
    )
    suppressions = table(spark, "silver.suppressions", {"source": "shop", "customer_digest": digest_of("aa")})
    customers = table(
        spark, "silver.customers", {"source": "shop", "customer_id": 2, "customer_hash": "bb", "segment": "school"}
    )
    sales, regions = table(spark, "silver.sales"), table(spark, "gold.dim_region")

    everyone = transform(customers, sales, regions, suppressions, existing)

    assert_rows(
        everyone,
        "customer_key bigint, source string, customer_hash string, segment string, is_erased boolean, is_deleted boolean",
        (-1, None, None, "erased", True, False),
        (0, None, None, "unknown", False, False),
        (4, "shop", "bb", "school", False, False),
        (5, "kiosk", "aa", "school", False, False),
    )
