"""`booksales`: one verb per thing people do."""

import argparse
import os
import sys
from collections.abc import Sequence

from booksales.commands import (
    audit,
    aws,
    backfill,
    dashboard,
    demo,
    doctor,
    erase_customer,
    export_customer,
    feeds,
    generate,
    import_csv,
    maintain,
    permissions,
    publish,
    quarantine,
    reload,
    rollback,
    runs,
    schedule,
    serve,
    simulate_day,
    source,
    status,
    sweep,
    sync,
    unlock,
    users,
    verify,
)
from booksales.last_resort import in_one_line
from jobs_config.errors import BooksalesError, ExitCode
from jobs_config.state import keep_files_private
from warehouse.publication import DamagedPublicationError, NoPublicationError, PublicationError

VERBS = (
    doctor,
    demo,
    source,
    generate,
    simulate_day,
    sync,
    reload,
    sweep,
    backfill,
    feeds,
    import_csv,
    quarantine,
    publish,
    rollback,
    permissions,
    maintain,
    erase_customer,
    export_customer,
    status,
    runs,
    unlock,
    verify,
    schedule,
    aws,
    users,
    audit,
    serve,
    dashboard,
)

EPILOG = """\
exit codes:
  0 done   1 failed   2 usage or configuration   3 refused   4 done, with something to look at   130 interrupted

Everything is kept in one folder, .booksales in the current directory or BOOKSALES_HOME; deleting it resets everything.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code. Errors of ours are one line on standard error, never a stack trace."""
    keep_files_private()
    arguments = parser().parse_args(argv)
    try:
        code = int(arguments.run(arguments))
        # What is still buffered would meet a closed pipe only after this function.
        sys.stdout.flush()
        return code
    except (BooksalesError, PublicationError, NoPublicationError, DamagedPublicationError) as error:
        print(f"booksales {arguments.verb}: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", ExitCode.FAILED))
    except KeyboardInterrupt:
        print(f"booksales {arguments.verb}: interrupted", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as with `booksales runs | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except Exception as error:
        print(f"booksales {arguments.verb}: {in_one_line(arguments.verb, error)}", file=sys.stderr)
        return int(ExitCode.FAILED)


def parser() -> argparse.ArgumentParser:
    """The command line; every verb's help ends in an example."""
    top = argparse.ArgumentParser(
        prog="booksales",
        description="Book sales from a shop's PostgreSQL to a lake, a star schema, an API and a dashboard.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for module in VERBS:
        module.add_to(verbs)
    return top


if __name__ == "__main__":
    sys.exit(main())
