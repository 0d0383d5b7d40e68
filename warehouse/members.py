"""Which values a filter may take, for somebody of a scope: so that a wrong one is named, and nothing out of sight is."""

from collections.abc import Sequence

from warehouse.planner import Plan
from warehouse.scope import Scope
from warehouse.semantic import SemanticModel

# Keeps what no dimension does: source and format.
SMALL_TABLE = "rollup_genre_daily"


def plan_members(
    name: str, scope: Scope, model: SemanticModel, values: Sequence[object] = (), limit: int = 30, search: str = ""
) -> Plan:
    """The SQL for members of a dimension or selection, in order: those among `values`, else the first `limit`, as `member`.

    `search` keeps members that contain it, whatever the case. Raises SemanticError for a name that is neither.
    """
    part = model.selections.get(name) or model.dimension(name)
    table = part.table or SMALL_TABLE
    member = f"{table}.{part.column}"
    conditions, parameters = _in_sight(table, scope)
    conditions.append(f"{member} is not null")
    if values:
        names = [f"value_{number}" for number in range(len(values))]
        parameters |= dict(zip(names, values, strict=True))
        conditions.append(f"{member} in ({', '.join(f'${parameter}' for parameter in names)})")
    if search:
        conditions.append(f"position(lower($search) in lower({member})) > 0")
        parameters["search"] = search
    parameters["most"] = max(limit, len(values))
    return Plan(
        f"select distinct {member} as member\nfrom analytics.{table}\nwhere " + "\n  and ".join(conditions)
        + "\norder by 1\nlimit $most",
        parameters,
        (table,),
    )  # fmt: skip


def _in_sight(table: str, scope: Scope) -> tuple[list[str], dict[str, object]]:
    """Members of a region are those of the regions in scope, of a book or author those of the publishers in scope."""
    if table in ("dim_region", "dim_store"):
        return Scope(regions=scope.regions).conditions(table)
    if table in ("dim_publisher", "dim_book"):
        return Scope(publishers=scope.publishers).conditions(table)
    if table == "dim_author" and scope.publishers:
        books, parameters = Scope(publishers=scope.publishers).conditions("dim_book")
        written = (
            "select bridge_book_author.author_key from analytics.bridge_book_author inner join analytics.dim_book "
            "on dim_book.source = bridge_book_author.source and dim_book.book_id = bridge_book_author.book_id "
            f"where {' and '.join(books)}"
        )
        return [f"dim_author.author_key in ({written})"], parameters
    return [], {}
