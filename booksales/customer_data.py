"""What is held about a person, read from the files without Spark: who somebody is, how much there is where, and all of it for them.

A person is known by the keyed hash of the shop's customer id; the e-mail's finds the id. Neither clear form is kept anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from booksales.lake_files import LakeFiles
from jobs_config.settings import Settings
from spark_jobs.extract.erased import digest_of
from spark_jobs.extract.pseudonym import keyed_hash
from warehouse.contract import load_contract
from warehouse.embedded.generations import generation_file, kept_generations

TABLES = (
    "silver.customers", "silver.sales", "silver.books", "silver.quarantine", "silver.suppressions", "gold.dim_customer",
    "gold.fact_sales",
)  # fmt: skip
DUCKDB_TYPES = {"string": "varchar", "array<string>": "varchar[]"}

BY_EMAIL = """
select customer_id, customer_hash from customers where source = $source and email_hash = $email
union
select cast(raw ->> 'customer_id' as bigint), raw ->> 'customer_hash' from quarantine
where source = $source and table_name = 'silver.customers' and (raw ->> 'email_hash') = $email
"""

IS_KNOWN = """
select exists (select 1 from customers where source = $source and customer_hash = $hash)
    or exists (select 1 from sales where source = $source and customer_id = $id)
    or exists (select 1 from dim_customer where source = $source and customer_hash = $hash)
    or exists (
        select 1 from quarantine
        where source = $source and table_name in ('silver.customers', 'silver.sales') and (raw ->> 'customer_id') = $text
    )
"""

HELD = {
    "silver.customers": "select count(*) from customers where source = $source and customer_id in (select unnest($ids))",
    "silver.sales": "select count(*) from sales where source = $source and customer_id in (select unnest($ids))",
    "silver.quarantine": "select count(*) from quarantine where source = $source and table_name in ('silver.customers', "
    "'silver.sales') and (raw ->> 'customer_id') in (select cast(unnest($ids) as varchar))",
    "gold.dim_customer": "select count(*) from dim_customer where source = $source and customer_hash in (select unnest($hashes))",
    "gold.fact_sales": "select count(*) from fact_sales semi join (select customer_key from dim_customer where source = $source "
    "and customer_hash in (select unnest($hashes))) using (customer_key)",
}
WHOSE = pa.schema([("_source", pa.string()), ("customer_id", pa.int64())])
IN_BRONZE = "select count(*) from delivered where _source = $source and customer_id in (select unnest($ids))"
IN_GENERATION = "select count(*) from analytics.dim_customer where customer_hash in (select unnest($hashes))"

LINES = """
select sales.sale_id, order_id, line_number, kind, sale_date, sold_at, title, isbn13, quantity, unit_price, discount_amount,
    tax_amount, sales.currency, store_id, promotion_id, original_sale_id, sales.created_at, sales.updated_at, sales.deleted_at
from sales left join books on sales.source = books.source and sales.book_id = books.book_id
where sales.source = $source and customer_id = $id
order by sold_at, sale_id
"""
ASIDE = """
select table_name, reasons, raw from quarantine
where source = $source and table_name in ('silver.customers', 'silver.sales') and (raw ->> 'customer_id') = $text
order by all
"""


@dataclass(frozen=True)
class Person:
    """A customer by the shop's id, and what is known of them: held somewhere, or on the list of suppressions."""

    customer_id: int
    customer_hash: str
    is_held: bool
    is_suppressed: bool

    @property
    def digest(self) -> str:
        """How the list of suppressions knows them."""
        return digest_of(self.customer_hash)


