"""From a question to its first members in order of a metric, with totals over all: nothing is cut in silence."""

from warehouse.planner import Plan, Question, plan_rows
from warehouse.semantic import SemanticError, SemanticModel

BOOK_DIMENSIONS = ("book_source", "book_id")

# What a book is called today: columns of its current version, whatever version the sales were of.
BOOK_LABELS = ("isbn13", "title", "author_names", "publisher", "genre", "format")
# Beside rows that are few by then: of all books there are many, and most of their labels are long.
JOIN_OF_BOOKS = (
    "left join analytics.dim_book as books\n"
    "    on {rows}.book_source = books.source and {rows}.book_id = books.book_id and books.is_current"
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
    answer = plan_rows(question, model)
    is_books = question.dimensions == BOOK_DIMENSIONS
    order = ", ".join((f"{question.order_by} desc", *question.dimensions))
    columns = ", ".join((*question.dimensions, *question.metrics))
    ctes = [
        f"answer as (\n{answer.sql}\n)",
        f"totals as (\n{_totals(question)}\n)",
        f"first_ones as (\n    select {columns} from answer\n    order by {order}\n    limit $most offset $after_place\n)",
    ]
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _first_places(question, order, is_books)
    places = {"after_place": after, "most": question.limit}
    return Plan(sql, {**answer.parameters, **places}, answer.tables)


def plan_page(question: Question, model: SemanticModel, after: int = 0) -> Plan:
    """The SQL for the `limit` rows after place `after` of any question, each with its `place` and the `row_count` of all.

    In order of `order_by`, a metric's largest first, then of the dimensions. Raises SemanticError without a limit.
    """
    if question.limit is None:
        raise SemanticError("a page has a limit")
    answer = plan_rows(question, model)
    ordered = (*question.dimensions, *question.metrics)
    if question.order_by and question.order_by not in ordered:
        raise SemanticError(f"cannot order by {question.order_by!r}; there are {', '.join(ordered)}")
    first = [f"{question.order_by} desc nulls last"] if question.order_by in question.metrics else []
    first += [question.order_by] if question.order_by in question.dimensions else []
    order = ", ".join([*first, *question.dimensions]) or "1"
    listed = ", ".join(ordered)
    sql = (
        f"with answer as (\n{answer.sql}\n),\n\n"
        f"page as (\n    select {listed} from answer\n    order by {order}\n    limit $most offset $after_place\n)\n\n"
        f"select {listed},\n    row_number() over (order by {order}) + $after_place as place,\n    counted.row_count\n"
        "from page\ncross join (select count(*) as row_count from answer) as counted\norder by place"
    )
    return Plan(sql, {**answer.parameters, "after_place": after, "most": question.limit}, answer.tables)


def _totals(question: Question) -> str:
    sums = [f"sum({name}) as total_{name}" for name in question.metrics]
    return f"    select {', '.join(('count(*) as member_count', *sums))} from answer"


def _first_places(question: Question, order: str, is_books: bool) -> str:
    columns = [f"first_ones.{name}" for name in (*question.dimensions, *question.metrics)]
    first = ", ".join(f"first_ones.{part}" for part in order.split(", "))
    columns.append(f"row_number() over (order by {first}) + $after_place as place")
    columns += ["totals.member_count", *(f"totals.total_{name}" for name in question.metrics)]
    joins = ["cross join totals"]
    if is_books:
        columns += [f"books.{name}" for name in BOOK_LABELS]
        joins.append(JOIN_OF_BOOKS.format(rows="first_ones"))
    listed = ",\n".join(f"    {column}" for column in columns)
    return "\n".join([f"select\n{listed}", "from first_ones", *joins, "order by place"])
