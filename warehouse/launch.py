"""How books like one were launched: weeks since their own publication, to hold its launch against."""

from dataclasses import replace

from warehouse.planner import Plan, Question, plan_rows
from warehouse.scope import Scope
from warehouse.semantic import SemanticModel


def plan_comparables(isbn13: str, scope: Scope, limit: int) -> Plan:
    """The SQL for the books most like one: of its genre and format, of its subgenre first, then nearest in publication.

    Rows: isbn13, title, published_on, is_same_subgenre. Books without a day of publication have no launch and are left out, and so is
    the book itself.
    """
    conditions, parameters = Scope(publishers=scope.publishers).conditions("others")
    inside = "".join(f"\n    and {condition}" for condition in conditions)
    sql = (
        "with asked as (\n    select source, book_id, genre, subgenre, format, published_on\n    from analytics.dim_book\n"
        "    where is_current and isbn13 = $isbn13 and published_on is not null\n)\n\n"
        "select\n    others.isbn13,\n    others.title,\n    others.published_on,\n"
        "    others.subgenre = asked.subgenre as is_same_subgenre\n"
        "from analytics.dim_book as others\n"
        "inner join asked on others.genre = asked.genre and others.format = asked.format\n"
        "where others.is_current\n    and others.published_on is not null\n    and others.isbn13 is not null\n"
        f"    and not (others.source = asked.source and others.book_id = asked.book_id){inside}\n"
        "order by\n    case when others.subgenre = asked.subgenre then 0 else 1 end,\n"
        "    abs(others.published_on - asked.published_on),\n    others.isbn13\nlimit $most"
    )
    return Plan(sql, {"isbn13": isbn13, "most": limit, **parameters}, ("dim_book",))


def plan_launch_weeks(question: Question, weeks: int, model: SemanticModel) -> Plan:
    """The SQL for metrics of each book by week since its publication, the first is 1, up to `weeks`: isbn13, week, metrics.

    The question's filter `book` names the books by today's ISBN; weeks without a sale have no row.
    """
    daily = plan_rows(replace(question, dimensions=("day", "book_source", "book_id")), model)
    sums = ", ".join(f"sum(daily.{name}) as {name}" for name in question.metrics)
    week = "cast(floor((daily.day - books.published_on) / 7.0) as bigint) + 1"
    sql = (
        f"with daily as (\n{daily.sql}\n),\n\n"
        "books as (\n    select source, book_id, isbn13, published_on from analytics.dim_book where is_current\n)\n\n"
        f"select books.isbn13, {week} as week, {sums}\nfrom daily\n"
        "inner join books on daily.book_source = books.source and daily.book_id = books.book_id\n"
        f"where daily.day >= books.published_on and daily.day < books.published_on + {7 * weeks}\n"
        f"group by books.isbn13, {week}"
    )
    return Plan(sql, daily.parameters, daily.tables)
