"""What every metric must be, by plain SQL over fact_sales that shares nothing with the planner or the rollups."""

from datetime import date
from typing import Any

from warehouse.embedded.reading import DuckDBReading

LINES = """
    select
        fact_sales.*, dim_book.source as book_source, dim_book.book_id, dim_book.format,
        region, country, store, channel,
        dim_genre.genre, dim_genre.subgenre, dim_publisher.publisher, dim_publisher.imprint,
        sale_date as day, week_start as week, date_trunc('month', sale_date)::date as month,
        date_trunc('quarter', sale_date)::date as quarter, date_trunc('year', sale_date)::date as year,
        list_max([step for step in range(0, 1000, 5) if step <= gross_reporting_amount / quantity]) as price_band,
        list_max([step for step in range(0, 101, 5) if step <= round(100 * discount_reporting_amount / gross_reporting_amount)])
            as discount_band,
        datediff('day', original_sale_date, sale_date) // 7 as return_weeks
    from analytics.fact_sales
    join analytics.dim_book on fact_sales.book_key = dim_book.book_key
    join analytics.dim_region on fact_sales.region_key = dim_region.region_key
    join analytics.dim_genre on fact_sales.genre_key = dim_genre.genre_key
    join analytics.dim_publisher on fact_sales.publisher_key = dim_publisher.publisher_key
    join analytics.dim_store on fact_sales.store_key = dim_store.store_key
    join analytics.dim_channel on fact_sales.channel_key = dim_channel.channel_key
    join analytics.dim_date on fact_sales.sale_date = dim_date.date
    where fact_sales.sale_date between $first and $last
"""

SUMS = """
    coalesce(sum(quantity) filter (not is_return), 0) as gross_units,
    coalesce(-sum(quantity) filter (is_return), 0) as return_units,
    coalesce(sum(quantity), 0) as net_units,
    coalesce(sum(gross_reporting_amount) filter (not is_return), 0) as gross_revenue,
    coalesce(sum(discount_reporting_amount) filter (not is_return), 0) as discount,
    coalesce(-sum(net_reporting_amount) filter (is_return), 0) as return_value,
    coalesce(sum(net_reporting_amount), 0) as net_revenue,
    coalesce(sum(cost_reporting_amount), 0) as cost,
    coalesce(sum(net_reporting_amount - cost_reporting_amount), 0) as margin,
    count(distinct (source, order_id)) filter (not is_return) as orders,
    count(distinct customer_key) filter (not is_return and customer_key > 0) as customers,
    coalesce(sum(quantity) filter (is_frontlist), 0) as frontlist_units
"""


def plain_totals(
    generation: DuckDBReading, first: date, last: date, by: str = "", where: str = "in_default_totals"
) -> dict[Any, dict[str, Any]]:
    """Every metric by one column (None: the total), over business dates `first` to `last`, both included."""
    member = by or "null"
    window: dict[str, object] = {"first": first, "last": last}
    sums = generation.rows(f"select {member} as member, {SUMS} from ({LINES}) where {where} group by 1", window)
    titles = generation.rows(
        f"select member, count(*) as titles from (select {member} as member, book_source, book_id from ({LINES}) "
        f"where {where} and book_id is not null group by 1, 2, 3 having sum(quantity) > 0) group by 1",
        window,
    )
    active = {row["member"]: row["titles"] for row in titles}
    return {row["member"]: {**_with_ratios(row), "active_titles": active.get(row["member"], 0)} for row in sums}


def _with_ratios(row: dict[str, Any]) -> dict[str, Any]:
    sold, net = row["gross_units"], row["net_units"]
    return {
        **row,
        "average_selling_price": float(row["gross_revenue"] - row["discount"]) / sold if sold else None,
        "return_rate": row["return_units"] / sold if sold else None,
        "frontlist_share": row["frontlist_units"] / net if net else None,
        "margin_ratio": float(row["margin"]) / float(row["net_revenue"]) if row["net_revenue"] else None,
    }
