"""Generate a shop into a PostgreSQL database, read its mark, and say beforehand how large it becomes."""

from dataclasses import dataclass

from psycopg2 import extensions

from datagen.database import hold_generation_lock, shop_transaction
from datagen.gone import tombstones_table
from datagen.load import (
    FOREIGN_KEYS_STEP,
    INDEXES_STEP,
    TABLES_STEP,
    TRIGGERS_STEP,
    analyse,
    copy_rows,
    drop_tables,
    move_sequences,
    run_schema,
)
from datagen.mark import ShopMark, find_mark, refuse_foreign_database, write_mark
from datagen.plan import ShopPlan
from datagen.shop_faults import damage
from datagen.sizes import sizes_of
from datagen.world import make_world, plan_sales, sell
from jobs_config.errors import RefusedError
from jobs_config.progress import Progress


@dataclass(frozen=True)
class GeneratedShop:
    """A shop in its database: the rows of each table when it was generated, and whether that was just now."""

    row_counts: dict[str, int]
    is_new: bool


def generate_shop(dsn: str, plan: ShopPlan, progress: Progress, replace: bool = False) -> GeneratedShop:
    """Fill an empty database with the plan's shop, in one transaction: afterwards all of it is there, or nothing.

    A shop of the same plan is left as it is, whatever happened in it since; with `replace` any generated shop is
    wiped and filled anew. Raises ConfigError if the database cannot be reached; RefusedError for a database that is
    not a generated shop, for another plan's shop without `replace`, and for one in use; ShopError if PostgreSQL fails.
    """
    with shop_transaction(dsn) as cursor:
        hold_generation_lock(cursor)
        mark = find_mark(cursor)
        if mark is None:
            refuse_foreign_database(cursor)
        elif replace:
            drop_tables(cursor)
        elif mark.is_of(plan):
            return GeneratedShop(mark.row_counts, is_new=False)
        else:
            raise RefusedError(f"the database holds another generated shop ({mark}); it is wiped only with replace")
        return _fill(cursor, plan, progress)


def read_mark(dsn: str) -> ShopMark | None:
    """The mark of a generated shop, None for any other database; raises ConfigError if it cannot be reached."""
    with shop_transaction(dsn) as cursor:
        return find_mark(cursor)


def preview(plan: ShopPlan) -> dict[str, int]:
    """The rows each table gets, without a database and without drawing the sales."""
    row_counts = {name: rows.num_rows for name, rows in make_world(plan).tables}
    return row_counts | {"sales_sale": plan.sales, "etl_tombstone": sizes_of(plan).tombstones}


def _fill(cursor: extensions.cursor, plan: ShopPlan, progress: Progress) -> GeneratedShop:
    run_schema(cursor, TABLES_STEP)
    row_counts = _load(cursor, plan, progress)
    with progress.phase("index the shop"):
        run_schema(cursor, INDEXES_STEP)
        move_sequences(cursor, row_counts)
    with progress.phase("check foreign keys"):
        run_schema(cursor, FOREIGN_KEYS_STEP)
    if plan.faults:
        with progress.phase("plant faults"):
            progress.note(f"{damage(cursor, plan):,} rows are damaged; table datagen_fault says how")
    run_schema(cursor, TRIGGERS_STEP)
    analyse(cursor, row_counts)
    write_mark(cursor, plan, row_counts)
    return GeneratedShop(row_counts, is_new=True)


def _load(cursor: extensions.cursor, plan: ShopPlan, progress: Progress) -> dict[str, int]:
    """Rows loaded by table."""
    with progress.phase("make books, stores and customers"):
        world = make_world(plan)
    with progress.phase("load books, stores and customers"):
        row_counts = {name: copy_rows(cursor, name, [rows]) for name, rows in world.tables}
    with progress.phase("load sales"):
        sales = plan_sales(world)
        row_counts["sales_sale"] = copy_rows(
            cursor, "sales_sale", sell(sales), lambda done: progress.update(done, plan.sales)
        )
        row_counts["etl_tombstone"] = copy_rows(cursor, "etl_tombstone", [tombstones_table(plan, sales.blocks)])
    return row_counts
