"""`booksales verify`: do source, lake and warehouse agree?"""

import argparse
from dataclasses import asdict

from booksales import verify as comparing
from booksales.commands import Verbs, add_json, add_verb, as_json, as_table
from booksales.pipeline import find_source
from booksales.verify import Comparison
from booksales.warehouse_of import warehouse_of
from jobs_config.errors import ExitCode
from jobs_config.loader import load_source
from jobs_config.settings import load_settings
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.connection import parse_address
from spark_jobs.extract.snapshot import open_snapshot
from spark_jobs.extract.source_totals import source_totals


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "verify", "compare source, lake and warehouse: rows and money per table and month", run,
        "booksales verify", "booksales verify --now", "booksales verify --json",
    )  # fmt: skip
    verb.add_argument(
        "--now", action="store_true", help="also say what the source has gained since it was last counted"
    )
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    ledger = RunLedger(state.ledger_url)
    comparisons = comparing.verify(ledger, state.lake, warehouse_of(state))
    differences = [comparison for comparison in comparisons if not comparison.agrees]
    gained = _gained(state, ledger) if arguments.now else {}
    if arguments.json:
        print(
            as_json(
                {
                    "comparisons": len(comparisons),
                    "differences": [asdict(item) for item in differences],
                    "gained": gained,
                }
            )
        )
    else:
        _print(comparisons, differences, gained, arguments.now)
    return ExitCode.ATTENTION if differences else ExitCode.DONE


def _print(
    comparisons: list[Comparison], differences: list[Comparison], gained: dict[str, int], asked_now: bool
) -> None:
    lines = sum(item.source for item in comparisons if item.what == "live sale lines" and item.source is not None)
    if differences:
        titles = ["what", "month", "currency", "source", "lake", "quarantined", "warehouse", "erased"]
        print(
            as_table(
                titles, [["" if value is None else value for value in asdict(item).values()] for item in differences]
            )
        )
        print(
            f"{len(differences)} of {len(comparisons)} comparisons differ; `booksales reload` rebuilds lake and warehouse"
        )
    else:
        print(
            f"source, lake and warehouse agree in all {len(comparisons)} comparisons: {lines:,} live sale lines, to the cent"
        )
    if asked_now:
        changed = {table: rows for table, rows in gained.items() if rows}
        print(
            "since its tables were last counted the source has gained: "
            + (", ".join(f"{table} {rows:+,}" for table, rows in changed.items()) or "nothing")
        )


def _gained(state: StateFolder, ledger: RunLedger) -> dict[str, int]:
    """Rows each source table has gained (or lost) since a run last counted it: one that had changed, or all in a reload."""
    settings = load_settings()
    source = find_source(state, settings)
    last = ledger.last_read()
    up_to = last["run_seq"] if last else 0
    with open_snapshot(parse_address(source.url, source.password), load_source(settings.source)) as snapshot:
        return {
            name: sum(total.rows for total in source_totals(snapshot, table, settings.time_zone))
            - _counted(ledger, name, up_to)
            for name, table in snapshot.tables.items()
        }


def _counted(ledger: RunLedger, table: str, up_to: int) -> int:
    counting = ledger.run_that_counted(table, up_to)
    totals = ledger.source_totals(counting) if counting is not None else []
    return sum(row["row_count"] for row in totals if row["table_name"] == table)
