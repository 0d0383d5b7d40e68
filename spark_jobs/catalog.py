"""The Glue catalog: where Athena and other people's Spark jobs look for the lake's tables by name.

A catalog entry says where a table stands and what columns it has; versions are the Delta log's business. So an entry changes with a
contract, not with every publication, and a publication that finds all entries right changes none.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs_config.errors import BooksalesError, ConfigError
from jobs_config.log_setup import log_event
from warehouse.contract import Contract

LOGGER = logging.getLogger(__name__)

# By these engines tell a Delta table, as AWS says of tables that no crawler and no Athena made.
DELTA_TABLE = {"EXTERNAL": "TRUE", "spark.sql.sources.provider": "delta"}
OWNER = "booksales"
DATABASE_HELP = "terraform makes it (module `catalog`); without a catalog leave the setting `catalog` empty"


class CatalogError(BooksalesError):
    """The Glue catalog does not take the lake's tables. What was published serves all the same."""


@dataclass(frozen=True)
class Registered:
    """How many entries were made, changed, and right already."""

    made: int
    changed: int
    same: int


def register_tables(prefix: str, places: Iterable[tuple[Contract, str]]) -> Registered:
    """Make the catalog's entries say what the contracts say: of each table its contract and its s3:// address.

    A table `layer.name` is `name` in the database `<prefix>_<layer>`. Entries of other tables stay as they are. Raises CatalogError
    with what Glue said, and what would do; ConfigError without boto3.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise ConfigError(
            "the Glue catalog needs the package boto3: pip install 'book-sales-analytics[aws]'"
        ) from error
    wanted: dict[str, dict[str, dict[str, Any]]] = {}
    for contract, address in places:
        layer, _, name = contract.table.partition(".")
        wanted.setdefault(f"{prefix}_{layer}", {})[name] = table_input(contract, name, address)
    made = changed = same = 0
    try:
        client = boto3.session.Session().client("glue")
        for database, tables in wanted.items():
            there = _entries(client, database)
            for name, entry in tables.items():
                if name not in there:
                    client.create_table(DatabaseName=database, TableInput=entry)
                    made += 1
                elif not _says(there[name], entry):
                    # Earlier forms of an entry would pile up, and nobody reads them.
                    client.update_table(DatabaseName=database, TableInput=entry, SkipArchive=True)
                    changed += 1
                else:
                    same += 1
    except (BotoCoreError, ClientError) as error:
        raise CatalogError(f"Glue catalog {prefix}: {_explained(error)}") from error
    log_event(LOGGER, "catalog.registered", made=made, changed=changed, same=same)
    return Registered(made, changed, same)


def table_input(contract: Contract, name: str, address: str) -> dict[str, Any]:
    """What Glue is told of a table: columns with their meanings in contract order, partition columns apart, as Hive has them."""
    columns = [
        {"Name": column, "Type": told.type, "Comment": told.meaning[:255]} for column, told in contract.columns.items()
    ]
    return {
        "Name": name,
        "Description": contract.grain,
        "Owner": OWNER,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": DELTA_TABLE,
        "PartitionKeys": [column for column in columns if column["Name"] in contract.partition_by],
        "StorageDescriptor": {
            "Columns": [column for column in columns if column["Name"] not in contract.partition_by],
            "Location": address,
            # Spark takes the path from here, Athena from the location.
            "SerdeInfo": {"Parameters": {"path": address, "serialization.format": "1"}},
        },
    }


def _entries(client: Any, database: str) -> dict[str, Mapping[str, Any]]:
    pages = client.get_paginator("get_tables").paginate(DatabaseName=database)
    return {entry["Name"]: entry for page in pages for entry in page["TableList"]}


def _says(found: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; Glue adds times, versions and parameters of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_says(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_says(*pair) for pair in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)


def _explained(error: Exception) -> str:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    advice = {
        "EntityNotFoundException": f"; {DATABASE_HELP}",
        "AccessDeniedException": "; the job's role needs glue:GetTables, glue:CreateTable and glue:UpdateTable there",
    }
    return f"{' '.join(str(error).split())}{advice.get(code, '')}"
