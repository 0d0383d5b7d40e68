"""What stands for a job where a state machine is tested: it keeps a run in the real ledger and ends as it was told, without Spark.

`stand_in_job.py FOLDER …`: each call takes the next word of FOLDER/orders and adds its own command line to FOLDER/calls.
"""

import json
import os
import sys
import time
from pathlib import Path

from jobs_config.job_start import given_arguments
from spark_jobs.control.lease_row import row_lease
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import RunLedger


def main(folder: Path, arguments: list[str]) -> int:
    """The exit code that was ordered."""
    with (folder / "calls").open("a") as calls:
        calls.write(json.dumps(arguments) + "\n")
    orders = (folder / "orders").read_text().split()
    order = orders[0] if orders else "done"
    (folder / "orders").write_text(" ".join(orders[1:]))
    command, named = (
        arguments[0],
        dict(word[2:].split("=", 1) for word in arguments if word.startswith("--") and "=" in word),
    )
    if order == "wait":
        # Until whoever has asked for it stops it.
        time.sleep(60)
    if order == "refuse":
        say("error: the shop cannot be reached")
        return 1
    if "execution" in named and order != "silent":
        keep_run(named["ledger"], command, named["execution"], order)
    return 0


def say(what: str) -> None:
    """A line that is out before the process is gone."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def keep_run(ledger_url: str, command: str, execution: str, order: str) -> None:
    """One run as a job keeps it. `die` leaves it as a process that was killed does: running, with a lease that nobody gives back."""
    with row_lease(ledger_url, command, life=6) as lease:
        ledger = RunLedger(ledger_url, lease)
        run_seq = ledger.start(command, "bookstore", execution=execution)
        if order == "die":
            say("Container killed on request")
            os._exit(137)
        if order == "fail":
            ledger.finish(run_seq, "failed", "silver.sales: 3 of 9 rows fail has_book")
            say("error: silver.sales: 3 of 9 rows fail has_book")
            # The lease is given back first, as a job does.
            lease.give_back()
            os._exit(1)
        aside = 40 if order == "quarantine" else 0
        ledger.record_step(run_seq, StepResult("silver_sales", "silver.sales", 1000, 1000 - aside, aside, 1, 0.1))
        ledger.finish(run_seq, "published")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), given_arguments(sys.argv[2:])))
