"""From a question to SQL: the smallest table that can answer exactly, and bound parameters.

The SQL runs on DuckDB and on Redshift; parameters are named, `$name`, and every value a user gives is one of them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from warehouse.scope import EVERYTHING, Scope
from warehouse.semantic import Dimension, Distinct, Metric, Selection, SemanticModel, keys_of_books

FACT = "fact_sales"

# What conditions of distinct counts may look at on a line, and the columns that the book version holds for all other tables.
LINE_COLUMNS = ("is_return", "customer_key")
BOOK_COLUMNS = {"book_source": "dim_book.source", "book_id": "dim_book.book_id"}

# What a month's row can be cut by in time.
BY_MONTHS = {"month", "quarter", "year"}


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


@dataclass(frozen=True)
class Asked:
    """A question with what the model says of the names in it."""

    question: Question
    metrics: dict[str, Metric]
    dimensions: dict[str, Dimension]
    selections: dict[str, Selection]

    @property
    def keys(self) -> set[str]:
        """Columns that a table must have to be cut, filtered and narrowed as asked."""
        cut_by = {dimension.key for dimension in self.dimensions.values()}
        return cut_by | {selection.key for selection in self.selections.values()} | set(self.question.scope.keys)

    @property
    def whole_months(self) -> tuple[date, date]:
        """First days of the first month wholly in the window, and of the first one after it that is not; both equal: none is."""
        first, until = self.question.from_date, self.question.until_date
        begins = first if first.day == 1 else (first.replace(day=1) + timedelta(days=31)).replace(day=1)
        return begins, max(begins, until.replace(day=1))

    @property
    def days_around_months(self) -> list[tuple[str, str]]:
        """The spans of days before and after the whole months, each by the names of its two bounds; those of no day are left out."""
        begins, ends = self.whole_months
        before = [("from_date", "months_from")] if self.question.from_date < begins else []
        return before + ([("months_until", "until_date")] if ends < self.question.until_date else [])

    @property
    def is_of_months(self) -> bool:
        """Whether rows of a month each spare most of the work."""
        in_time = {name for name, dimension in self.dimensions.items() if dimension.key == "sale_date"}
        begins, ends = self.whole_months
        days = self.question.until_date - self.question.from_date
        return in_time <= BY_MONTHS and ends - begins > days / 2


def plan(question: Question, model: SemanticModel) -> Plan:
    """The SQL for a question: one row per combination of dimensions, columns named as in the question.

    Every number comes from the smallest table that has what it is asked by. Raises SemanticError for a metric or dimension that is not
    in the model.
    """
    planned, listed = plan_rows(question, model), [_order_by(question)]
    if question.limit is not None:
        listed.append(f"limit {int(question.limit)}")
    return Plan("\n".join(part for part in (planned.sql, *listed) if part), planned.parameters, planned.tables)


def plan_rows(question: Question, model: SemanticModel) -> Plan:
    """The same in no order and without an end, for whoever picks among the rows. Raises SemanticError."""
    asked = _asked(question, model)
    summed = {name: metric for name, metric in asked.metrics.items() if metric.formula}
    counted = {name: metric.distinct for name, metric in asked.metrics.items() if metric.distinct}
    measures = tuple(dict.fromkeys(measure for metric in summed.values() for measure in metric.measures))
    tables = _smallest_tables(asked, asked.keys, model)
    ctes = [f"lines as (\n{_lines(asked, tables, {}, measures, model)}\n)", f"sums as (\n{_sums(question, summed)}\n)"]
    for name, distinct in counted.items():
        if recurring := _recurring(asked, name, model):
            ctes.append(f"{name}_counts as (\n{_counted_by_recurrence(asked, recurring)}\n)")
            tables += (recurring,)
            continue
        counts_in = _smallest_tables(asked, {*asked.keys, distinct.key}, model) if distinct.key else (FACT,)
        looked_at = (*distinct.of, *(() if distinct.key else LINE_COLUMNS))
        columns = {f"counted_{column}": column for column in looked_at}
        ctes.append(f"{name}_lines as (\n{_lines(asked, counts_in, columns, distinct.measures, model)}\n)")
        ctes.append(f"{name}_counts as (\n{_distinct(question, name, distinct)}\n)")
        tables += counts_in
    sql = "with " + ",\n\n".join(ctes) + "\n\n" + _answer(question, asked.metrics, asked.dimensions)
    return Plan(sql, _parameters(asked, sql), tuple(dict.fromkeys(tables)))


def plan_two_windows(question: Question, before: Question, model: SemanticModel) -> Plan:
    """The SQL for one metric that adds up over two windows side by side: dimensions, `current_sum` and `previous_sum`, in no order.

    `before` is the same question of another window; a member of one window alone has 0 in the other. Rows of both are summed at once.
    Raises SemanticError.
    """
    now, then = _asked(question, model), _asked(before, model)
    (metric,) = now.metrics.values()
    # With its type: Redshift takes several nulls below each other for texts.
    nothing = f"cast(null as {'bigint' if metric.unit == 'copies' else 'decimal(18,2)'})"
    parts: list[str] = []
    parameters: dict[str, object] = {}
    read: dict[str, None] = {}
    sums = ("current_sum", "previous_sum")
    for asked, own in zip((now, then), sums, strict=True):
        tables = _smallest_tables(asked, asked.keys, model)
        values = {name: metric.formula if name == own else nothing for name in sums}
        # What adds up adds up line by line too, and one number for each window is summed faster than the measures it is made of.
        rows = "\nunion all\n".join(_parts(asked, tables, {}, values, model))
        bound = _parameters(asked, rows)
        parts.append(re.sub(r"\$(\w+)", rf"${own}_\1", rows))
        parameters |= {f"{own}_{name}": value for name, value in bound.items()}
        read |= dict.fromkeys(tables)
    lines = "\nunion all\n".join(parts)
    if _are_of_books(now, tuple(read), {}):
        lines = _sums_by_key(now, lines, {}, sums)
    columns = ", ".join((*question.dimensions, *(f"coalesce(sum({name}), 0) as {name}" for name in sums)))
    sql = f"with lines as (\n{lines}\n)\n\nselect {columns}\nfrom lines" + _group_by(question.dimensions)
    return Plan(sql, parameters, tuple(read))


def _asked(question: Question, model: SemanticModel) -> Asked:
    selections = {name: model.selections[name] for name in question.filters if name in model.selections}
    named = [name for name in {**dict.fromkeys(question.dimensions), **question.filters} if name not in selections]
    metrics = {name: model.metric(name) for name in question.metrics}
    return Asked(question, metrics, {name: model.dimension(name) for name in named}, selections)


def _smallest_tables(asked: Asked, needed: set[str], model: SemanticModel) -> tuple[str, ...]:
    """The table to read; beside one of whole months another one for the days around them, where there are any."""
    able = [name for name, rollup in model.rollups.items() if needed <= set(rollup.keys)]
    daily = next((name for name in able if not model.rollups[name].is_monthly), FACT)
    if able and model.rollups[able[0]].is_monthly and asked.is_of_months:
        return (able[0], daily) if asked.days_around_months else (able[0],)
    return (daily,)


def _recurring(asked: Asked, metric: str, model: SemanticModel) -> str:
    """The rollup of recurrences that counts a metric; none where anything but time cuts or narrows it."""
    question = asked.question
    if (
        question.filters
        or question.scope != EVERYTHING
        or any(part.key != "sale_date" for part in asked.dimensions.values())
    ):
        return ""
    return next((table for table, counted in model.recurrences.items() if counted == metric), "")


def _counted_by_recurrence(asked: Asked, table: str) -> str:
    """Things whose day is in the window, or in a part of it that is asked for, and whose day before is not."""
    starts = {name: _column(dimension, table) for name, dimension in asked.dimensions.items()}
    columns = "".join(f"{column} as {name}, " for name, column in starts.items())
    join = f"inner join analytics.dim_date on {table}.sale_date = dim_date.date\n" if starts else ""
    begins = f"greatest({', '.join(('$from_date', *starts.values()))})" if starts else "$from_date"
    return (
        f"select {columns}sum({table}.counted) as counted\nfrom analytics.{table}\n{join}"
        f"where {table}.sale_date >= $from_date\n  and {table}.sale_date < $until_date\n"
        # By place: dim_date has columns of the same names.
        f"  and {table}.previous_date < {begins}" + _group_by([str(place + 1) for place in range(len(starts))])
    )


def _lines(
    asked: Asked, tables: tuple[str, ...], columns: dict[str, str], measures: Sequence[str], model: SemanticModel
) -> str:
    """The rows that take part: dimensions asked for, `columns` that distinct counts look at, and measures."""
    rows = "\nunion all\n".join(_parts(asked, tables, columns, {name: f"{{{name}}}" for name in measures}, model))
    return _sums_by_key(asked, rows, columns, measures) if _are_of_books(asked, tables, columns) else rows


def _parts(
    asked: Asked, tables: tuple[str, ...], columns: dict[str, str], values: dict[str, str], model: SemanticModel
) -> list[str]:
    """The rows that take part, table by table and span by span; of books with keys instead of names.

    `values` says what a column holds, with measures in braces.
    """
    parts, is_of_books = [], _are_of_books(asked, tables, columns)
    for table in tables:
        of_table = {name: BOOK_COLUMNS.get(column, f"{table}.{column}") for name, column in columns.items()}
        measures = {
            name: measure.line if table == FACT else f"{table}.{name}" for name, measure in model.measures.items()
        }
        measured = {name: value.format(**measures) for name, value in values.items()}
        for first, until in _spans(asked, table, tables, model):
            days = f"{table}.sale_date >= ${first}\n  and {table}.sale_date < ${until}"
            conditions = [days, *_conditions(asked, table)]
            if is_of_books:
                parts.append(_keyed_rows(asked, table, bool(columns), measured, conditions))
            else:
                parts.append(_rows_of(asked, table, {**of_table, **measured}, conditions))
    return parts


def _are_of_books(asked: Asked, tables: tuple[str, ...], columns: dict[str, str]) -> bool:
    return all(_is_of_books(asked, table, columns) for table in tables)


def _is_of_books(asked: Asked, table: str, columns: dict[str, str]) -> bool:
    """Whether rows are told apart by their book, over days, and by nothing else that is not a key of the table."""
    cut_by = [asked.dimensions[name] for name in asked.question.dimensions]
    # With a day, a row of the rollup of books is of one book already.
    if any(part.line or part.key == "sale_date" or (part.key in keys_of_books() and table == FACT) for part in cut_by):
        return False
    is_counted = bool(columns) and set(columns.values()) <= BOOK_COLUMNS.keys()
    return is_counted or (not columns and any(part.key == "book_key" for part in cut_by))


def _keyed_rows(asked: Asked, table: str, counts_books: bool, measures: dict[str, str], conditions: list[str]) -> str:
    """As `_rows_of`, but with keys instead of the names that they stand for."""
    filtered = [asked.dimensions[name] for name in asked.question.filters if name in asked.dimensions]
    keys = {key: f"{table}.{key}" for key in _keys(asked, counts_books)}
    return _select({**keys, **measures}, table, _joins(table, filtered, conditions), conditions)


def _keys(asked: Asked, counts_books: bool) -> dict[str, None]:
    cut_by = [asked.dimensions[name].key for name in asked.question.dimensions]
    return dict.fromkeys([*cut_by, *(["book_key"] if counts_books else [])])


def _sums_by_key(asked: Asked, rows: str, columns: dict[str, str], measures: Sequence[str]) -> str:
    """Keyed rows, summed before any name is looked up: of a book there are many rows, and keys are short numbers."""
    cut_by = {name: asked.dimensions[name] for name in asked.question.dimensions}
    keys = _keys(asked, bool(columns))
    sums = ", ".join((*keys, *(f"sum({name}) as {name}" for name in measures)))
    shown = {name: _column(part, "summed") for name, part in cut_by.items()}
    shown |= {name: BOOK_COLUMNS[column] for name, column in columns.items()}
    shown |= {name: f"summed.{name}" for name in measures}
    listed = ",\n".join(f"    {value} as {name}" for name, value in shown.items())
    inner = f"select {sums}\nfrom (\n{rows}\n) as keyed\ngroup by {', '.join(keys)}"
    looked_at = [BOOK_COLUMNS[column] for column in columns.values()]
    return "\n".join(
        [f"select\n{listed}", f"from (\n{inner}\n) as summed", *_joins("summed", cut_by.values(), looked_at)]
    )


def _joins(table: str, dimensions: Iterable[Dimension], looked_at: Iterable[str]) -> list[str]:
    """The tables that dimensions are columns of, each once, and that of books where its columns are looked at."""
    joined = dict.fromkeys((part.table, part.key, part.match) for part in dimensions if part.table)
    # Only rollups repeat the book's format, and nobody its id; a book version has exactly one.
    if any(value.startswith("dim_book.") for value in looked_at):
        joined["dim_book", "book_key", "book_key"] = None
    return [f"inner join analytics.{other} on {table}.{key} = {other}.{on}" for other, key, on in joined]


def _spans(asked: Asked, table: str, tables: tuple[str, ...], model: SemanticModel) -> list[tuple[str, str]]:
    """Which days to read of a table: spans by the names of their bounds. Each is read by itself, as DuckDB skips what lies beyond
    one span and reads all for two that an `or` joins."""
    if len(tables) == 1:
        return [("from_date", "until_date")]
    if table in model.rollups and model.rollups[table].is_monthly:
        return [("months_from", "months_until")]
    return asked.days_around_months


def _rows_of(asked: Asked, table: str, values: dict[str, str], conditions: list[str]) -> str:
    """Rows of one table that meet the conditions, with the dimensions asked for and the values needed."""
    dimensions = asked.dimensions
    shown = {name: _column(dimensions[name], table) for name in asked.question.dimensions} | values
    return _select(shown, table, _joins(table, dimensions.values(), (*shown.values(), *conditions)), conditions)


def _select(values: dict[str, str], table: str, joins: list[str], conditions: list[str]) -> str:
    columns = [f"    {value} as {name}" for name, value in values.items()] or ["    1 as line"]
    listed, met = ",\n".join(columns), "\n  and ".join(conditions)
    return "\n".join([f"select\n{listed}", f"from analytics.{table}", *joins, f"where {met}"])


def _column(dimension: Dimension, table: str) -> str:
    if dimension.line:
        return dimension.line
    if dimension.table:
        return f"{dimension.table}.{dimension.column}"
    if dimension.key in keys_of_books() and table == FACT:
        return f"dim_book.{dimension.column}"
    return f"{table}.{dimension.column}"


def _conditions(asked: Asked, table: str) -> list[str]:
    """What keeps the rows that a question is about, but for its days."""
    question = asked.question
    conditions = [] if "source" in question.filters else [f"{table}.in_default_totals"]
    for name, values in question.filters.items():
        choices = ", ".join(f"${name}_{number}" for number in range(len(values)))
        if not values:
            conditions.append("1 = 0")
        elif name in asked.selections:
            selection = asked.selections[name]
            conditions.append(f"{table}.{selection.key} in ({selection.keys.format(values=choices)})")
        else:
            conditions.append(f"{_column(asked.dimensions[name], table)} in ({choices})")
    narrowed, _ = question.scope.conditions(table)
    return [*conditions, *narrowed]


def _parameters(asked: Asked, sql: str) -> dict[str, object]:
    question = asked.question
    months_from, months_until = asked.whole_months
    days = {
        "from_date": question.from_date,
        "until_date": question.until_date,
        "months_from": months_from,
        "months_until": months_until,
    }
    # Whole months bounded by months need no days; and what is not in the SQL may not be bound.
    parameters: dict[str, object] = {name: day for name, day in days.items() if f"${name}" in sql}
    for name, values in question.filters.items():
        parameters |= {f"{name}_{number}": value for number, value in enumerate(values)}
    _, members = question.scope.conditions(FACT)
    return {**parameters, **members}


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


def _distinct(question: Question, name: str, distinct: Distinct) -> str:
    """One row per combination of dimensions: the number of distinct groups in it, as `counted`."""
    where = f"\n    where {_prefixed(distinct.lines)}" if distinct.lines else ""
    sums = {measure: f"sum({measure})" for measure in distinct.measures}
    having = f"\n    having {distinct.groups.format(**sums)}" if distinct.groups else ""
    inner = ", ".join((*question.dimensions, *(f"counted_{name}" for name in distinct.of)))
    columns = ", ".join((*question.dimensions, "count(*) as counted"))
    groups = f"    select {inner}\n    from {name}_lines{where}\n    group by {inner}{having}"
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
    return "\n".join(["select", ",\n".join(columns), "from sums", *joins])


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
