"""`booksales simulate-day`: further business days of the generated shop."""

import argparse
from collections import Counter
from dataclasses import asdict

from booksales.commands import Verbs, add_json, add_verb, as_json, as_table
from booksales.local_stack.postgres import EmbeddedPostgres
from datagen.changes.kinds import Simulation
from datagen.changes.simulate import SimulatedDay, preview_days, simulate_days
from jobs_config.errors import ExitCode, RefusedError
from jobs_config.progress import Progress
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "simulate-day", "add further business days to the generated shop", run,
        "booksales simulate-day", "booksales simulate-day --days 7 --seed 3",
        "booksales simulate-day --sales 55000 --corrections 10000 --hard-deletes 500 --even",
        "booksales simulate-day --days 2 --dry-run",
    )  # fmt: skip
    verb.add_argument("--days", type=int, default=1, help="how many days (default: 1)")
    verb.add_argument("--seed", type=int, help="same shop, seed and day: same changes (default: the shop's seed)")
    verb.add_argument("--sales", type=int, help="new lines per day, returns included (default: the shop's average)")
    verb.add_argument("--corrections", type=int, help="earlier lines corrected per day (default: 0.3 %% of --sales)")
    verb.add_argument("--soft-deletes", type=int, help="lines marked deleted per day (default: 0.1 %% of --sales)")
    verb.add_argument("--hard-deletes", type=int, help="lines removed per day (default: 0.05 %% of --sales)")
    verb.add_argument("--book-changes", type=int, help="books changed per day (default: 0.1 %% of those that sell)")
    verb.add_argument("--even", action="store_true", help="spread changes over the whole life of the shop")
    verb.add_argument("--dry-run", action="store_true", help="say how many rows would change, and do nothing")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    simulation = _simulation(arguments)
    state = open_state()
    if not state.source.exists():
        raise RefusedError("there is no shop to simulate days of; `booksales generate` makes one")
    progress = Progress()
    postgres = EmbeddedPostgres(state)
    with progress.phase("start PostgreSQL"):
        postgres.start()
    dsn = postgres.owner_dsn()
    days = preview_days(dsn, simulation) if arguments.dry_run else simulate_days(dsn, simulation, progress)
    print(as_json([asdict(day) for day in days]) if arguments.json else _table(days, arguments.dry_run))
    return ExitCode.DONE


def _simulation(arguments: argparse.Namespace) -> Simulation:
    return Simulation(
        days=arguments.days,
        seed=arguments.seed,
        sales=arguments.sales,
        corrections=arguments.corrections,
        soft_deletes=arguments.soft_deletes,
        hard_deletes=arguments.hard_deletes,
        book_changes=arguments.book_changes,
        even=arguments.even,
    )


def _table(days: list[SimulatedDay], is_dry_run: bool) -> str:
    """The rows of each kind of change over all days."""
    totals: Counter[str] = Counter()
    for day in days:
        totals.update(day.row_counts)
    span = str(days[0].day) if len(days) == 1 else f"{days[0].day} to {days[-1].day}"
    done = "would be simulated; nothing was changed" if is_dry_run else "simulated"
    return f"{as_table(['change', 'rows'], [list(item) for item in totals.items()])}\n{span} {done}"
