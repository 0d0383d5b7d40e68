"""From a question to what moved: each member's part in the change of a metric from one window to another. The parts add up."""

import re
from dataclasses import replace

from warehouse.planner import Plan, Question, plan
from warehouse.ranking import BOOK_DIMENSIONS, BOOK_LABELS, CURRENT_BOOKS
from warehouse.semantic import SemanticError, SemanticModel


def plan_movement(question: Question, before: Question, model: SemanticModel) -> Plan:
    """The SQL for the `limit` largest gains and the `limit` largest losses of a metric by dimensions, gains first.

    `before` is the same question of another window; members of one window alone take part. Each row has the dimensions,
    `current`, `previous`, `change` and the `member_count` of all; books have the labels of their current version. Raises
    SemanticError for other than one metric, one whose parts do not add up, or without a limit.
    """
    if len(question.metrics) != 1 or not model.metric(question.metrics[0]).is_additive or question.limit is None:
        raise SemanticError(f"no movement of {', '.join(question.metrics)}: name one metric that adds up, and a limit")
    now = plan(replace(question, order_by="", limit=None), model)
    then = _renamed(plan(replace(before, order_by="", limit=None), model))
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
    ctes += [f"moved as (\n{moved}\n)", f"placed as (\n{_placed(columns)}\n)"]
    is_books = names == BOOK_DIMENSIONS
    if is_books:
        ctes.append(CURRENT_BOOKS)
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _outermost(names, is_books)
    parameters = {**now.parameters, **then.parameters, "most": question.limit}
    return Plan(sql, parameters, tuple(dict.fromkeys((*now.tables, *then.tables))))


def _renamed(planned: Plan) -> Plan:
    """The plan with parameters of other names, to stand beside another one."""
    sql = re.sub(r"\$(\w+)", r"$then_\1", planned.sql)
    return Plan(sql, {f"then_{name}": value for name, value in planned.parameters.items()}, planned.tables)


def _placed(columns: str) -> str:
    return (
        f"    select {columns}, current_sum, previous_sum, change,\n"
        f"        row_number() over (order by change desc, {columns}) as gain_place,\n"
        f"        row_number() over (order by change, {columns}) as loss_place,\n"
        "        count(*) over () as member_count\n"
        "    from moved"
    )


def _outermost(names: tuple[str, ...], is_books: bool) -> str:
    columns = [f"    placed.{name}" for name in names]
    columns += ["    placed.current_sum as current", "    placed.previous_sum as previous"]
    columns += ["    placed.change", "    placed.member_count"]
    join = ""
    if is_books:
        columns += [f"    books.{name}" for name in BOOK_LABELS]
        join = "left join books on placed.book_source = books.source and placed.book_id = books.book_id\n"
    return (
        "select\n" + ",\n".join(columns) + f"\nfrom placed\n{join}"
        "where (placed.change > 0 and placed.gain_place <= $most) or (placed.change < 0 and placed.loss_place <= $most)\n"
        "order by placed.gain_place"
    )
