"""Databases of the API for tests, of each kind that is supported."""

from pathlib import Path

import pytest
import sqlalchemy as sa


def database_url(request: pytest.FixtureRequest, folder: Path, environment: pytest.MonkeyPatch) -> str:
    """The URL of an empty database: a file, or one on the embedded PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'api.db'}"
    dsn = request.getfixturevalue("shop_database")
    if "://" not in dsn:
        parts = dict(part.split("=", 1) for part in dsn.split())
        environment.setenv("BOOKSALES_CONTROL_PASSWORD", parts["password"])
        return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    url = sa.make_url(dsn)
    environment.setenv("BOOKSALES_CONTROL_PASSWORD", url.password or "")
    return url.set(password=None, drivername="postgresql").render_as_string()
