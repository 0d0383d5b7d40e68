"""From a question to its first members in order of a metric, with totals over all: nothing is cut in silence."""

from dataclasses import replace

from warehouse.planner import Plan, Question, plan
from warehouse.semantic import SemanticError, SemanticModel

BOOK_DIMENSIONS = ("book_source", "book_id")

# What a book is called today: columns of its current version, whatever version the sales were of.
BOOK_LABELS = ("isbn13", "title", "author_names", "publisher", "genre", "format")
CURRENT_BOOKS = (
    f"books as (\n    select source, book_id, {', '.join(BOOK_LABELS)} from analytics.dim_book where is_current\n)"
)


def plan_ranking(question: Question, model: SemanticModel, after: int = 0) -> Plan:
    """The SQL for the `limit` members after place `after` by `order_by`, largest first, equal ones in dimension order.

    Each row has the question's columns, its `place` from 1, `member_count` and `total_<metric>` over all members, and
    for books (dimensions `book_source` and `book_id`) the labels of the current version, null where there is none. No
    member, no row. Raises SemanticError for a metric whose parts do not add up, or without a limit.
    """
    overlapping = [name for name in question.metrics if not model.metric(name).is_additive]
    if overlapping or question.order_by not in question.metrics or question.limit is None:
        raise SemanticError(
            f"cannot rank by {question.order_by!r} with totals of {', '.join(question.metrics)}; "
            "name metrics that add up, and a limit"
        )
    answer = plan(replace(question, order_by="", limit=None), model)
    is_books = question.dimensions == BOOK_DIMENSIONS
    ctes = [f"answer as (\n{answer.sql}\n)", f"placed as (\n{_placed(question)}\n)"]
    if is_books:
        ctes.append(CURRENT_BOOKS)
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _first_places(question, is_books)
    places = {"after_place": after, "last_place": after + question.limit}
    return Plan(sql, {**answer.parameters, **places}, answer.tables)


def plan_page(question: Question, model: SemanticModel, after: int = 0) -> Plan:
    """The SQL for the `limit` rows after place `after` of any question, each with its `place` and the `row_count` of all.

    In order of `order_by`, a metric's largest first, then of the dimensions. Raises SemanticError without a limit.
    """
    if question.limit is None:
        raise SemanticError("a page has a limit")
    answer = plan(replace(question, order_by="", limit=None), model)
    ordered = (*question.dimensions, *question.metrics)
    if question.order_by and question.order_by not in ordered:
        raise SemanticError(f"cannot order by {question.order_by!r}; there are {', '.join(ordered)}")
    first = [f"{question.order_by} desc nulls last"] if question.order_by in question.metrics else []
    first += [question.order_by] if question.order_by in question.dimensions else []
    order = ", ".join([*first, *question.dimensions]) or "1"
    columns = ",\n".join(f"    {name}" for name in ordered)
    sql = (
        f"with answer as (\n{answer.sql}\n),\n\nplaced as (\nselect\n{columns},\n"
        f"    row_number() over (order by {order}) as place,\n    count(*) over () as row_count\nfrom answer\n)\n\n"
        f"select\n{columns},\n    place,\n    row_count\nfrom placed\n"
        "where place > $after_place and place <= $last_place\norder by place"
    )
    places = {"after_place": after, "last_place": after + question.limit}
    return Plan(sql, {**answer.parameters, **places}, answer.tables)


def _placed(question: Question) -> str:
    order = ", ".join((f"{question.order_by} desc", *question.dimensions))
    columns = [
        *question.dimensions,
        *question.metrics,
        f"row_number() over (order by {order}) as place",
        "count(*) over () as member_count",
        *(f"sum({name}) over () as total_{name}" for name in question.metrics),
    ]
    return "select\n" + ",\n".join(f"    {column}" for column in columns) + "\nfrom answer"


def _first_places(question: Question, is_books: bool) -> str:
    columns = [
        *question.dimensions,
        *question.metrics,
        "place",
        "member_count",
        *(f"total_{name}" for name in question.metrics),
    ]
    selected = [f"    placed.{name}" for name in columns]
    join = ""
    if is_books:
        selected += [f"    books.{name}" for name in BOOK_LABELS]
        join = "left join books on placed.book_source = books.source and placed.book_id = books.book_id\n"
    return (
        "select\n"
        + ",\n".join(selected)
        + f"\nfrom placed\n{join}where placed.place > $after_place and placed.place <= $last_place\norder by placed.place"
    )
