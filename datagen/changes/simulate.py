"""Simulate further business days of a generated shop, one transaction per day."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from psycopg2 import extensions

from datagen.changes.clock import SimulatedClock
from datagen.changes.day import plan_day
from datagen.changes.kinds import Simulation
from datagen.changes.write import write_day
from datagen.database import hold_generation_lock, shop_transaction
from datagen.load import SIMULATED_DAYS_STEP, run_schema
from datagen.mark import ShopMark, find_mark
from datagen.names import NamePools, make_names
from datagen.plan import ShopPlan
from jobs_config.errors import RefusedError
from jobs_config.progress import Progress

HAS_DAYS = "select to_regclass('public.datagen_simulated_day') is not null"
LAST_DAY = "select max(day) from datagen_simulated_day"
RECORD_DAY = """
insert into datagen_simulated_day (day, seed, row_counts) values (%(day)s, %(seed)s, %(row_counts)s)
"""


@dataclass(frozen=True)
class SimulatedDay:
    """A business day and the rows it changed, by kind of change."""

    day: date
    row_counts: dict[str, int]


def simulate_days(
    dsn: str, simulation: Simulation, progress: Progress, now: datetime | None = None
) -> list[SimulatedDay]:
    """Add the days that follow the shop's last one; each is committed by itself, so an interrupted run keeps whole days.

    The same shop, seed and day make the same changes, but for updated_at, deleted_at and tombstones, which the wall
    clock sets, for ids after an attempt that was undone, and for the instants of a day that is still going on.
    Raises RefusedError for a database without the mark, for days after today, and where another generation runs.
    """
    moment = now or datetime.now(UTC)
    days, names = _days_to_come(dsn, simulation, moment)
    done = []
    for day in days:
        with progress.phase(f"simulate {day}"):
            done.append(_simulate(dsn, simulation, day, moment, names))
    return done


def preview_days(dsn: str, simulation: Simulation, now: datetime | None = None) -> list[SimulatedDay]:
    """What `simulate_days` would do; nothing is written. Days after the first are seen from the shop as it is now."""
    moment = now or datetime.now(UTC)
    days, _ = _days_to_come(dsn, simulation, moment)
    previews = []
    with shop_transaction(dsn) as cursor:
        cursor.execute("set transaction read only")
        mark = _mark_of_shop(cursor)
        for day in days:
            clock = _clock(mark, simulation, day, moment)
            previews.append(SimulatedDay(day, plan_day(cursor, clock, simulation).row_counts))
    return previews


def _days_to_come(dsn: str, simulation: Simulation, now: datetime) -> tuple[list[date], NamePools]:
    with shop_transaction(dsn) as cursor:
        cursor.execute("set transaction read only")
        mark = _mark_of_shop(cursor)
        last = last_day(cursor, mark)
    _refuse_days_to_come(last, simulation.days, now.astimezone(UTC).date())
    return [last + timedelta(days=n + 1) for n in range(simulation.days)], make_names(_plan(mark))


def _simulate(dsn: str, simulation: Simulation, day: date, now: datetime, names: NamePools) -> SimulatedDay:
    with shop_transaction(dsn) as cursor:
        hold_generation_lock(cursor)
        mark = _mark_of_shop(cursor)
        run_schema(cursor, SIMULATED_DAYS_STEP)
        if last_day(cursor, mark) != day - timedelta(days=1):
            raise RefusedError(f"somebody else simulated {day} meanwhile, or generated the shop anew; look, then go on")
        clock = _clock(mark, simulation, day, now)
        changes = plan_day(cursor, clock, simulation)
        write_day(cursor, clock, changes, names)
        values = {"day": day, "seed": clock.seed, "row_counts": json.dumps(changes.row_counts)}
        cursor.execute(RECORD_DAY, values)
        return SimulatedDay(day, changes.row_counts)


def last_day(cursor: extensions.cursor, mark: ShopMark) -> date:
    """The last business day the shop has: that of its generation, or the last that was simulated."""
    cursor.execute(HAS_DAYS)
    if cursor.fetchone() != (True,):
        return mark.until
    cursor.execute(LAST_DAY)
    (day,) = cursor.fetchone() or (None,)
    return day or mark.until


def _mark_of_shop(cursor: extensions.cursor) -> ShopMark:
    mark = find_mark(cursor)
    if mark is None:
        raise RefusedError(
            "the database is not a generated shop: it has no mark (datagen_shop_mark); nothing was changed, "
            "generate a shop first"
        )
    return mark


def _refuse_days_to_come(last: date, days: int, today: date) -> None:
    end = last + timedelta(days=days)
    if end > today:
        raise RefusedError(
            f"the shop has sales until {last}, so {days} more days would end on {end}, after today ({today}); simulate "
            f"{max((today - last).days, 0)} at most, or make room by `generate --until` an earlier day"
        )


def _plan(mark: ShopMark) -> ShopPlan:
    return ShopPlan(mark.sales, mark.years, mark.seed, mark.until)


def _clock(mark: ShopMark, simulation: Simulation, day: date, now: datetime) -> SimulatedClock:
    seed = mark.seed if simulation.seed is None else simulation.seed
    return SimulatedClock(_plan(mark), day, seed, now)
