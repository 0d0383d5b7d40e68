"""Statements that make warehouse tables, derived from the contracts and the semantic model, so they cannot differ from them."""

from importlib.resources import files

from warehouse.contract import Contract, load_contract, tables_of
from warehouse.semantic import SemanticModel, keys_of_books

# What each publication takes along of how it came about.
OPS_TABLES = {
    "run": "run_seq bigint, kind varchar, state varchar, started_at timestamptz, finished_at timestamptz, detail varchar",
    "quality_result": "run_seq bigint, table_name varchar, expectation varchar, level varchar, "
    "failed_rows bigint, checked_rows bigint",
    "imported_file": "sha256 varchar, feed varchar, name varchar, run_seq bigint, physical bigint, blank bigint, "
    "record_count bigint, accepted bigint, quarantined bigint, superseded bigint",
    "quarantined": "source varchar, table_name varchar, run_seq bigint, reason varchar, record_count bigint",
    "publication": "generation bigint, run_seq bigint, published_at timestamptz, snapshot_at timestamptz, data_from date, "
    "data_through date, reporting_currency varchar, time_zone varchar, retail_week_start varchar, sale_count bigint, "
    "lake_versions varchar, increments integer",
}

WAREHOUSE_TYPES = {"string": "varchar", "double": "double precision", "timestamp": "timestamp with time zone"}


def gold_contracts() -> list[Contract]:
    """Every table of schema analytics, dimensions before what refers to them."""
    contracts = {name: load_contract(f"gold.{name}") for name in tables_of("gold")}
    return sorted(contracts.values(), key=lambda contract: (bool(contract.references), contract.name))


def warehouse_columns(contract: Contract) -> list[str]:
    """Columns that leave the lake: all but those that only partition it."""
    return [name for name in contract.columns if name not in contract.partition_by]


def column_type(lake_type: str) -> str:
    """The SQL type of a lake type, the same word in DuckDB and Redshift."""
    return WAREHOUSE_TYPES.get(lake_type, lake_type)


def create_table(contract: Contract) -> str:
    """CREATE TABLE of a gold table, columns in contract order."""
    columns = [
        f"    {name} {column_type(column.type)}{' not null' if column.required else ''}"
        for name, column in contract.columns.items()
        if name in warehouse_columns(contract)
    ]
    return f"create table analytics.{contract.name} (\n" + ",\n".join(columns) + "\n)"


def rollup_query(name: str, model: SemanticModel, condition: str = "true") -> str:
    """The SELECT that fills a rollup: its keys, then every measure summed, from the rollup it is made from or from the fact.

    `condition` is on `sale_date` alone, the day of what it is made from.
    """
    rollup = model.rollups[name]
    source = f"analytics.{rollup.made_from or 'fact_sales'}"
    columns = {key: f"lines.{key}" for key in rollup.keys}
    if rollup.is_monthly:
        columns["sale_date"] = f"cast(date_trunc('month', {columns['sale_date']}) as date)"
    of_books = [key for key in columns if key in keys_of_books()]
    if not rollup.made_from and of_books:
        columns |= {key: f"books.{key}" for key in of_books}
        looked_up = ", ".join(["book_key as version_key", *of_books])
        source += f" as lines\ninner join (select {looked_up} from analytics.dim_book) as books\n"
        source += "    on lines.book_key = books.version_key"
    else:
        source += " as lines"
    keys = [f"    {column} as {key}" for key, column in columns.items()]
    sums = [
        f"    cast(sum({measure_name if rollup.made_from else measure.line}) as {measure.type}) as {measure_name}"
        for measure_name, measure in model.measures.items()
    ]
    grouped = ", ".join(columns.values())
    return "select\n" + ",\n".join(keys + sums) + f"\nfrom {source}\nwhere {condition}\ngroup by {grouped}"


def touched_rows(name: str, model: SemanticModel, touched: str) -> str:
    """The condition for rows of a rollup, and of its source, on a day of the table `touched`; of a monthly one, in its month."""
    day, days = "sale_date", f"select {touched}.sale_date from {touched}"
    if model.rollups[name].is_monthly:
        day = f"cast(date_trunc('month', {day}) as date)"
        days = f"select cast(date_trunc('month', {touched}.sale_date) as date) from {touched}"
    return f"{day} in ({days})"


def views() -> dict[str, str]:
    """The promised views: name to SELECT."""
    folder = files("warehouse") / "sql" / "views"
    return {file.name.removesuffix(".sql"): file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")}
