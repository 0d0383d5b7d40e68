from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redshift_stand_in import BUCKET, ROLE

from warehouse.redshift.address import PASSWORD_VARIABLE
from warehouse.redshift.warehouse import Copying, RedshiftWarehouse


@pytest.fixture
def place(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty Redshift; its password is where it belongs, in the environment."""
    gateway.wipe()
    monkeypatch.setenv(PASSWORD_VARIABLE, gateway.passwords["admin"])
    return f"redshift://admin@127.0.0.1:{gateway.port}/analytics"


@pytest.fixture
def warehouse(place: str) -> Iterator[RedshiftWarehouse]:
    """A Redshift of the test's own, nothing published."""
    warehouse = RedshiftWarehouse(place, Copying(f"s3://{BUCKET}/export", ROLE))
    yield warehouse
    warehouse.close()


@pytest.fixture
def ask(redshift: Callable[..., Any], place: str) -> Callable[[str], list[list[Any]]]:
    """Rows of a query, asked past the warehouse by a connection of the test's own."""
    connection = redshift()

    def ask(sql: str) -> list[list[Any]]:
        cursor = connection.cursor()
        cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()]

    return ask
