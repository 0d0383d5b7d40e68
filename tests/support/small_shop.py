"""A generated shop of a few thousand sales, what a run needs to read it, and the runs that read it."""

import argparse
from pathlib import Path

from psycopg2.extensions import parse_dsn
from pyspark.sql import SparkSession

from booksales.local_stack.postgres import EmbeddedPostgres
from datagen.plan import ShopPlan
from datagen.shop import generate_shop
from jobs_config.loader import load_source
from jobs_config.model import SourceMapping
from jobs_config.progress import Progress
from jobs_config.settings import Settings
from spark_jobs import commands
from spark_jobs.extract.connection import SourceAddress
from spark_jobs.options import RunOptions

PSEUDONYM_KEY = bytes(range(32))


def fill(dsn: str, sales: int = 3_000, seed: int = 7) -> None:
    """Generate a small shop in an empty database."""
    generate_shop(dsn, ShopPlan(sales=sales, years=2, seed=seed), Progress(terminal=False))


def reader_address(postgres: EmbeddedPostgres, dsn: str) -> SourceAddress:
    """The database of `dsn`, as the least-privileged reader sees it."""
    parts = parse_dsn(dsn)
    return SourceAddress(
        parts["host"], int(parts["port"]), parts["dbname"], "booksales_reader", postgres.reader_password()
    )


def run_options(
    home: Path, address: SourceAddress, mapping: SourceMapping | None = None, **settings: object
) -> RunOptions:
    """Options of a run that keeps everything below `home`."""
    return RunOptions(
        lake=str(home / "lake"),
        warehouse=home / "warehouse",
        reports=home / "reports",
        ledger_url=f"sqlite:///{home / 'ledger.db'}",
        settings=Settings(**settings),  # type: ignore[arg-type]
        mapping=mapping or load_source("bookstore"),
        address=address,
        pseudonym_key=PSEUDONYM_KEY,
    )


def reload(spark: SparkSession, options: RunOptions) -> int:
    """A full reload in this process; returns its exit code."""
    return commands.reload_source(spark, options, argparse.Namespace(), Progress(terminal=False))


def sync(
    spark: SparkSession, options: RunOptions, kind: str = "sync", progress: Progress | None = None, **asked: object
) -> int:
    """A sync, sweep or backfill in this process, asked as its command line would; returns its exit code."""
    arguments = argparse.Namespace(
        **{"command": kind, "approve_deletes": False, "plan_file": "", "tables": [], **asked}
    )
    return commands.sync_source(spark, options, arguments, progress or Progress(terminal=False))
