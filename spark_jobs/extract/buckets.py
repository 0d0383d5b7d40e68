"""The content of a table by buckets of its key, computed alike in PostgreSQL and in Spark: rows, and a sum of row hashes that does
not depend on their order.

A row's text is its contracted columns in order, each in one written form. Left out are columns that silver holds in another form
than the source: hashed ones, and those that the contract calls cleaned.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs_config.model import TableMapping
from spark_jobs.extract.erased import CUSTOMER, CUSTOMERS, NOBODY, SALES, Erased
from spark_jobs.extract.select import quoted, typed_value
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable
from spark_jobs.transforms.members import ERASED_ID
from warehouse.contract import Contract, load_contract

# 256 of them: two hexadecimal digits of the key's hash. Of a row's hash twelve digits are added up, which fits any sum of them.
BUCKET = "bucket"
BUCKET_DIGITS, ROW_DIGITS = 2, 12
NOTHING = "~"


def source_buckets(snapshot: SourceSnapshot, table: SourceTable, erased: Erased = NOBODY) -> dict[int, tuple[int, str]]:
    """Bucket to rows and content, of the source in the snapshot, as silver is to hold it: without erased people."""
    contract = load_contract(f"silver.{table.name}")
    values = {
        name: typed_value(contract.columns[name], table.mapping, name, table.columns)
        for name in compared_columns(contract, table.mapping)
    }
    parameters: tuple[object, ...] = ()
    condition = "true"
    if table.name == SALES and erased.ids:
        values[CUSTOMER] = f"case when {values[CUSTOMER]} = any(%s) then {ERASED_ID} else {values[CUSTOMER]} end"
        parameters = (erased.ids,)
    if table.name == CUSTOMERS and erased.ids:
        condition, parameters = f"{quoted(table.mapping.key)} <> all(%s)", (erased.ids,)
    text = ", ".join(
        f"coalesce({_written_sql(value, contract.columns[name].type)}, '{NOTHING}')" for name, value in values.items()
    )
    digits = f"('x' || substr(md5(concat_ws('|', {text})), 1, {ROW_DIGITS}))::bit({ROW_DIGITS * 4})::bigint"
    rows = snapshot.query(
        f"select {_bucket_sql(table)}, count(*), sum({digits})::text from {table.relation} "
        f"where {condition} group by 1",
        parameters,
    )
    return {bucket: (count, content) for bucket, count, content in rows}


def content_of(rows: DataFrame, contract: Contract, mapping: TableMapping) -> DataFrame:
    """One row per bucket of a silver table: bucket, rows, content."""
    written = [
        F.coalesce(_written(F.col(name), contract.columns[name].type), F.lit(NOTHING))
        for name in compared_columns(contract, mapping)
    ]
    digits = F.conv(F.substring(F.md5(F.concat_ws("|", *written)), 1, ROW_DIGITS), 16, 10).cast("decimal(20,0)")
    return rows.groupBy(bucket_of(mapping.key_column).alias(BUCKET)).agg(
        F.count(F.lit(1)).alias("rows"), F.sum(digits).cast("decimal(38,0)").cast("string").alias("content")
    )


def compared_columns(contract: Contract, mapping: TableMapping) -> list[str]:
    """The columns that source and silver hold in the same form."""
    return [
        name
        for name, column in contract.extracted.items()
        if name in mapping.columns and not mapping.columns[name].pseudonymise and not column.cleaned
    ]


def bucket_of(key: str) -> Column:
    """A row's bucket by its key."""
    return F.conv(F.substring(F.md5(F.col(key).cast("string")), 1, BUCKET_DIGITS), 16, 10).cast("int")


def in_buckets(table: SourceTable, buckets: Sequence[int]) -> str:
    """The condition in the source that a row's key is in one of the buckets."""
    return f"{_bucket_sql(table)} in ({', '.join(map(str, buckets))})"


def _bucket_sql(table: SourceTable) -> str:
    key = f"{quoted(table.mapping.key)}::text"
    return f"('x' || substr(md5({key}), 1, {BUCKET_DIGITS}))::bit({BUCKET_DIGITS * 4})::integer"


def _written_sql(value: str, lake_type: str) -> str:
    if lake_type == "timestamp":
        return f"(extract(epoch from {value}) * 1000000)::bigint::text"
    if lake_type == "date":
        return f"({value} - date '1970-01-01')::text"
    return f"({value})::text"


def _written(value: Column, lake_type: str) -> Column:
    if lake_type == "timestamp":
        return F.unix_micros(value).cast("string")
    if lake_type == "date":
        return F.unix_date(value).cast("string")
    return value.cast("string")
