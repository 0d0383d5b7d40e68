"""Views that somebody has saved: a page of the dashboard with its filters, under a name. Nobody sees another's."""

import time
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Engine, RowMapping

from api.auth.schema import SAVED_VIEW
from api.database import writing
from jobs_config.errors import BooksalesError

MOST_VIEWS = 100


class SavedViewError(BooksalesError):
    """The view cannot be saved as things stand."""


class NoSavedViewError(BooksalesError):
    """Its owner has no view of that name."""


class SavedViews:
    """Reads and changes the saved views of one user at a time, by name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, owner: str) -> Sequence[RowMapping]:
        """The owner's views, in order of their names."""
        asked = sa.select(SAVED_VIEW).where(SAVED_VIEW.c.owner == owner).order_by(SAVED_VIEW.c.name)
        with self._engine.connect() as connection:
            return connection.execute(asked).mappings().all()

    def save(self, owner: str, name: str, page: str, query: str) -> RowMapping:
        """Save a view; one of the same name is replaced. Raises SavedViewError where there are too many."""
        is_it = (SAVED_VIEW.c.owner == owner) & (SAVED_VIEW.c.name == name)
        with writing(self._engine) as connection:
            connection.execute(SAVED_VIEW.delete().where(is_it))
            counted = sa.select(sa.func.count()).select_from(SAVED_VIEW).where(SAVED_VIEW.c.owner == owner)
            if connection.execute(counted).scalar_one() >= MOST_VIEWS:
                raise SavedViewError(f"there are {MOST_VIEWS} saved views already; delete one first")
            values = {"owner": owner, "name": name, "page": page, "query": query}
            connection.execute(SAVED_VIEW.insert().values(**values, saved_at=int(time.time())))
            return connection.execute(sa.select(SAVED_VIEW).where(is_it)).mappings().one()

    def delete(self, owner: str, name: str) -> None:
        """Delete a view. Raises NoSavedViewError."""
        is_it = (SAVED_VIEW.c.owner == owner) & (SAVED_VIEW.c.name == name)
        with writing(self._engine) as connection:
            if connection.execute(SAVED_VIEW.delete().where(is_it)).rowcount == 0:
                raise NoSavedViewError(f"no saved view {name!r}; /api/views/ lists those there are")
