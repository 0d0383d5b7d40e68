"""From a question to SQL: the smallest table that can answer exactly, and bound parameters.

The SQL runs on DuckDB and on Redshift; parameters are named, `$name`, and every value a user gives is one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from warehouse.semantic import Dimension, Metric, SemanticModel

FACT = "fact_sales"


@dataclass(frozen=True)
class Question:
    """Metrics by dimensions over a window of business dates, half-open: `from_date` <= day < `until_date`.

    Filters give the values a dimension may take. Lines outside default totals take part only when `source` is filtered.
    `order_by` names a metric (descending) or a dimension (ascending); without it rows come in dimension order.
    """

    metrics: tuple[str, ...]
    from_date: date
    until_date: date
    dimensions: tuple[str, ...] = ()
    filters: dict[str, Sequence[object]] = field(default_factory=dict)
    order_by: str = ""
    limit: int | None = None


@dataclass(frozen=True)
class Plan:
    """What to run, and which table of the warehouse answers."""

    sql: str
    parameters: dict[str, object]
    table: str


def plan(question: Question, model: SemanticModel) -> Plan:
    """The SQL for a question: one row per combination of dimensions, columns named as in the question.

    Raises SemanticError for a metric or dimension that is not in the model.
    """
    metrics = {name: model.metric(name) for name in question.metrics}
    dimensions = {name: model.dimension(name) for name in {**dict.fromkeys(question.dimensions), **question.filters}}
    table = _smallest_table(metrics, dimensions, model)
    lines, parameters = _lines(question, metrics, dimensions, model, table)
    ctes = [f"lines as (\n{lines}\n)"]
    additive = {name: metric for name, metric in metrics.items() if metric.formula}
    ctes.append(f"sums as (\n{_sums(question, additive, model)}\n)")
    for name, metric in metrics.items():
        if metric.distinct:
            ctes.append(f"{name}_counts as (\n{_distinct(question, metric)}\n)")
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _answer(question, metrics)
    return Plan(sql, parameters, table)


def _smallest_table(metrics: dict[str, Metric], dimensions: dict[str, Dimension], model: SemanticModel) -> str:
    needed = {dimension.key for dimension in dimensions.values()}
    if all(metric.formula for metric in metrics.values()):
        for name, rollup in model.rollups.items():
            if needed <= set(rollup.keys):
                return name
    return FACT


def _lines(
    question: Question, metrics: dict[str, Metric], dimensions: dict[str, Dimension], model: SemanticModel, table: str
) -> tuple[str, dict[str, object]]:
    """The rows that take part, with the dimensions, measures and counted columns the question needs."""
    columns = [f"    {_column(dimension, table)} as {name}" for name, dimension in dimensions.items() if name in question.dimensions]
    for name in dict.fromkeys(measure for metric in metrics.values() for measure in metric.measures):
        value = model.measures[name].line if table == FACT else f"{table}.{name}"
        columns.append(f"    {value} as {name}")
    columns += [f"    {_counted(name)} as counted_{name}" for name in _counted_columns(metrics)]
    joined = dict.fromkeys((dimension.table, dimension.key, dimension.match) for dimension in dimensions.values() if dimension.table)
    joins = [f"inner join analytics.{other} on {table}.{key} = {other}.{on}" for other, key, on in joined]
    # The fact does not repeat the book's format; a book version has exactly one. Counted books need their id.
    needs_book = table == FACT and ("format" in dimensions or "book_id" in _counted_columns(metrics))
    if needs_book and not any(other == "dim_book" for other, _, _ in joined):
        joins.append(f"inner join analytics.dim_book on {table}.book_key = dim_book.book_key")
    conditions, parameters = _conditions(question, dimensions, table)
    parts = ["select", ",\n".join(columns), f"from analytics.{table}", *joins, "where " + "\n  and ".join(conditions)]
    return "\n".join(parts), parameters


def _column(dimension: Dimension, table: str) -> str:
    if dimension.table:
        return f"{dimension.table}.{dimension.column}"
    if dimension.key == "format" and table == FACT:
        return "dim_book.format"
    return f"{table}.{dimension.column}"


def _counted_columns(metrics: dict[str, Metric]) -> list[str]:
    """Columns of the fact that distinct counts look at; `book_id` comes from the joined book version."""
    names: dict[str, None] = {}
    for metric in metrics.values():
        if metric.distinct:
            names |= dict.fromkeys((*metric.distinct.of, "is_return", "quantity", "customer_key"))
    return list(names)


def _counted(name: str) -> str:
    return f"dim_book.{name}" if name == "book_id" else f"{FACT}.{name}"


def _conditions(
    question: Question, dimensions: dict[str, Dimension], table: str
) -> tuple[list[str], dict[str, object]]:
    conditions = [f"{table}.sale_date >= $from_date", f"{table}.sale_date < $until_date"]
    parameters: dict[str, object] = {"from_date": question.from_date, "until_date": question.until_date}
    if "source" not in question.filters:
        conditions.append(f"{table}.in_default_totals")
    for name, values in question.filters.items():
        names = [f"{name}_{number}" for number in range(len(values))]
        parameters |= dict(zip(names, values, strict=True))
        choices = ", ".join(f"${parameter}" for parameter in names)
        conditions.append(f"{_column(dimensions[name], table)} in ({choices})" if names else "1 = 0")
    return conditions, parameters


def _sums(question: Question, metrics: dict[str, Metric], model: SemanticModel) -> str:
    columns = [f"    {name}" for name in question.dimensions]
    for name, metric in metrics.items():
        sums = {measure: f"coalesce(sum({measure}), 0)" for measure in metric.measures}
        columns.append(f"    {metric.formula.format(**sums)} as {name}")
    if not columns:
        columns = ["    count(*) as line_count"]
    return "select\n" + ",\n".join(columns) + "\nfrom lines" + _group_by(question.dimensions)


def _distinct(question: Question, metric: Metric) -> str:
    """One row per combination of dimensions: the number of distinct groups in it, as `counted`."""
    assert metric.distinct is not None
    counted = [f"counted_{name}" for name in metric.distinct.of]
    where = f"\n    where {_prefixed(metric.distinct.lines)}" if metric.distinct.lines else ""
    having = f"\n    having {_prefixed(metric.distinct.groups)}" if metric.distinct.groups else ""
    inner = ", ".join((*question.dimensions, *counted))
    columns = ", ".join((*question.dimensions, "count(*) as counted"))
    groups = f"    select {inner}\n    from lines{where}\n    group by {inner}{having}"
    return f"select {columns}\nfrom (\n{groups}\n) as counted_groups" + _group_by(question.dimensions)


def _prefixed(condition: str) -> str:
    for name in ("is_return", "customer_key", "quantity"):
        condition = condition.replace(name, f"counted_{name}")
    return condition


def _group_by(names: Sequence[str]) -> str:
    return f"\ngroup by {', '.join(names)}" if names else ""


def _answer(question: Question, metrics: dict[str, Metric]) -> str:
    columns = [f"    sums.{name}" for name in question.dimensions]
    joins = []
    for name, metric in metrics.items():
        if not metric.distinct:
            columns.append(f"    sums.{name}")
            continue
        columns.append(f"    coalesce({name}_counts.counted, 0) as {name}")
        # A dimension is never null: every member, the unknown one included, has a value in every column asked for.
        on = " and ".join(f"sums.{dimension} = {name}_counts.{dimension}" for dimension in question.dimensions) or "1 = 1"
        joins.append(f"left join {name}_counts on {on}")
    parts = ["select", ",\n".join(columns), "from sums", *joins, _order_by(question)]
    if question.limit is not None:
        parts.append(f"limit {int(question.limit)}")
    return "\n".join(part for part in parts if part)


def _order_by(question: Question) -> str:
    if not question.dimensions:
        return ""
    # Positions, not names: a metric may share its name with a measure of the inner query.
    columns = (*question.dimensions, *question.metrics)
    order = [str(columns.index(name) + 1) for name in question.dimensions]
    if question.order_by in question.metrics:
        order.insert(0, f"{columns.index(question.order_by) + 1} desc")
    return f"order by {', '.join(order)}"
