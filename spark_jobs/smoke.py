"""Does what was just published answer? Asked after a publication, the way readers ask."""

from pathlib import Path

from warehouse.duckdb_warehouse import DuckDBWarehouse
from warehouse.publication import PublicationError

FACT = "select count(*) as sales, sum(quantity) filter (where in_default_totals) as units from analytics.fact_sales"
VIEW = "select sum(net_units) as units from analytics.sales_by_day"


def smoke(warehouse: Path) -> str:
    """What the serving publication answers, as one line.

    Raises PublicationError where the fact table has other rows than the publication says, or the promised view by day adds up to
    other units than the fact table; NoPublicationError where nothing serves.
    """
    generation = DuckDBWarehouse(warehouse).current()
    publication = generation.publication
    (fact,), (view,) = generation.rows(FACT), generation.rows(VIEW)
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
