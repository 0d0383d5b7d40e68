"""The mark that says a database is a generated shop, and of which plan; without it nothing here touches a database."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from psycopg2 import extensions

from datagen.plan import ShopPlan
from jobs_config.errors import RefusedError

# Raise it with every change that gives the same plan other data or other tables.
FORMAT_VERSION = 2

NAMED_TABLES = 3

HAS_MARK = "select to_regclass('public.datagen_shop_mark') is not null"
# Marks of earlier versions have neither anomalies nor faults.
READ_MARK = """
select
    sales,
    years,
    seed,
    until,
    coalesce((to_jsonb(datagen_shop_mark) ->> 'anomalies')::integer, 0) as anomalies,
    coalesce((to_jsonb(datagen_shop_mark) ->> 'faults')::double precision, 0) as faults,
    format_version,
    generated_at,
    row_counts
from public.datagen_shop_mark
"""
WRITE_MARK = """
insert into public.datagen_shop_mark (sales, years, seed, until, anomalies, faults, format_version, row_counts)
values (%(sales)s, %(years)s, %(seed)s, %(until)s, %(anomalies)s, %(faults)s, %(format_version)s, %(row_counts)s)
"""
# Tables, views and foreign tables of people; not those that belong to an extension.
USER_TABLES = """
select pg_namespace.nspname || '.' || pg_class.relname
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
where
    pg_class.relkind in ('r', 'p', 'f', 'm', 'v')
    and pg_namespace.nspname <> 'information_schema'
    and pg_namespace.nspname !~ '^pg_'
    and not exists (
        select from pg_depend
        where
            pg_depend.classid = 'pg_class'::regclass
            and pg_depend.objid = pg_class.oid
            and pg_depend.deptype = 'e'
    )
order by 1
"""


@dataclass(frozen=True)
class ShopMark:
    """What the mark says: the plan, and the rows each table had when the shop was generated."""

    sales: int
    years: int
    seed: int
    until: date
    anomalies: int
    faults: float
    format_version: int
    generated_at: datetime
    row_counts: dict[str, int]

    def is_of(self, plan: ShopPlan) -> bool:
        """Whether generating this plan would make the same data again."""
        planned = ShopPlan(self.sales, self.years, self.seed, self.until, self.anomalies, self.faults)
        return planned == plan and self.format_version == FORMAT_VERSION

    def __str__(self) -> str:
        planted = f"anomalies={self.anomalies} faults={self.faults:g}"
        return f"sales={self.sales} years={self.years} seed={self.seed} until={self.until} {planted} format={self.format_version}"


def find_mark(cursor: extensions.cursor) -> ShopMark | None:
    cursor.execute(HAS_MARK)
    if cursor.fetchone() != (True,):
        return None
    cursor.execute(READ_MARK)
    row = cursor.fetchone()
    return ShopMark(*row) if row else None


def write_mark(cursor: extensions.cursor, plan: ShopPlan, row_counts: dict[str, int]) -> None:
    values = {
        "sales": plan.sales,
        "years": plan.years,
        "seed": plan.seed,
        "until": plan.until,
        "anomalies": plan.anomalies,
        "faults": plan.faults,
        "format_version": FORMAT_VERSION,
        "row_counts": json.dumps(row_counts),
    }
    cursor.execute(WRITE_MARK, values)


def refuse_foreign_database(cursor: extensions.cursor) -> None:
    """Raises RefusedError where somebody else's tables are: only an empty database or a marked one is ours."""
    cursor.execute(USER_TABLES)
    found = [name for (name,) in cursor.fetchall()]
    if found:
        raise RefusedError(
            f"the database is not a generated shop: it has no mark (datagen_shop_mark), but {len(found)} tables or "
            f"views of its own ({', '.join(found[:NAMED_TABLES])} …); nothing was changed, name an empty database"
        )
