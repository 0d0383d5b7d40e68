"""From a question to what moved: each member's part in the change of a metric from one window to another. The parts add up."""

from warehouse.planner import Plan, Question, plan_two_windows
from warehouse.ranking import BOOK_DIMENSIONS, BOOK_LABELS, JOIN_OF_BOOKS
from warehouse.semantic import SemanticError, SemanticModel


def plan_movement(question: Question, before: Question, model: SemanticModel) -> Plan:
    """The SQL for the `limit` largest gains and the `limit` largest losses of a metric by dimensions, gains first.

    `before` is the same question of another window; members of one window alone take part. Each row has the dimensions,
    `current`, `previous`, `change` and the `member_count` of all; books have the labels of their current version. Raises
    SemanticError for other than one metric, one whose parts do not add up, or without a limit.
    """
    if len(question.metrics) != 1 or not model.metric(question.metrics[0]).is_additive or question.limit is None:
        raise SemanticError(f"no movement of {', '.join(question.metrics)}: name one metric that adds up, and a limit")
    both, columns = plan_two_windows(question, before, model), ", ".join(question.dimensions)
    ctes = [
        f"both_windows as (\n{both.sql}\n)",
        f"moved as (\n    select {columns}, current_sum, previous_sum, current_sum - previous_sum as change from both_windows\n)",
        f"movers as (\n{_movers(columns)}\n)",
    ]
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _outermost(question.dimensions)
    return Plan(sql, {**both.parameters, "most": question.limit}, both.tables)


def _movers(columns: str) -> str:
    """The largest gains and the largest losses, each sought by itself: there is no need to put all members in order."""
    largest = "    (select * from moved where change {sign} 0 order by change{order}, {columns} limit $most)"
    gains = largest.format(sign=">", order=" desc", columns=columns)
    return f"{gains}\n    union all\n{largest.format(sign='<', order='', columns=columns)}"


def _outermost(names: tuple[str, ...]) -> str:
    columns = [f"    movers.{name}" for name in names]
    columns += ["    movers.current_sum as current", "    movers.previous_sum as previous", "    movers.change"]
    columns.append("    members.member_count")
    joins = ["cross join (select count(*) as member_count from moved) as members"]
    if names == BOOK_DIMENSIONS:
        columns += [f"    books.{name}" for name in BOOK_LABELS]
        joins.append(JOIN_OF_BOOKS.format(rows="movers"))
    order = ", ".join(("movers.change desc", *(f"movers.{name}" for name in names)))
    return "\n".join(["select\n" + ",\n".join(columns), "from movers", *joins, f"order by {order}"])
