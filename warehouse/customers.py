"""How many customers bought in each month: by the month they first bought in, and by segment. Counts only, never a customer.

A customer counts in the month of a sale; returns, sales without a known customer, and lines outside default totals do not.
"""

from datetime import date

from warehouse.planner import FACT, Plan
from warehouse.recurrence import CUSTOMER_MONTHS
from warehouse.scope import EVERYTHING, Scope

CUSTOMER = "dim_customer"


def plan_cohorts(first: date, until: date, scope: Scope) -> Plan:
    """One row per `month` of the half-open window and `cohort`, the month of the first sale in sight: `customers`.

    `cohort` is null for everybody who first bought before the window.
    """
    if scope == EVERYTHING:
        return _from_rollup(first, until, "case when first_month >= $from_date then first_month end as cohort")
    visits, parameters = _visits(first, until, scope)
    sql = f"""with visits as (
{visits}
),

first_sales as (
{_first_sales(scope)}
)

select
    visits.month,
    case when first_sales.sale_date >= $from_date then cast(date_trunc('month', first_sales.sale_date) as date) end as cohort,
    count(*) as customers
from visits
inner join first_sales on visits.customer_key = first_sales.customer_key
group by 1, 2
order by 1, 2"""
    return Plan(sql, parameters, (FACT, CUSTOMER))


def plan_segments(first: date, until: date, scope: Scope) -> Plan:
    """One row per `month` of the half-open window and `segment`: `customers`."""
    if scope == EVERYTHING:
        return _from_rollup(first, until, "segment")
    visits, parameters = _visits(first, until, scope)
    sql = f"""with visits as (
{visits}
)

select visits.month, dim_customer.segment, count(*) as customers
from visits
inner join analytics.dim_customer on visits.customer_key = dim_customer.customer_key
group by 1, 2
order by 1, 2"""
    return Plan(sql, parameters, (FACT, CUSTOMER))


def _from_rollup(first: date, until: date, cut_by: str) -> Plan:
    sql = (
        f"select sale_month as month, {cut_by}, cast(sum(customers) as bigint) as customers\n"
        f"from analytics.{CUSTOMER_MONTHS}\nwhere sale_month >= $from_date and sale_month < $until_date\n"
        "group by 1, 2\norder by 1, 2"
    )
    return Plan(sql, {"from_date": first, "until_date": until}, (CUSTOMER_MONTHS,))


def _visits(first: date, until: date, scope: Scope) -> tuple[str, dict[str, object]]:
    """SQL of one row per customer and month with a sale, and its parameters."""
    conditions, members = scope.conditions(FACT)
    where = "\n  and ".join(["sale_date >= $from_date", "sale_date < $until_date", *_COUNTED, *conditions])
    columns = "fact_sales.customer_key, cast(date_trunc('month', fact_sales.sale_date) as date) as month"
    return (
        f"select distinct {columns}\nfrom analytics.fact_sales\nwhere {where}",
        {"from_date": first, "until_date": until, **members},
    )


def _first_sales(scope: Scope) -> str:
    """SQL of each customer's first sale: the customer's own where all sales are in sight, else the first of those that are."""
    conditions, _ = scope.conditions(FACT)
    if not conditions:
        return "select customer_key, first_sale_date as sale_date\nfrom analytics.dim_customer"
    where = "\n  and ".join([*_COUNTED, *conditions])
    return (
        "select customer_key, min(sale_date) as sale_date\n"
        f"from analytics.fact_sales\nwhere {where}\ngroup by customer_key"
    )


_COUNTED = ("not fact_sales.is_return", "fact_sales.customer_key > 0", "fact_sales.in_default_totals")
