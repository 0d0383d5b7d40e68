"""The table that extraction is measured on, for the contestants: where it is comes from the environment, for it holds a password."""

import os

TABLE = "sales_sale"
URL = os.environ.get("BENCH_SOURCE_URL", "")
READERS = 2


def halves(pages: int) -> list[str]:
    """Conditions that cut the table into two parts of equal pages."""
    middle = pages // READERS
    return [f"ctid < '({middle},0)'::tid", f"ctid >= '({middle},0)'::tid"]
