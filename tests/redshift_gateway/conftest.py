from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def run(redshift: Callable[..., Any]) -> Run:
    """Runs a statement by itself as the administrator; rows as lists, none for a statement without any."""
    connection = redshift()

    def run(sql: str, *values: object) -> Any:
        cursor = connection.cursor()
        cursor.paramstyle = "qmark"
        cursor.execute(sql, values) if values else cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()] if cursor.description else None

    run("create schema shop")
    return run
