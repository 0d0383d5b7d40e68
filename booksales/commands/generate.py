"""`booksales generate`: fill the embedded shop, or a folder of files, with realistic books, customers and sales."""

import argparse
from datetime import date
from pathlib import Path

from booksales.commands import Verbs, add_json, add_verb, as_json, as_table, whole_number
from booksales.local_stack.postgres import EmbeddedPostgres
from datagen.files.export import export_shop, exported_rows
from datagen.files.formats import FORMATS
from datagen.plan import PRESETS, ShopPlan, yesterday
from datagen.report.page import number, verdict_of
from datagen.report.reading import GeneratedTables, TablesInFiles, TablesInShop
from datagen.report.report import report_of
from datagen.shop import generate_shop, preview
from datagen.space import POSTGRES, in_gigabytes, needs_of, refuse_too_large
from datagen.world import write_answers
from jobs_config.errors import ConfigError, ExitCode
from jobs_config.machine import cores, free_bytes, memory_bytes
from jobs_config.progress import Progress
from jobs_config.state import open_state, state_home

MOST_PROCESSES = 256


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "generate", "make realistic books, customers and sales: in the embedded shop, or as files", run,
        "booksales generate --sales 1000000", "booksales generate --sales 100000 --years 2 --seed 11 --until 2026-06-30 --replace",
        "booksales generate --preset large --to parquet --out shop", "booksales generate --sales 1000000 --dry-run",
    )  # fmt: skip
    add_shop_arguments(verb)
    verb.add_argument("--to", choices=(POSTGRES, *FORMATS), default=POSTGRES, help="where to (default: postgres)")
    verb.add_argument("--out", type=Path, help="folder of the files, which must not be there yet")
    verb.add_argument("--anomalies", type=int, default=0, help="happenings to plant, with an answer key (default: 0)")
    verb.add_argument(
        "--faults", type=float, default=0.0, help="share of rows to damage, with an answer key (default: 0.0)"
    )
    verb.add_argument("--processes", type=whole_number(1, MOST_PROCESSES), help="that make files (default: all cores)")
    verb.add_argument("--replace", action="store_true", help="wipe the generated shop that is there")
    verb.add_argument(
        "--dry-run", action="store_true", help="say how large it becomes and what it takes, and do nothing"
    )
    verb.add_argument("--report", action="store_true", help="read it back and hold its shape against what was asked")
    add_json(verb)


def add_shop_arguments(verb: argparse.ArgumentParser) -> None:
    """What decides a shop: the same values make the same data."""
    size = verb.add_mutually_exclusive_group()
    size.add_argument("--sales", type=int, default=1_000_000, help="sale lines, returns included (default: 1,000,000)")
    named = ", ".join(f"{name} {sales:,}" for name, sales in PRESETS.items())
    size.add_argument("--preset", choices=PRESETS, help=f"a size by name: {named} sales")
    verb.add_argument("--years", type=int, default=5, help="years of sales (default: 5)")
    verb.add_argument("--seed", type=int, default=7, help="the same seed makes the same shop (default: 7)")
    verb.add_argument("--until", type=date.fromisoformat, default=None, help="last day with sales (default: yesterday)")


def shop_plan(arguments: argparse.Namespace) -> ShopPlan:
    """The plan in the arguments. Raises ConfigError for one that no shop can follow."""
    sales = PRESETS[arguments.preset] if arguments.preset else arguments.sales
    anomalies, faults = getattr(arguments, "anomalies", 0), getattr(arguments, "faults", 0.0)
    return ShopPlan(sales, arguments.years, arguments.seed, arguments.until or yesterday(), anomalies, faults)


def run(arguments: argparse.Namespace) -> int:
    plan = shop_plan(arguments)
    _refuse_what_does_not_go_together(arguments)
    processes = arguments.processes or cores()
    if arguments.dry_run:
        print(_preview(arguments, plan, processes))
        return ExitCode.DONE
    place = state_home() if arguments.to == POSTGRES else arguments.out
    refuse_too_large(plan, arguments.to, processes, free_bytes(place.absolute()), memory_bytes())
    return _into_shop(arguments, plan) if arguments.to == POSTGRES else _into_files(arguments, plan, processes)


