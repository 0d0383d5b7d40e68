"""Contracts: grain, key, columns and expectations of every lake and warehouse table, read from YAML.

Types are those of the lake: bigint, int, smallint, double, boolean, date, timestamp (UTC), string, decimal(p,s) and array<string>.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).parent / "contracts"

Level = Literal["stop", "quarantine", "warn"]


class ContractError(Exception):
    """A contract file is wrong, or no such table exists."""


class Column(BaseModel):
    """One column: its lake type, its meaning, its unit where it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(
        pattern=r"^(bigint|int|smallint|double|boolean|date|timestamp|string|array<string>|decimal\(\d+,\d+\))$"
    )
    meaning: str
    required: bool = False
    derived: bool = Field(False, description="made by our own transform, not read from the source")
    cleaned: bool = Field(False, description="held in another form than the source's")
    unit: str = ""


class Expectation(BaseModel):
    """A check on one row: an SQL condition that must not be false. Unknown (null) passes; `required` catches nulls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    level: Level
    meaning: str


class Contract(BaseModel):
    """What one table promises."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(pattern=r"^(silver|gold)\.[a-z_]+$")
    grain: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    references: dict[str, str] = {}
    expectations: dict[str, Expectation] = {}

    @model_validator(mode="after")
    def names_exist(self) -> "Contract":
        for field in ("key", "partition_by", "sort_by", "references"):
            unknown = [name for name in getattr(self, field) if name not in self.columns]
            if unknown:
                raise ValueError(f"{field} names {', '.join(unknown)}, which is no column of {self.table}")
        return self

    @property
    def name(self) -> str:
        """The table's name without its layer."""
        return self.table.split(".")[1]

    @property
    def extracted(self) -> dict[str, Column]:
        """The columns a source mapping must supply, in order."""
        return {name: column for name, column in self.columns.items() if not column.derived}


@cache
def load_contract(table: str) -> Contract:
    """The contract of `layer.table`. Raises ContractError naming the file and fault, or the tables there are."""
    layer, _, name = table.partition(".")
    path = FOLDER / layer / f"{name}.yaml"
    if not path.exists():
        raise ContractError(f"no table {table}; {layer} has {', '.join(sorted(tables_of(layer))) or 'no tables'}")
    try:
        contract = Contract(**yaml.safe_load(path.read_text()))
    except (ValidationError, TypeError) as error:
        raise ContractError(f"warehouse/contracts/{layer}/{name}.yaml: {error}") from error
    if contract.table != table:
        raise ContractError(f"warehouse/contracts/{layer}/{name}.yaml: table is {contract.table}; use {table}")
    return contract


def tables_of(layer: str) -> list[str]:
    """Names of the tables of a layer, without the layer, in alphabetical order."""
    return sorted(path.stem for path in (FOLDER / layer).glob("*.yaml"))
