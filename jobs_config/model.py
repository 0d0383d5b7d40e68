"""Typed models of the YAML files: sources and jobs (feeds: feed.py). Frozen, unknown keys forbidden."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Pseudonym = Literal["id", "email"]
DeleteStrategy = Literal["tombstone", "key_sweep", "none"]
WriteMode = Literal["overwrite", "replace_source", "replace_days"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnMapping(_Model):
    """Where a column comes from. `pseudonymise` replaces the value by a keyed hash before anything is written."""

    column: str
    pseudonymise: Pseudonym | None = None


class TableMapping(_Model):
    """One source table: where it stands, its key, what fills our columns, how changes and deletes show."""

    table: str
    key: str
    watermark: str = ""
    soft_delete: str = ""
    deletes: DeleteStrategy = "none"
    columns: dict[str, ColumnMapping]

    @model_validator(mode="before")
    @classmethod
    def expand_plain_names(cls, values: Any) -> Any:
        columns = values.get("columns") if isinstance(values, dict) else None
        if isinstance(columns, dict):
            expanded = {name: {"column": given} if isinstance(given, str) else given for name, given in columns.items()}
            return {**values, "columns": expanded}
        return values

    @property
    def key_column(self) -> str:
        """Our name of the key's column."""
        return next(
            name for name, column in self.columns.items() if column.column == self.key and not column.pseudonymise
        )


class TombstoneMapping(_Model):
    """The table in which the source's triggers record deleted rows: the table's name, the row's key, and when."""

    table: str
    table_name: str
    row_key: str
    watermark: str


class SourceMapping(_Model):
    """A source database: which of its tables and columns fill which of ours (names as in contracts/silver)."""

    source: str = Field(pattern="^[a-z][a-z0-9_]*$")
    schema_name: str = Field("public", alias="schema")
    shop_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="currency the source's exchange rates lead to")
    tombstones: TombstoneMapping | None = None
    tables: dict[str, TableMapping]

    @model_validator(mode="after")
    def tombstones_are_named(self) -> "SourceMapping":
        asking = [name for name, table in self.tables.items() if table.deletes == "tombstone"]
        if asking and self.tombstones is None:
            raise ValueError(f"tables {', '.join(asking)} say `deletes: tombstone`, and no `tombstones` table is named")
        return self


class JobConfig(_Model):
    """One job: the tables it reads by the name its transform gives them, what it writes.

    `write_mode` is how a whole read replaces its output; a sync merges silver by the contract's key whatever it says.
    """

    job: str
    reads: dict[str, str]
    writes: str
    write_mode: WriteMode
