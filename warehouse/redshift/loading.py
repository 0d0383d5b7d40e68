"""COPY of a table's files, and what the load error tables say where it fails."""

import re
from contextlib import suppress

from warehouse.redshift.explaining import UNCHANGED, WarehouseError, explained, is_lost_connection
from warehouse.redshift.files import Manifest
from warehouse.redshift.statements import Statements

ROLE = re.compile(r"default|arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")
# The one view of load errors that provisioned and Serverless both have.
LOAD_ERRORS = """
select file_name, line_number, column_name, column_type, column_length, error_code, error_message
from sys_load_error_detail where query_id = pg_last_copy_id() order by line_number limit 5"""


def copy_role(text: str) -> str:
    """The role that COPY reads S3 with, as SQL. Raises WarehouseError for what is neither an ARN nor `default`."""
    if not ROLE.fullmatch(text):
        raise WarehouseError(f"warehouse_copy_role is {text!r}; name the ARN of a role, or `default`")
    return text if text == "default" else f"'{text}'"


def load(statements: Statements, table: str, manifest: Manifest, role: str) -> int:
    """Load the manifest's files into an empty table; the number of rows.

    A transaction of its own. Raises WarehouseError with file, row and column where a value does not fit.
    """
    # No parameter can stand in COPY. The address is made of the setting and names of ours, and holds no quote.
    if "'" in manifest.url:
        raise WarehouseError(f"warehouse_export: a quote may not stand in {manifest.url}")
    filled = " fillrecord" if manifest.is_filled else ""
    try:
        statements.run(f"copy {table} from '{manifest.url}' iam_role {role} format as parquet manifest{filled}")
        return int(statements.value("select pg_last_copy_count() as loaded"))
    except Exception as error:
        if is_lost_connection(error):
            raise
        faults = "; ".join(load_errors(statements))
        raise explained(error, f"COPY into {table}: {faults + ': ' if faults else ''}{UNCHANGED}") from error


def load_errors(statements: Statements) -> list[str]:
    """What the load error tables hold about the newest COPY: file, row, column and reason, five at most."""
    # It is on the way to another error, which must not be hidden by this one.
    with suppress(Exception):
        found = statements.rows(LOAD_ERRORS)
        return [
            f"row {row['line_number']} of {str(row['file_name']).strip()}, column {str(row['column_name']).strip()} "
            f"({str(row['column_type']).strip()} {str(row['column_length']).strip()}): {str(row['error_message']).strip()}"
            for row in found
        ]
    return []
