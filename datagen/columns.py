"""From arrays to the Arrow columns that COPY loads."""

import numpy as np
import pyarrow as pa

from datagen.arrays import Flags, Ints

MONEY = pa.decimal128(12, 2)
RATE = pa.decimal128(18, 8)


def decimals(unscaled: Ints, kind: pa.Decimal128Type = MONEY) -> pa.Array:
    """Exact decimals from their unscaled integers: cents for money, 1e-8 for rates."""
    words = np.empty((len(unscaled), 2), dtype=np.int64)
    words[:, 0] = unscaled
    words[:, 1] = unscaled >> 63  # the sign fills the upper half of the 128 bits
    return pa.Array.from_buffers(kind, len(unscaled), [None, pa.py_buffer(words)])


def days(numbers: Ints, missing: Flags | None = None) -> pa.Array:
    return pa.array(numbers.astype(np.int32), pa.int32(), mask=missing).cast(pa.date32())


def instants(micros: Ints, missing: Flags | None = None) -> pa.Array:
    # Without a zone: Arrow writes zoned instants to CSV ten times slower. The loading session runs in UTC.
    return pa.array(micros, pa.timestamp("us"), mask=missing)


def optional(values: Ints, missing: Flags) -> pa.Array:
    return pa.array(values, pa.int64(), mask=missing)


def picked(names: list[str] | tuple[str, ...], codes: Ints) -> pa.Array:
    """The name behind each code."""
    return pa.array(names, pa.string()).take(pa.array(codes))


def life(created: Ints, updated: Ints | None = None, deleted: Flags | None = None) -> dict[str, pa.Array]:
    """The three columns every table ends with; a soft delete is the row's last update."""
    changed = created if updated is None else updated
    alive = np.ones(len(created), dtype=bool) if deleted is None else ~deleted
    return {
        "created_at": instants(created),
        "updated_at": instants(changed),
        "deleted_at": instants(changed, missing=alive),
    }


def row_ids(count: int) -> Ints:
    return np.arange(1, count + 1, dtype=np.int64)