def _refuse_what_does_not_go_together(arguments: argparse.Namespace) -> None:
    if arguments.to == POSTGRES:
        for option in ("out", "processes"):
            if getattr(arguments, option):
                raise ConfigError(f"--{option} belongs to files: name a format by --to, {', '.join(FORMATS)}")
    elif arguments.replace:
        raise ConfigError("--replace belongs to the embedded shop; a folder of files is never overwritten")
    elif arguments.report and arguments.faults:
        raise ConfigError("--report reads whole files; ask for it without --faults")
    elif not arguments.out and not arguments.dry_run:
        raise ConfigError(f"--to {arguments.to} needs a folder: --out FOLDER")


def _preview(arguments: argparse.Namespace, plan: ShopPlan, processes: int) -> str:
    rows, needs = preview(plan), needs_of(plan, arguments.to, processes)
    if arguments.json:
        return as_json({"rows": rows, "needs": vars(needs)})
    takes = (
        f"takes about {in_gigabytes(needs.disk_bytes)} of disk, {in_gigabytes(needs.memory_bytes)} of memory and "
        f"{needs.seconds:,} s on a machine with nothing else to do"
    )
    return f"{_rows_table(rows)}\n{takes}"


def _into_shop(arguments: argparse.Namespace, plan: ShopPlan) -> int:
    progress, state = Progress(), open_state()
    postgres = EmbeddedPostgres(state)
    with progress.phase("start PostgreSQL"):
        postgres.start()
    shop = generate_shop(postgres.owner_dsn(), plan, progress, replace=arguments.replace)
    if plan.anomalies:
        write_answers(plan, state.reports / "generated-anomalies.json")
    said = "generated just now" if shop.is_new else "this shop was there already; nothing was changed"
    tables = TablesInShop(postgres.owner_dsn())
    return _told(arguments, plan, shop.row_counts, said, tables, state.reports / "generated-shop.html", progress)


def _into_files(arguments: argparse.Namespace, plan: ShopPlan, processes: int) -> int:
    folder, progress = arguments.out.absolute(), Progress()
    tables, page = TablesInFiles(folder, arguments.to), folder / "report.html"
    there = exported_rows(folder, plan, arguments.to)
    if arguments.report and there:
        return _told(arguments, plan, there, "there already; nothing was changed", tables, page, progress)
    shop = export_shop(plan, folder, arguments.to, processes, progress)
    begun = "finished what an interrupted run had begun" if shop.is_resumed else "generated just now"
    said = f"{arguments.out}: {in_gigabytes(shop.bytes)}, {begun}"
    return _told(arguments, plan, shop.row_counts, said, tables, page, progress)


def _told(
    arguments: argparse.Namespace, plan: ShopPlan, row_counts: dict[str, int], said: str,
    tables: GeneratedTables, page: Path, progress: Progress,
) -> int:  # fmt: skip
    """Say what there is now and, where the report was asked for, what it looks like."""
    if not arguments.report:
        print(as_json(row_counts) if arguments.json else f"{_rows_table(row_counts)}\n{said}")
        return ExitCode.DONE
    with progress.phase("read it back"):
        report = report_of(plan, tables)
    page.write_text(report.page)
    if arguments.json:
        print(as_json({"rows": row_counts, "checks": report.values, "page": page}))
    else:
        checks: list[list[object]] = [
            [check.name, number(check.least), number(check.most), number(check.found), verdict_of(check)]
            for check in report.checks
        ]
        shapes = as_table(["shape", "at least", "at most", "came out", ""], checks)
        print(f"{_rows_table(row_counts)}\n{said}\n\n{shapes}\nreport: {page}")
    return ExitCode.DONE if report.is_met else ExitCode.ATTENTION


def _rows_table(row_counts: dict[str, int]) -> str:
    return as_table(["table", "rows"], [list(item) for item in row_counts.items()])
