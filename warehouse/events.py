"""Feasts and trade events of a window, from dim_date."""

from datetime import date

from warehouse.planner import Plan


def plan_events(from_date: date, until_date: date) -> Plan:
    """The SQL for the events of the days `from_date` <= day < `until_date`, in order: day, event."""
    sql = (
        "select date as day, event\nfrom analytics.dim_date\n"
        "where event is not null and date >= $from_date and date < $until_date\norder by 1"
    )
    return Plan(sql, {"from_date": from_date, "until_date": until_date}, ("dim_date",))
