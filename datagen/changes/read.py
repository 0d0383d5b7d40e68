"""Query results as arrays."""

import numpy as np
from psycopg2 import extensions

from datagen.arrays import Columns, Ints


def read_columns(cursor: extensions.cursor, statement: str, values: dict[str, object]) -> Columns:
    """The columns that a query gives, by name; each must hold whole numbers only, so nothing is null."""
    cursor.execute(statement, values)
    rows = np.array(cursor.fetchall(), dtype=np.int64)
    names = [column.name for column in cursor.description or ()]
    return {name: rows[:, place] if rows.size else rows.ravel() for place, name in enumerate(names)}


def taken(columns: Columns, places: Ints) -> Columns:
    """The same columns with these rows only."""
    return {name: values[places] for name, values in columns.items()}


def joined(first: Columns, second: Columns) -> Columns:
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def row_count(columns: Columns) -> int:
    return len(next(iter(columns.values())))
