"""Distinct counts over any window of days, from rollups of days and of the days before them.

A thing that is counted, a customer or an order, stands on each of its days beside the last of its days before. Of all its days in a
window exactly one has a day before that is outside. So the number of different things is a sum over a small table, and exact.
Lines outside default totals do not take part.
"""

from warehouse.semantic import Distinct, SemanticModel

# Before a thing's first day there is none.
NEVER = "date '0001-01-01'"
CUSTOMER_MONTHS = "rollup_customer_months"

COLUMNS = {"sale_date": "date", "previous_date": "date", "counted": "bigint"}
CUSTOMER_MONTHS_COLUMNS = {"sale_month": "date", "first_month": "date", "segment": "string", "customers": "bigint"}


def distinct_of(table: str, model: SemanticModel) -> Distinct:
    """What a rollup of recurrences counts."""
    distinct = model.metrics[model.recurrences[table]].distinct
    assert distinct is not None
    return distinct


def days_of(distinct: Distinct, condition: str = "true") -> str:
    """The SELECT of every day of every thing, once, from the facts that meet a condition."""
    of = ", ".join(distinct.of)
    return (
        f"select distinct {of}, sale_date from analytics.fact_sales "
        f"where in_default_totals and {distinct.lines} and {condition}"
    )


def recurrences_of(distinct: Distinct, days: str) -> str:
    """The SELECT of one row per day and day before, with how many things have both, from a SELECT of their days."""
    of = ", ".join(distinct.of)
    return (
        "select sale_date, previous_date, count(*) as counted from (\n"
        f"    select sale_date, coalesce(lag(sale_date) over (partition by {of} order by sale_date), {NEVER}) as previous_date\n"
        f"    from ({days}) as days_of_things\n) as recurrences\ngroup by sale_date, previous_date"
    )


def customer_months(model: SemanticModel) -> str:
    """The SELECT of one row per month, month of the first purchase and segment, with its customers."""
    customers = model.metrics["customers"].distinct
    assert customers is not None
    return (
        "select sale_month, first_month, segment, count(*) as customers from (\n"
        "    select distinct customer_key, cast(date_trunc('month', sale_date) as date) as sale_month from analytics.fact_sales\n"
        f"    where in_default_totals and {customers.lines}\n) as months\n"
        "inner join (\n    select customer_key as member_key, segment, "
        "coalesce(cast(date_trunc('month', first_sale_date) as date), "
        f"{NEVER}) as first_month\n    from analytics.dim_customer\n"
        ") as members on months.customer_key = members.member_key\ngroup by sale_month, first_month, segment"
    )
