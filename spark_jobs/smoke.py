"""Does what was just published answer? Asked after a publication, the way readers ask."""

from warehouse.publication import PublicationError
from warehouse.warehouses import Reading, Warehouse

FACT = "select count(*) as sales, sum(case when in_default_totals then quantity end) as units from analytics.fact_sales"
VIEW = "select sum(net_units) as units from analytics.sales_by_day"


def smoke(warehouse: Warehouse) -> str:
    """What the serving publication answers, as one line.

    Raises PublicationError where the fact table has other rows than the publication says, or the promised view by day adds up to
    other units than the fact table; NoPublicationError where nothing serves.
    """
    reading = warehouse.current()
    try:
        return _asked(reading)
    finally:
        reading.release()


def _asked(reading: Reading) -> str:
    publication = reading.publication
    (fact,), (view,) = reading.rows(FACT), reading.rows(VIEW)
    if fact["sales"] != publication.sale_count:
        raise PublicationError(
            f"publication {publication.generation} says {publication.sale_count:,} sales, fact_sales has {fact['sales']:,}; "
            "serve an earlier one: docs/runbooks/restore-previous-generation.md"
        )
    if fact["units"] != view["units"]:
        raise PublicationError(
            f"publication {publication.generation}: {fact['units']} units in fact_sales, {view['units']} in sales_by_day; "
            "serve an earlier one: docs/runbooks/restore-previous-generation.md"
        )
    return (
        f"publication {publication.generation} of run {publication.run_seq} answers: {fact['sales']:,} sales, "
        f"{view['units']} units net, data through {publication.data_through}"
    )
