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
KINDS = ("check", "unique", "refers_to", "history", "newest")


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
    """One promise about a table, of exactly one kind; its other fields belong to that kind.

    `check`: an SQL condition on one row that must not be false. Unknown (null) passes; `required` catches nulls.
    `unique`: columns that no two rows of one write have alike. `refers_to`: a table that has a row with the values in `by`, of its
    columns by ours. `history`: an SQL expression on one row; its sum over a write must be like that of earlier runs of the same
    kind: it fails by a relative `change` beyond this and, where there are enough of them, beyond so many robust standard deviations
    (`score`). `newest`: an SQL expression that gives a time; its latest may lie `within_hours` before the source was read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str = ""
    unique: tuple[str, ...] = ()
    refers_to: str = ""
    by: dict[str, str] = {}
    history: str = ""
    change: float = Field(0.5, gt=0)
    score: float = Field(8, gt=0)
    newest: str = ""
    within_hours: int = Field(0, ge=0)
    level: Level
    meaning: str

    @model_validator(mode="after")
    def is_of_one_kind(self) -> "Expectation":
        kinds = [name for name in KINDS if getattr(self, name)]
        if len(kinds) != 1:
            raise ValueError(f"an expectation has one of {', '.join(KINDS)}; this has {', '.join(kinds) or 'none'}")
        if bool(self.refers_to) != bool(self.by) or bool(self.newest) != bool(self.within_hours):
            raise ValueError("`refers_to` and `by` go together, and so do `newest` and `within_hours`")
        if self.level == "quarantine" and not self.is_of_rows:
            raise ValueError(f"{kinds[0]} is about a whole write; its level is stop or warn")
        return self

    @property
    def is_of_rows(self) -> bool:
        """Whether single rows fail it, rather than a write as a whole."""
        return not (self.history or self.newest)


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
    def key_in_source(self) -> tuple[str, ...]:
        """What tells rows of one source apart."""
        return tuple(name for name in self.key if name != "source")

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
