"""numpy as it is often used: columns of independent random numbers, to Parquet.   generate_numpy.py ROWS FOLDER

No orders, seasons, launches, tastes or returns: what a generator costs that makes columns and no shop.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet

PIECE = 500_000


def main() -> None:
    rows, folder = int(sys.argv[1]), sys.argv[2]
    random = np.random.default_rng(7)
    for piece, start in enumerate(range(0, rows, PIECE)):
        count = min(PIECE, rows - start)
        columns = {
            "id": np.arange(start, start + count),
            "book_id": random.integers(1, 20_000, count),
            "customer_id": random.integers(1, 60_000, count),
            "store_id": random.integers(1, 120, count),
            "sold_at": pa.array(random.integers(0, 157_680_000, count) * 1_000_000, pa.timestamp("us", "UTC")),
            "unit_price": random.integers(299, 3_599, count),
            "quantity": random.integers(1, 4, count),
            "discount_amount": random.integers(0, 500, count),
            "tax_amount": random.integers(0, 300, count),
            "currency": pa.array(("USD", "GBP", "CAD", "EUR")).take(pa.array(random.integers(0, 4, count))),
        }
        pyarrow.parquet.write_table(pa.table(columns), f"{folder}/part-{piece:05d}.parquet", compression="zstd")


if __name__ == "__main__":
    main()
