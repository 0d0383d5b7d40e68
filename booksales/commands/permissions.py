"""`booksales permissions`: who sees what in a warehouse that people sign in to by themselves."""

import argparse

from booksales.commands import Verbs, add_verb
from booksales.warehouse_of import warehouse_of
from jobs_config.errors import ExitCode, RefusedError
from jobs_config.settings import load_settings
from jobs_config.state import open_state
from warehouse.redshift import grants
from warehouse.redshift.warehouse import RedshiftWarehouse


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "permissions", "set up roles, grants, row security and masks in Redshift", run,
        "booksales permissions --dry-run", "booksales permissions",
    )  # fmt: skip
    verb.add_argument("--dry-run", action="store_true", help="print the statements, and run none")


def run(arguments: argparse.Namespace) -> int:
    if arguments.dry_run:
        print("".join(f"{statement};\n" for statement in grants.script()), end="")
        return ExitCode.DONE
    warehouse = warehouse_of(open_state(), load_settings())
    if not isinstance(warehouse, RedshiftWarehouse):
        raise RefusedError("the embedded warehouse has no roles: the API narrows what it shows. Set warehouse_url")
    print(f"{warehouse.apply_permissions()} statements of warehouse/permissions.yaml are carried out")
    return ExitCode.DONE
