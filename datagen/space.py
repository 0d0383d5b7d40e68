"""What a plan takes: disk, memory and time, said before any work starts."""

from dataclasses import dataclass

from datagen.files.formats import CSV, DELTA, PARQUET
from datagen.plan import ShopPlan
from datagen.sizes import sizes_of
from jobs_config.errors import RefusedError
from jobs_config.machine import GIGABYTE, MEGABYTE

POSTGRES = "postgres"

# Measured at a million sales and more, rounded up; PostgreSQL and CSV are estimates. Bytes of a sale and of a customer, index and heap
# alike, and CPU seconds of a million sales. The rest of a shop is small beside them.
SALE_BYTES = {PARQUET: 22, DELTA: 22, CSV: 150, POSTGRES: 300}
CUSTOMER_BYTES = {PARQUET: 60, DELTA: 60, CSV: 140, POSTGRES: 420}
MILLION_SECONDS = {PARQUET: 2.0, DELTA: 2.0, CSV: 3.0, POSTGRES: 8.0}
# Returned lines on their way, in files that are removed at the end.
CARRIED_BYTES = 6
# A process that makes blocks, and what it holds of each customer.
PROCESS_BYTES = 500 * MEGABYTE
HELD_BYTES = 250
START_SECONDS = 3
# What is left free, for whoever else uses the disk.
SPARE_BYTES = GIGABYTE // 2


@dataclass(frozen=True)
class Needs:
    """Bytes of disk and memory, and about how many seconds on a machine with nothing else to do."""

    disk_bytes: int
    memory_bytes: int
    seconds: int


def needs_of(plan: ShopPlan, target: str, processes: int) -> Needs:
    """What a plan takes by target: a format of files, or PostgreSQL, which one process fills."""
    customers, working = sizes_of(plan).customers, 1 if target == POSTGRES else processes
    carried = 0 if target == POSTGRES else CARRIED_BYTES
    return Needs(
        disk_bytes=plan.sales * (SALE_BYTES[target] + carried) + customers * CUSTOMER_BYTES[target],
        memory_bytes=working * (PROCESS_BYTES + customers * HELD_BYTES) + customers * HELD_BYTES,
        seconds=START_SECONDS + round(plan.sales / 1e6 * MILLION_SECONDS[target] / working),
    )


def refuse_too_large(plan: ShopPlan, target: str, processes: int, disk_free: int, memory_free: int) -> None:
    """Raises RefusedError where disk or memory are too small, with what would fit."""
    needs = needs_of(plan, target, processes)
    if needs.disk_bytes + SPARE_BYTES > disk_free:
        fitting = max(disk_free - SPARE_BYTES, 0) * plan.sales // needs.disk_bytes
        raise RefusedError(
            f"{plan.sales:,} sales need about {in_gigabytes(needs.disk_bytes)} of disk, and {in_gigabytes(disk_free)} are free; "
            f"about {fitting:,} would fit"
        )
    if needs.memory_bytes > memory_free:
        fitting = max(int(memory_free / needs.memory_bytes * processes), 0)
        advice = f"--processes {fitting} would fit" if fitting else "fewer --sales would fit"
        raise RefusedError(
            f"{plan.sales:,} sales by {processes} processes need about {in_gigabytes(needs.memory_bytes)} of memory, and "
            f"{in_gigabytes(memory_free)} are there; {advice}"
        )


def in_gigabytes(count: int) -> str:
    return f"{count / GIGABYTE:,.1f} GiB"
