"""Small Spark frames of literal rows, as a SQL VALUES list: Spark folds it while it plans, so a frame costs no job."""

from collections.abc import Sequence

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from warehouse.contract import load_contract


def frame(spark: SparkSession, schema: str, *rows: tuple[object, ...]) -> DataFrame:
    """The rows with the columns of `schema` (`name type, name type`); dates, times and decimals are written as text."""
    return _frame(spark, dict(column.split(" ", 1) for column in schema.split(", ")), rows)


def table(spark: SparkSession, name: str, *rows: dict[str, object]) -> DataFrame:
    """Rows of a lake table as its contract has them; a column that a row does not name is null."""
    types = {column: spec.type for column, spec in load_contract(name).columns.items()}
    unknown = {column for row in rows for column in row} - set(types)
    assert not unknown, f"{name} has no {', '.join(sorted(unknown))}"
    return _frame(spark, types, [tuple(row.get(column) for column in types) for row in rows])


def assert_rows(found: DataFrame, schema: str, *rows: tuple[object, ...]) -> None:
    """`found` has exactly these rows in the columns of `schema`, of these types, in any order."""
    expected = frame(found.sparkSession, schema, *rows)
    assert_df_equality(found.select(*expected.columns), expected, ignore_nullable=True, transforms=[_in_one_order])


def as_text(found: DataFrame) -> DataFrame:
    """Times as text: Python has no moment before year 1 in every time zone."""
    kinds = dict(found.dtypes)
    return found.withColumns({name: found[name].cast("string") for name, kind in kinds.items() if kind == "timestamp"})


def _in_one_order(rows: DataFrame) -> DataFrame:
    # One partition: a sort over several costs two jobs more.
    return rows.coalesce(1).sortWithinPartitions(*rows.columns)


def _frame(spark: SparkSession, types: dict[str, str], rows: Sequence[tuple[object, ...]]) -> DataFrame:
    cells = [f"({', '.join(_literal(value) for value in row)})" for row in rows]
    nothing = f"({', '.join('null' for _ in types)})"
    items = ", ".join(f"cast(_{place} as {kind}) as {name}" for place, (name, kind) in enumerate(types.items()))
    names = ", ".join(f"_{place}" for place in range(len(types)))
    wanted = "" if cells else " where false"
    return spark.sql(f"select {items} from values {', '.join(cells or [nothing])} as rows({names}){wanted}")


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"array({', '.join(_literal(item) for item in value)})"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return str(value).lower()
