"""From a question to what moved: each member's part in the change of a metric from one window to another. The parts add up."""

import re

from warehouse.planner import Plan, Question, plan_rows
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
    now = plan_rows(question, model)
    then = _renamed(plan_rows(before, model))
    names, metric = question.dimensions, question.metrics[0]
    columns = ", ".join(names)
    zero = f"cast(0 as {'bigint' if model.metric(metric).unit == 'copies' else 'decimal(18,2)'})"
    both = (
        f"    select {columns}, {metric} as current_sum, {zero} as previous_sum from now_sums\n    union all\n"
        f"    select {columns}, {zero} as current_sum, {metric} as previous_sum from then_sums"
    )
    moved = (
        f"    select {columns}, sum(current_sum) as current_sum, sum(previous_sum) as previous_sum,\n"
        f"        sum(current_sum) - sum(previous_sum) as change\n    from both_sums\n    group by {columns}"
    )
    ctes = [f"now_sums as (\n{now.sql}\n)", f"then_sums as (\n{then.sql}\n)", f"both_sums as (\n{both}\n)"]
    ctes += [f"moved as (\n{moved}\n)", f"movers as (\n{_movers(columns)}\n)"]
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _outermost(names)
    parameters = {**now.parameters, **then.parameters, "most": question.limit}
    return Plan(sql, parameters, tuple(dict.fromkeys((*now.tables, *then.tables))))


def _renamed(planned: Plan) -> Plan:
    """The plan with parameters of other names, to stand beside another one."""
    sql = re.sub(r"\$(\w+)", r"$then_\1", planned.sql)
    return Plan(sql, {f"then_{name}": value for name, value in planned.parameters.items()}, planned.tables)


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
