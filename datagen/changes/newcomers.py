"""New customers as rows of sales_customer."""

import pyarrow as pa
import pyarrow.compute as pc

from datagen.arrays import Columns, Ints
from datagen.changes.clock import SimulatedClock
from datagen.changes.read import row_count
from datagen.columns import instants, picked
from datagen.names import NamePools, ascii_name
from datagen.people import CONSENT_SHARE, DOMAINS, SEGMENTS


def newcomers_table(clock: SimulatedClock, newcomers: Columns, ids: Ints, names: NamePools) -> pa.Table:
    """One row per newcomer; the id in the e-mail address makes it unique, as in the generated ones."""
    random = clock.random("new customers")
    first, last = names.draw(random, newcomers["country"])
    local = pc.binary_join_element_wise(
        picked([ascii_name(name) for name in names.first], first),
        picked([ascii_name(name) for name in names.last], last),
        ".",
    )
    numbered = pc.binary_join_element_wise(local, pa.array(ids).cast(pa.string()), "")
    domains = picked(DOMAINS, random.integers(0, len(DOMAINS), len(ids)))
    return pa.table(
        {
            "id": ids,
            "email": pc.binary_join_element_wise(numbered, domains, "@"),
            "full_name": pc.binary_join_element_wise(picked(names.first, first), picked(names.last, last), " "),
            "region_id": newcomers["region"],
            "segment": picked(SEGMENTS, newcomers["segment"]),
            "marketing_consent": pa.array(random.random(row_count(newcomers)) < CONSENT_SHARE),
            "created_at": instants(newcomers["created"]),
        }
    )
