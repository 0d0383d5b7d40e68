"""From a question to SQL: the smallest table that can answer exactly, and bound parameters.

The SQL runs on DuckDB and on Redshift; parameters are named, `$name`, and every value a user gives is one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from warehouse.scope import EVERYTHING, Scope
from warehouse.semantic import Dimension, Distinct, Metric, Selection, SemanticModel

FACT = "fact_sales"

# What conditions of distinct counts may look at on a line, and the columns that the book version holds for the fact.
LINE_COLUMNS = ("is_return", "quantity", "customer_key")
BOOK_COLUMNS = {"book_source": "dim_book.source", "book_id": "dim_book.book_id"}


@dataclass(frozen=True)
class Question:
    """Metrics by dimensions over a window of business dates, half-open: `from_date` <= day < `until_date`.

    Filters give the values that a dimension or selection may take; `scope` is what the one who asks may see. Lines outside
    default totals take part only when `source` is filtered.
    `order_by` names a metric (descending) or a dimension (ascending); without it rows come in dimension order.
    """

    metrics: tuple[str, ...]
    from_date: date
    until_date: date
    dimensions: tuple[str, ...] = ()
    filters: dict[str, Sequence[object]] = field(default_factory=dict)
    order_by: str = ""
    limit: int | None = None
    scope: Scope = EVERYTHING


@dataclass(frozen=True)
class Plan:
    """What to run, and which tables of the warehouse answer."""

    sql: str
    parameters: dict[str, object]
    tables: tuple[str, ...]


def plan(question: Question, model: SemanticModel) -> Plan:
    """The SQL for a question: one row per combination of dimensions, columns named as in the question.

    Sums come from the smallest table that has every dimension asked for; only distinct counts read the fact.
    Raises SemanticError for a metric or dimension that is not in the model.
    """
    metrics = {name: model.metric(name) for name in question.metrics}
    selections = {name: model.selections[name] for name in question.filters if name in model.selections}
    named = [name for name in {**dict.fromkeys(question.dimensions), **question.filters} if name not in selections]
    dimensions = {name: model.dimension(name) for name in named}
    summed = {name: metric for name, metric in metrics.items() if metric.formula}
    counted = {name: metric.distinct for name, metric in metrics.items() if metric.distinct}
    keys = {part.key for part in dimensions.values()} | {part.key for part in selections.values()}
    table = _smallest_table(keys.union(question.scope.keys), model)
    conditions, parameters = _conditions(question, dimensions, selections, table)
    measures = _measured(summed, model, table)
    ctes = [
        f"lines as (\n{_lines(question, dimensions, table, measures, conditions)}\n)",
        f"sums as (\n{_sums(question, summed)}\n)",
    ]
    if counted:
        conditions, _ = _conditions(question, dimensions, selections, FACT)
        ctes.append(f"counted_lines as (\n{_lines(question, dimensions, FACT, _counted(counted), conditions)}\n)")
        ctes += [f"{name}_counts as (\n{_distinct(question, distinct)}\n)" for name, distinct in counted.items()]
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _answer(question, metrics, dimensions)
    return Plan(sql, parameters, tuple(dict.fromkeys((table, FACT) if counted else (table,))))


def _smallest_table(needed: set[str], model: SemanticModel) -> str:
    return next((name for name, rollup in model.rollups.items() if needed <= set(rollup.keys)), FACT)


def _measured(metrics: dict[str, Metric], model: SemanticModel, table: str) -> dict[str, str]:
    """Measures the metrics are made of: name to its value on one line of the table."""
    names = dict.fromkeys(measure for metric in metrics.values() for measure in metric.measures)
    return {name: model.measures[name].line if table == FACT else f"{table}.{name}" for name in names}


def _counted(counts: dict[str, Distinct]) -> dict[str, str]:
    """Columns that distinct counts look at: `counted_<name>` to its value on one line of the fact."""
    names = dict.fromkeys(name for distinct in counts.values() for name in (*distinct.of, *LINE_COLUMNS))
    return {f"counted_{name}": BOOK_COLUMNS.get(name, f"{FACT}.{name}") for name in names}


def _lines(
    question: Question, dimensions: dict[str, Dimension], table: str, values: dict[str, str], conditions: list[str]
) -> str:
    """The rows of a table that take part, with the dimensions asked for and the values needed."""
    asked = {name: _column(dimensions[name], table) for name in question.dimensions}
    columns = [f"    {value} as {name}" for name, value in {**asked, **values}.items()] or ["    1 as line"]
    joined = dict.fromkeys(
        (dimension.table, dimension.key, dimension.match) for dimension in dimensions.values() if dimension.table
    )
    # The fact does not repeat the book's format or id; a book version has exactly one.
    looked_at = (*asked.values(), *values.values(), *conditions)
    if table == FACT and any(value.startswith("dim_book.") for value in looked_at):
        joined["dim_book", "book_key", "book_key"] = None
    joins = [f"inner join analytics.{other} on {table}.{key} = {other}.{on}" for other, key, on in joined]
    return "\n".join(
        ["select", ",\n".join(columns), f"from analytics.{table}", *joins, "where " + "\n  and ".join(conditions)]
    )


def _column(dimension: Dimension, table: str) -> str:
    if dimension.line:
        return dimension.line
    if dimension.table:
        return f"{dimension.table}.{dimension.column}"
    if dimension.key == "format" and table == FACT:
        return "dim_book.format"
    return f"{table}.{dimension.column}"


def _conditions(
    question: Question, dimensions: dict[str, Dimension], selections: dict[str, Selection], table: str
) -> tuple[list[str], dict[str, object]]:
    conditions = [f"{table}.sale_date >= $from_date", f"{table}.sale_date < $until_date"]
    parameters: dict[str, object] = {"from_date": question.from_date, "until_date": question.until_date}
    if "source" not in question.filters:
        conditions.append(f"{table}.in_default_totals")
    for name, values in question.filters.items():
        names = [f"{name}_{number}" for number in range(len(values))]
        parameters |= dict(zip(names, values, strict=True))
        choices = ", ".join(f"${parameter}" for parameter in names)
        if not names:
            conditions.append("1 = 0")
        elif name in selections:
            conditions.append(f"{table}.{selections[name].key} in ({selections[name].keys.format(values=choices)})")
        else:
            conditions.append(f"{_column(dimensions[name], table)} in ({choices})")
    narrowed, members = question.scope.conditions(table)
    return [*conditions, *narrowed], {**parameters, **members}


def _sums(question: Question, metrics: dict[str, Metric]) -> str:
    columns = [f"    {name}" for name in question.dimensions]
    for name, metric in metrics.items():
        sums = {measure: f"coalesce(sum({measure}), 0)" for measure in metric.measures}
        columns.append(f"    {metric.formula.format(**sums)} as {name}")
    return (
        "select\n"
        + ",\n".join(columns or ["    count(*) as line_count"])
        + "\nfrom lines"
        + _group_by(question.dimensions)
    )


def _distinct(question: Question, distinct: Distinct) -> str:
    """One row per combination of dimensions: the number of distinct groups in it, as `counted`."""
    where = f"\n    where {_prefixed(distinct.lines)}" if distinct.lines else ""
    having = f"\n    having {_prefixed(distinct.groups)}" if distinct.groups else ""
    inner = ", ".join((*question.dimensions, *(f"counted_{name}" for name in distinct.of)))
    columns = ", ".join((*question.dimensions, "count(*) as counted"))
    groups = f"    select {inner}\n    from counted_lines{where}\n    group by {inner}{having}"
    return f"select {columns}\nfrom (\n{groups}\n) as counted_groups" + _group_by(question.dimensions)


def _prefixed(condition: str) -> str:
    for name in (*LINE_COLUMNS, "book_id"):
        condition = condition.replace(name, f"counted_{name}")
    return condition


def _group_by(names: Sequence[str]) -> str:
    return f"\ngroup by {', '.join(names)}" if names else ""


def _answer(question: Question, metrics: dict[str, Metric], dimensions: dict[str, Dimension]) -> str:
    columns = [f"    sums.{name}" for name in question.dimensions]
    joins = []
    for name, metric in metrics.items():
        if not metric.distinct:
            columns.append(f"    sums.{name}")
            continue
        counts = f"{name}_counts"
        columns.append(f"    coalesce({counts}.counted, 0) as {name}")
        on = " and ".join(_same_member(dimension, counts, dimensions[dimension]) for dimension in question.dimensions)
        joins.append(f"left join {counts} on {on or '1 = 1'}")
    parts = ["select", ",\n".join(columns), "from sums", *joins, _order_by(question)]
    if question.limit is not None:
        parts.append(f"limit {int(question.limit)}")
    return "\n".join(part for part in parts if part)


def _same_member(name: str, counts: str, dimension: Dimension) -> str:
    # The unknown book has no id, null never equals null, and Redshift does not know "is not distinct from".
    if dimension.unknown:
        return f"coalesce(sums.{name}, {dimension.unknown}) = coalesce({counts}.{name}, {dimension.unknown})"
    return f"sums.{name} = {counts}.{name}"


def _order_by(question: Question) -> str:
    if not question.dimensions:
        return ""
    # Positions, not names: a metric may share its name with a measure of the inner query.
    columns = (*question.dimensions, *question.metrics)
    order = [str(columns.index(name) + 1) for name in question.dimensions]
    if question.order_by in question.metrics:
        order.insert(0, f"{columns.index(question.order_by) + 1} desc")
    return f"order by {', '.join(order)}"
