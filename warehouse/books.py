"""One book and its editions, as they are called today, for somebody of a scope."""

from warehouse.planner import Plan
from warehouse.scope import Scope

COLUMNS = (
    "isbn13", "title", "work_title", "series", "series_number", "author_names", "genre", "subgenre", "publisher", "imprint",
    "format", "language", "page_count", "list_price", "unit_cost", "currency", "published_on",
)  # fmt: skip


def plan_editions(isbn13: str, columns: tuple[str, ...], scope: Scope) -> Plan:
    """The SQL for every edition of the work that the ISBN is an edition of, with `is_asked_for` where it is that one.

    An edition is in scope when any of its versions was published within it. No row: no such book, or none in sight.
    `columns` are names out of COLUMNS.
    """
    unknown = set(columns) - set(COLUMNS)
    if unknown:
        raise ValueError(f"no column {', '.join(sorted(unknown))} of a book")
    conditions, parameters = Scope(publishers=scope.publishers).conditions("versions")
    inside = "".join(f" and {condition}" for condition in conditions)
    in_sight = (
        "exists (select 1 from analytics.dim_book as versions where versions.source = editions.source "
        f"and versions.book_id = editions.book_id{inside})"
    )
    names = ",\n".join(f"    editions.{name}" for name in columns)
    sql = (
        "with asked as (\n    select source, book_id, work_id from analytics.dim_book where is_current and isbn13 = $isbn13\n)\n\n"
        f"select distinct\n{names},\n    editions.source = asked.source and editions.book_id = asked.book_id as is_asked_for\n"
        "from analytics.dim_book as editions\n"
        "inner join asked on editions.source = asked.source\n"
        "    and (editions.work_id = asked.work_id or editions.book_id = asked.book_id)\n"
        f"where editions.is_current and {in_sight}\norder by editions.isbn13"
    )
    return Plan(sql, {"isbn13": isbn13, **parameters}, ("dim_book",))


FOUND = ("isbn13", "title", "author_names", "publisher", "format", "published_on")


def plan_search(text: str, scope: Scope, limit: int) -> Plan:
    """The SQL for current books whose title, author or ISBN contains a text, whatever the case: columns FOUND, in order of titles.

    Titles that begin with the text come first.
    """
    conditions, parameters = Scope(publishers=scope.publishers).conditions("dim_book")
    inside = "".join(f"\n    and {condition}" for condition in conditions)
    contained = " or ".join(
        f"position(lower($search) in lower({name})) > 0" for name in ("title", "author_names", "isbn13")
    )
    columns = ", ".join(FOUND)
    sql = (
        f"select {columns}\nfrom analytics.dim_book\nwhere is_current and isbn13 is not null\n    and ({contained}){inside}\n"
        "order by case when position(lower($search) in lower(title)) = 1 then 0 else 1 end, title, isbn13\nlimit $most"
    )
    return Plan(sql, {"search": text, "most": limit, **parameters}, ("dim_book",))
