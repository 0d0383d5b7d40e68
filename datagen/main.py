"""The entry file that fills a database with a made-up shop, where a platform starts it: Glue or EMR.

    spark-submit datagen/main.py --shop-url=postgresql://owner@host:5432/shop --sales=1000000 --seed=7

The owner's password comes from BOOKSALES_SOURCE_PASSWORD; with `--secret` from AWS Secrets Manager.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from psycopg2.extensions import make_dsn

from datagen.plan import ShopPlan, yesterday
from datagen.shop import generate_shop
from jobs_config.errors import BooksalesError, ConfigError
from jobs_config.job_start import given_arguments, load_secret, trust_authorities
from jobs_config.loopback import ADDRESSES
from jobs_config.progress import Progress
from jobs_config.settings import PASSWORD_IN_URL

PASSWORD_VARIABLE = "BOOKSALES_SOURCE_PASSWORD"  # noqa: S105  the variable's name, not a password


def main(argv: Sequence[str] | None = None) -> int:
    """Fill the database; returns the exit code (jobs_config.errors.ExitCode). A shop of the same plan is left as it is."""
    progress = Progress()
    try:
        arguments = _parser().parse_args(given_arguments(sys.argv[1:] if argv is None else argv))
        if arguments.ca_file:
            trust_authorities(arguments.ca_file)
        if arguments.secret:
            load_secret(arguments.secret)
        plan = ShopPlan(arguments.sales, arguments.years, arguments.seed, yesterday(), faults=arguments.faults)
        shop = generate_shop(shop_dsn(arguments.shop_url), plan, progress, replace=arguments.replace)
    except BooksalesError as error:
        progress.say(f"error: {error}")
        return int(error.exit_code)
    progress.say(f"{shop.row_counts['sales_sale']:,} sales {'generated' if shop.is_new else 'were there already'}")
    return 0


def shop_dsn(url: str) -> str:
    """How psycopg2 reaches the shop: with the password of the environment, and with TLS for any host but this machine."""
    if not url.startswith("postgresql://") or PASSWORD_IN_URL.search(url):
        raise ConfigError(
            f"--shop-url: expected postgresql://user@host:port/database; the password belongs into {PASSWORD_VARIABLE}"
        )
    host = url.partition("@")[2].partition("/")[0].partition(":")[0]
    sslmode = "prefer" if host in ADDRESSES else "verify-full"
    return make_dsn(url, password=os.environ.get(PASSWORD_VARIABLE, ""), sslmode=sslmode)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop-url", required=True, help="the database to fill, postgresql://user@host:port/database")
    parser.add_argument("--sales", type=int, default=1_000_000, help="sale lines, returns included")
    parser.add_argument("--years", type=int, default=5, help="years of sales, up to yesterday")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same shop")
    parser.add_argument("--faults", type=float, default=0.0, help="share of books and sales to damage")
    parser.add_argument("--replace", action="store_true", help="wipe the generated shop that is there")
    parser.add_argument("--secret", default="", help="a secret of AWS Secrets Manager with the password, as JSON")
    parser.add_argument(
        "--ca-file", default="", help="PEM file of the authorities that PostgreSQL's certificates are from"
    )
    return parser


if __name__ == "__main__":
    # Glue takes any SystemExit for a failure, that of 0 too.
    if code := main():
        sys.exit(code)
