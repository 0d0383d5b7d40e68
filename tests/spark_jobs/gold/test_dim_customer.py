from frames import assert_rows, table

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

    everyone = transform(customers, sales, regions, existing)

    assert_rows(
        everyone,
        DIMENSION,
        (0, None, 0, "unknown", None, False),
        (3, "bb", 0, "school", None, True),  # marked deleted in the source
        (8, "cc", 50, "reseller", None, True),  # gone from the source
        (9, "aa", 50, "library", "2024-03-01", False),
    )
    assert {"email_hash", "customer_id", "marketing_consent"}.isdisjoint(everyone.columns)
