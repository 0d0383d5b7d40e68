"""The entry file for `spark-submit` and Glue: one job of the pipeline, all settings as arguments.

    spark-submit spark_jobs/main.py reload --lake s3://bucket/lake --warehouse /data/warehouse --reports /data/reports \\
        --ledger sqlite:////data/ledger.db --source bookstore --source-url postgresql://reader@host:5432/shop

Secrets come from the environment: BOOKSALES_SOURCE_PASSWORD, BOOKSALES_LEDGER_PASSWORD, BOOKSALES_PSEUDONYM_KEY (64 hexadecimal
digits); with `--secret` from AWS Secrets Manager. On Glue the whole line is one argument: --arguments '["reload", "--lake=s3://…"]'.
"""

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from jobs_config.errors import BooksalesError, ConfigError, ExitCode
from jobs_config.job_start import given_arguments, load_secret, trust_authorities
from jobs_config.loader import load_source
from jobs_config.log_setup import set_up_logging
from jobs_config.progress import Progress
from jobs_config.settings import load_settings, with_overrides
from jobs_config.state import keep_files_private
from spark_jobs import commands
from spark_jobs.control.database import file_of
from spark_jobs.control.lease import open_lease
from spark_jobs.control.lease_row import LIFE_SECONDS
from spark_jobs.control.run_ledger import READING
from spark_jobs.errors import UNPUBLISHED, explained
from spark_jobs.extract.connection import parse_address
from spark_jobs.options import PSEUDONYM_VARIABLE, RunOptions, secret_key
from spark_jobs.session import open_session
from warehouse.publication import PublicationError