class CustomerData:
    """Lake and warehouse of an installation, open for questions about people; use it as a block."""

    def __init__(self, lake: LakeFiles, warehouse: Path, source: str, key: bytes) -> None:
        self._lake, self._warehouse, self._source, self._key = lake, warehouse, source, key
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        for table in TABLES:
            self._open(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def by_id(self, customer_id: int) -> Person:
        """The person with a customer id, known or not."""
        hashed = keyed_hash(str(customer_id), "id", self._key)
        named = {"hash": hashed, "id": customer_id, "text": str(customer_id)}
        ((is_held,),) = self._ask(IS_KNOWN, **named)
        on_list = "select exists (select 1 from suppressions where source = $source and customer_digest = $digest)"
        ((is_suppressed,),) = self._ask(on_list, digest=digest_of(hashed))
        return Person(customer_id, hashed, is_held, is_suppressed)

    def by_email(self, email: str) -> list[Person]:
        """Every customer with an e-mail, in the order of their ids; a person may have several accounts."""
        rows = self._ask(BY_EMAIL, email=keyed_hash(email, "email", self._key))
        return [self.by_id(customer_id) for customer_id, _ in sorted(rows)]

    def held(self, people: Sequence[Person]) -> dict[str, int]:
        """Rows about these people by place, and kept generations that hold one of them. Old versions of tables are not counted."""
        named = {
            "ids": [person.customer_id for person in people],
            "hashes": [person.customer_hash for person in people],
        }
        found = {place: int(self._ask(sql, **_named_in(sql, named))[0][0]) for place, sql in HELD.items()}
        for name in ("customers", "sales"):
            found[f"bronze.{name}"] = self._delivered(name, named["ids"])
        found["warehouse generations"] = sum(self._is_in_generation(n, named) for n in self._generations())
        return found

    def everything(self, person: Person, settings: Settings) -> dict[str, object]:
        """All that is held about one person, where it is kept and for how long."""
        named = {"id": person.customer_id}
        text = {"text": str(person.customer_id)}
        customer = self._rows("select * from customers where source = $source and customer_id = $id", **named)
        member = "select * from dim_customer where source = $source and customer_hash = $hash"
        return {
            "source": self._source,
            "customer_id": person.customer_id,
            "is_suppressed": person.is_suppressed,
            "customer": customer[0] if customer else None,
            "customer_in_the_star": next(iter(self._rows(member, hash=person.customer_hash)), None),
            "sales": self._rows(LINES, **named),
            "quarantined": self._rows(ASIDE, **text),
            "rows_by_place": self.held([person]),
            "kept_for": kept_for(settings),
        }

    def _delivered(self, table: str, ids: object) -> int:
        rows = self._lake.delivered(table, WHOSE)
        if rows is None:
            return 0
        self._connection.register("delivered", rows)
        return int(self._ask(IN_BRONZE, ids=ids)[0][0])

    def _generations(self) -> list[int]:
        return kept_generations(self._warehouse)

    def _is_in_generation(self, generation: int, named: Mapping[str, object]) -> bool:
        path = generation_file(self._warehouse, generation)
        with duckdb.connect(str(path), read_only=True) as opened:
            row = opened.execute(IN_GENERATION, {"hashes": named["hashes"]}).fetchone()
        return row is not None and row[0] > 0

    def _open(self, table: str) -> None:
        """Make a table readable by its name; one that does not exist yet is empty."""
        name = table.split(".")[1]
        if self._lake.exists(table):
            self._connection.register(name, self._lake.rows(table))
        else:
            columns = load_contract(table).columns.items()
            types = ", ".join(f'"{column}" {DUCKDB_TYPES.get(spec.type, spec.type)}' for column, spec in columns)
            self._connection.execute(f"create table {name} ({types})")

    def _ask(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, {"source": self._source, **parameters}).fetchall()

    def _rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        found = self._connection.execute(sql, {"source": self._source, **parameters})
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def kept_for(settings: Settings) -> dict[str, str]:
    """How long each place keeps what it holds."""
    return {
        "silver, gold": "while the shop has it, or until it is erased; earlier versions of a table at least "
        f"{settings.lake_retention_hours} hours, until `booksales maintain` runs",
        "silver.quarantine": "until the record passes, changes or is gone, or until it is erased",
        "bronze": f"{settings.bronze_retention_days} days, and the newest delivery of a table longer",
        "warehouse generations": f"the newest {settings.keep_generations}, and the one that serves",
    }


def _named_in(sql: str, named: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in named.items() if f"${name}" in sql}
