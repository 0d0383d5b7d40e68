"""`python -m booksales.administer`: the verbs `users` and `audit` where the API is installed without Spark and the local stack.

A container of the API has no more than the API needs; its first administrator is made there (docs/aws.md).
"""

import argparse
import sys
from collections.abc import Sequence

from booksales.commands import audit, users
from jobs_config.errors import BooksalesError
from jobs_config.state import keep_files_private


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the verbs; returns its exit code. Errors of ours are one line on standard error."""
    keep_files_private()
    top = argparse.ArgumentParser(prog="python -m booksales.administer", description=__doc__.partition("\n")[0])
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for module in (users, audit):
        module.add_to(verbs)
    arguments = top.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except BooksalesError as error:
        sys.stderr.write(f"{arguments.verb}: {error}\n")
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