LEAST_LEASE_SECONDS = 5
SMOKE = "smoke"
# Without reading the shop they have to tell people by their hashes.
NEED_PSEUDONYMS = ("erase", "import-csv")
COMMANDS = {
    "reload": commands.reload_source,
    "sync": commands.sync_source,
    "sweep": commands.sync_source,
    "backfill": commands.sync_source,
    "maintain": commands.maintain_lake,
    "erase": commands.erase_people,
    "publish": commands.publish_again,
    "import-csv": commands.import_csv,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one job; returns its exit code (jobs_config.errors.ExitCode)."""
    keep_files_private()
    progress = Progress()
    try:
        arguments = _parser().parse_args(given_arguments(sys.argv[1:] if argv is None else argv))
        set_up_logging(
            as_json=arguments.log_format == "json", level=logging.INFO if arguments.verbose else logging.WARNING
        )
        code = _run(arguments, progress)
        return arguments.attention_exit_code if code == ExitCode.ATTENTION else code
    except (BooksalesError, PublicationError) as error:
        progress.say(f"error: {error}")
        return int(getattr(error, "exit_code", ExitCode.FAILED))
    except Exception as error:
        logging.getLogger(__name__).info("job.failed", exc_info=error)
        progress.say(f"error: {explained(error)}")
        return int(ExitCode.FAILED)
    except KeyboardInterrupt as stopped:
        progress.say(f"interrupted. {str(stopped) or UNPUBLISHED}")
        return int(ExitCode.INTERRUPTED)


def _run(arguments: argparse.Namespace, progress: Progress) -> int:
    if arguments.ca_file:
        trust_authorities(arguments.ca_file)
    if arguments.secret:
        load_secret(arguments.secret)
    options = run_options(arguments)
    if arguments.command == SMOKE:
        # It writes nothing, so it needs neither the lease nor Spark.
        return commands.ask_warehouse(options, progress)
    with ExitStack() as held:
        lock_file = arguments.lock_file or beside_ledger(arguments.ledger)
        life = arguments.lease_seconds
        lease = held.enter_context(open_lease(arguments.ledger, lock_file, arguments.command, life))
        options = replace(options, lease=lease)
        with progress.phase("start Spark"):
            spark = open_session()
        held.callback(spark.stop)
        return COMMANDS[arguments.command](spark, options, arguments, progress)


def run_options(arguments: argparse.Namespace) -> RunOptions:
    """The options in the arguments and secrets in the environment. Raises ConfigError for what does not fit."""
    settings = load_settings(arguments.environment)
    settings = with_overrides(settings, [*place_of(arguments.warehouse), *arguments.set])
    if settings.catalog and not arguments.lake.startswith("s3://"):
        raise ConfigError(f"catalog: Glue's holds tables on S3 only, and the lake is {arguments.lake}; leave it empty")
    if arguments.command in READING and not arguments.source_url:
        raise ConfigError(
            f"{arguments.command} reads the shop: name it by --source-url postgresql://user@host:port/database"
        )
    key = secret_key(PSEUDONYM_VARIABLE) if arguments.source_url or arguments.command in NEED_PSEUDONYMS else b""
    return RunOptions(
        lake=arguments.lake,
        warehouse=Path() if is_redshift(arguments.warehouse) else Path(arguments.warehouse),
        reports=Path(arguments.reports),
        ledger_url=arguments.ledger,
        settings=settings,
        mapping=load_source(arguments.source),
        address=parse_address(arguments.source_url) if arguments.source_url else None,
        pseudonym_key=key,
        discard_history=arguments.discard_history,
        execution=arguments.execution,
    )


def is_redshift(warehouse: str) -> bool:
    """Whether the place of the warehouse is a database in AWS, not a folder."""
    return warehouse.startswith("redshift")


def place_of(warehouse: str) -> list[str]:
    """A Redshift that is named by an argument, as the setting that it is otherwise."""
    return [f"warehouse_url={warehouse}"] if is_redshift(warehouse) else []


def beside_ledger(ledger_url: str) -> str:
    """The lease of a ledger that is a file: beside it, so that whoever uses the ledger uses the lease. Empty for a server's."""
    file = file_of(ledger_url)
    return str(Path(file).with_name("writer.lock")) if file else ""


def _lease_seconds(text: str) -> float:
    # Below a few seconds a busy database alone would let it expire.
    if not re.fullmatch(r"\d{1,5}", text) or int(text) < LEAST_LEASE_SECONDS:
        raise argparse.ArgumentTypeError(f"expected {LEAST_LEASE_SECONDS} to 99999 whole seconds, found {text!r}")
    return float(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=sorted((*COMMANDS, SMOKE)))
    parser.add_argument("files", nargs="*", help="import-csv: the feed, then its files")
    parser.add_argument("--lake", required=True, help="root of the Delta lake: a folder or s3:// prefix")
    parser.add_argument("--warehouse", required=True, help="folder of the embedded warehouse, or the URL of a Redshift")
    parser.add_argument("--reports", required=True, help="folder for run reports")
    parser.add_argument("--ledger", required=True, help="SQLAlchemy URL of the run ledger")
    parser.add_argument("--source", default="bookstore", help="source mapping: a name, or a YAML file")
    parser.add_argument("--source-url", default="", help="postgresql://user@host:port/database, without a password")
    parser.add_argument("--environment", default="", help="name of the settings file")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override one setting")
    parser.add_argument("--lock-file", default="", help="writer lease on one machine (default: beside a SQLite ledger)")
    parser.add_argument(
        "--lease-seconds",
        type=_lease_seconds,
        default=LIFE_SECONDS,
        help="how long the lease of a PostgreSQL ledger outlives its holder",
    )
    _add_options_of_commands(parser)
    _add_options_of_platforms(parser)
    parser.add_argument("--log-format", choices=("plain", "json"), default="plain")
    parser.add_argument("--verbose", action="store_true", help="log every job")
    return parser


def _add_options_of_commands(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--discard-history", action="store_true", help="reload: forget SCD2 versions and surrogate keys"
    )
    parser.add_argument(
        "--approve-deletes",
        action="store_true",
        help="sync, sweep, backfill, import-csv: take away more than 5 %% of a table, or of what files replace",
    )
    parser.add_argument("--from-date", default="", help="backfill: first business date, YYYY-MM-DD")
    parser.add_argument("--until-date", default="", help="backfill: last business date, included")
    parser.add_argument(
        "--table", action="append", dest="tables", default=[], help="backfill: a table to compare as a whole besides"
    )
    parser.add_argument(
        "--replay-file",
        default="",
        help="import-csv: a JSON list of the keys of quarantined records that the files hold",
    )
    parser.add_argument("--replaces", default="", help="import-csv: an earlier file that these files replace")
    parser.add_argument(
        "--plan-file",
        default="",
        help="sync, sweep, backfill, maintain, import-csv: write what would be done there, and do nothing",
    )
    parser.add_argument(
        "--people-file", default="", help="erase: a JSON list of customer digests; none: finish an erasure"
    )


def _add_options_of_platforms(parser: argparse.ArgumentParser) -> None:
    """What whoever starts a job elsewhere than on a laptop hands it."""
    parser.add_argument(
        "--secret", default="", help="a secret of AWS Secrets Manager with the variables above, as JSON"
    )
    parser.add_argument(
        "--ca-file", default="", help="PEM file of the authorities that PostgreSQL's certificates are from"
    )
    parser.add_argument(
        "--execution", default="", help="the state machine's execution that starts this run, for the ledger"
    )
    parser.add_argument(
        "--attention-exit-code",
        type=int,
        choices=(int(ExitCode.DONE), int(ExitCode.ATTENTION)),
        default=int(ExitCode.ATTENTION),
        help="how a run ends that is done with something to look at; 0 where whoever starts it takes 4 for a failure",
    )


if __name__ == "__main__":
    # Glue takes any SystemExit for a failure, that of 0 too.
    if code := main():
        sys.exit(code)
