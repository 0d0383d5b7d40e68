"""Spark schemas from contracts."""

from pyspark.sql.types import StructField, StructType, _parse_datatype_string

from warehouse.contract import Contract

# What every bronze row carries besides the contract's columns.
BRONZE_COLUMNS = {
    "_faults": "string",
    "_run_seq": "bigint",
    "_extracted_at": "timestamp",
    "_source": "string",
    "_operation": "string",
}


def table_schema(contract: Contract) -> StructType:
    """The Delta schema of a silver or gold table: contract order; columns nullable, the runner checks what is required."""
    return schema_of({name: column.type for name, column in contract.columns.items()})


def bronze_schema(contract: Contract) -> StructType:
    """The schema of the bronze rows that feed a silver table: what is extracted, then the bronze columns."""
    return schema_of({name: column.type for name, column in contract.extracted.items()} | BRONZE_COLUMNS)


def schema_of(types: dict[str, str]) -> StructType:
    """Columns of these lake types, in order, all nullable."""
    return StructType(
        [StructField(name, _parse_datatype_string(lake_type), nullable=True) for name, lake_type in types.items()]
    )
