"""`booksales generate`: fill the embedded shop with realistic books, customers and sales."""

import argparse
from datetime import date

from booksales.commands import Verbs, add_json, add_verb, as_json, as_table
from booksales.local_stack.postgres import EmbeddedPostgres
from datagen.plan import ShopPlan, yesterday
from datagen.shop import generate_shop, preview
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "generate", "fill the embedded shop with realistic books, customers and sales", run,
        "booksales generate --sales 1000000", "booksales generate --sales 100000 --years 2 --seed 11 --until 2026-06-30 --replace",
        "booksales generate --sales 1000000 --dry-run",
    )  # fmt: skip
    add_shop_arguments(verb)
    verb.add_argument("--replace", action="store_true", help="wipe the generated shop that is there")
    verb.add_argument("--dry-run", action="store_true", help="say how many rows each table would get, and do nothing")
    add_json(verb)


def add_shop_arguments(verb: argparse.ArgumentParser) -> None:
    """What decides a shop: the same values make the same data."""
    verb.add_argument("--sales", type=int, default=1_000_000, help="sale lines, returns included (default: 1,000,000)")
    verb.add_argument("--years", type=int, default=5, help="years of sales (default: 5)")
    verb.add_argument("--seed", type=int, default=7, help="the same seed makes the same shop (default: 7)")
    verb.add_argument("--until", type=date.fromisoformat, default=None, help="last day with sales (default: yesterday)")


def shop_plan(arguments: argparse.Namespace) -> ShopPlan:
    """The plan in the arguments. Raises ConfigError for one that no shop can follow."""
    return ShopPlan(arguments.sales, arguments.years, arguments.seed, arguments.until or yesterday())


def run(arguments: argparse.Namespace) -> int:
    plan = shop_plan(arguments)
    if arguments.dry_run:
        rows = preview(plan)
        print(as_json(rows) if arguments.json else as_table(["table", "rows"], [list(item) for item in rows.items()]))
        return ExitCode.DONE
    progress = Progress()
    postgres = EmbeddedPostgres(open_state())
    with progress.phase("start PostgreSQL"):
        postgres.start()
    shop = generate_shop(postgres.owner_dsn(), plan, progress, replace=arguments.replace)
    if arguments.json:
        print(as_json(shop.row_counts))
    else:
        print(as_table(["table", "rows"], [list(item) for item in shop.row_counts.items()]))
        print("generated just now" if shop.is_new else "this shop was there already; nothing was changed")
    return ExitCode.DONE
