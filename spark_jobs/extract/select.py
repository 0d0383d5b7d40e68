"""The SELECT of one source table: our column names and types, values that would not survive the trip flagged, not bent.

`_faults` lists columns whose value was taken out (not a number, infinite, more decimals than the contract holds);
silver quarantines such rows, so nothing is rounded and nothing vanishes.
"""

import re
from dataclasses import dataclass

from jobs_config.model import TableMapping
from spark_jobs.errors import SourceMappingError
from warehouse.contract import Column, Contract

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# PostgreSQL types that may fill a contract type without a change of value.
FITTING = {
    "bigint": {"smallint", "integer", "bigint"},
    "int": {"smallint", "integer"},
    "boolean": {"boolean"},
    "string": {"text", "character varying", "character", "uuid", "citext"},
    "date": {"date"},
    "timestamp": {"timestamp with time zone"},
    "decimal": {"numeric", "smallint", "integer", "bigint"},
}

EARLIEST = "0001-01-01"
LATEST = "9999-12-31"


@dataclass(frozen=True)
class SourceColumn:
    """A column as the source's catalogue describes it; precision and scale only for numeric with declared ones."""

    name: str
    type: str
    precision: int | None = None
    scale: int | None = None


def quoted(identifier: str) -> str:
    """An identifier of a mapping as SQL; only plain names are allowed there."""
    if not IDENTIFIER.fullmatch(identifier):
        raise SourceMappingError(f"{identifier!r} is not a plain SQL name; rename it by a view in the source")
    return f'"{identifier}"'


def literal(text: str) -> str:
    """Text as an SQL literal, for queries that Spark sends: its JDBC reader binds no parameters."""
    return "'" + text.replace("'", "''") + "'"


def select_list(contract: Contract, mapping: TableMapping, found: dict[str, SourceColumn], where: str) -> str:
    """Select items for every extracted column of the contract, then `_faults`.

    Raises SourceMappingError naming every column that is missing or of a type that does not fit; `where` names the mapping.
    """
    problems = [
        problem for name, column in contract.extracted.items() if (problem := _problem(name, column, mapping, found))
    ]
    surplus = [name for name in mapping.columns if name not in contract.extracted]
    problems += [f"{name} is no column of {contract.table}" for name in surplus]
    if problems:
        raise SourceMappingError(f"{where}: " + "; ".join(problems))
    items, faults, found_faults = [], [], []
    for name, column in contract.extracted.items():
        value, fault = _item(column, mapping, name, found)
        items.append(f"{value} as {quoted(name)}")
        if fault:
            found_faults.append(fault)
            faults.append(f"case when {fault} then '{name}' end")
    # Asked first whether there is any: to put an empty list together costs as much as to read the row.
    listed = (
        f"case when {' or '.join(found_faults)} then concat_ws(',', {', '.join(faults)}) end"
        if faults
        else "null::text"
    )
    return ", ".join([*items, f'{listed} as "_faults"'])


def key_list(contract: Contract, key: str, value: str) -> str:
    """Select items of a row of which only the key is known, in the order of `select_list`: `value` is the key's SQL."""
    items = [
        f"{value if name == key else 'null'}::{_cast(column.type)} as {quoted(name)}"
        for name, column in contract.extracted.items()
    ]
    return ", ".join([*items, 'null::text as "_faults"'])


def typed_value(column: Column, mapping: TableMapping, name: str, found: dict[str, SourceColumn]) -> str:
    """The SQL of one column's value as it is extracted."""
    return _item(column, mapping, name, found)[0]


def _problem(name: str, column: Column, mapping: TableMapping, found: dict[str, SourceColumn]) -> str:
    if name not in mapping.columns:
        return "" if not column.required else f"{name} is required and not mapped"
    source = mapping.columns[name].column
    if source not in found:
        return f"column {mapping.table}.{source} (for {name}) is not there; the table has {', '.join(sorted(found))}"
    kind = "string" if mapping.columns[name].pseudonymise else column.type.split("(")[0]
    fitting = FITTING.get(kind, set())
    if mapping.columns[name].pseudonymise == "id":
        fitting = fitting | FITTING["bigint"]
    if found[source].type not in fitting:
        takes = " or ".join(sorted(fitting))
        return f"column {mapping.table}.{source} is {found[source].type}; {name} is {column.type} and takes {takes}"
    return ""


def _item(column: Column, mapping: TableMapping, name: str, found: dict[str, SourceColumn]) -> tuple[str, str]:
    """The value and, where it may not fit, the condition under which it does not."""
    if name not in mapping.columns:
        return f"null::{_cast(column.type)}", ""
    source = found[mapping.columns[name].column]
    value = quoted(source.name)
    fault = _fault(value, column.type, source)
    sound = f"(case when ({fault}) is not true then {value} end)" if fault else value
    return f"{sound}::{_cast('string' if mapping.columns[name].pseudonymise else column.type)}", fault


def _fault(value: str, lake_type: str, source: SourceColumn) -> str:
    if lake_type == "date":
        return f"({value} < '{EARLIEST}'::date or {value} > '{LATEST}'::date)"
    if lake_type == "timestamp":
        return f"({value} < '{EARLIEST} 00:00:00+00'::timestamptz or {value} > '{LATEST} 00:00:00+00'::timestamptz)"
    if lake_type.startswith("decimal") and source.type == "numeric":
        precision, scale = (int(number) for number in re.findall(r"\d+", lake_type))
        fits = source.precision is not None and source.scale is not None
        # A declared numeric(12,2) still holds NaN, so that is always asked for.
        if fits and 0 <= source.scale <= scale and source.precision - source.scale <= precision - scale:  # type: ignore[operator]
            return f"{value} = 'NaN'"
        return f"({value} = 'NaN' or abs({value}) >= 1e{precision - scale} or {value} <> round({value}, {scale}))"
    return ""


def _cast(lake_type: str) -> str:
    return {"string": "text", "timestamp": "timestamptz", "int": "integer"}.get(
        lake_type, lake_type.replace("decimal", "numeric")
    )
