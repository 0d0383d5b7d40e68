"""Rows that were deleted for good before the shop is first seen: their ids are missing, and the delete trigger noted them."""

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, Ints, instant_of, random_for
from datagen.blocks import Blocks
from datagen.columns import instants, picked, row_ids
from datagen.plan import ShopPlan


def lost_ids(plan: ShopPlan, blocks: Blocks, block: int) -> Ints:
    """Which of a block's ids are missing, in ascending order."""
    lost = int(blocks.lost[block])
    drawn = random_for(plan, "lost ids", block).choice(
        int(blocks.rows[block]) + lost, lost, replace=False, shuffle=False
    )
    return int(blocks.first_id[block]) + np.sort(drawn)


def kept_ids(plan: ShopPlan, blocks: Blocks, block: int) -> Ints:
    """The ids of a block's rows, in ascending order."""
    first, lost = int(blocks.first_id[block]), lost_ids(plan, blocks, block)
    is_kept = np.ones(int(blocks.rows[block]) + len(lost), dtype=bool)
    is_kept[lost - first] = False
    return first + np.flatnonzero(is_kept)


def tombstones_table(plan: ShopPlan, blocks: Blocks) -> pa.Table:
    """One row per missing id; each was deleted between about its arrival and the instant the shop is seen."""
    lost = [lost_ids(plan, blocks, block) for block in range(len(blocks))]
    ids = np.concatenate(lost)
    deleted_at = np.concatenate([_deleted_at(plan, blocks, block, of_block) for block, of_block in enumerate(lost)])
    return pa.table(
        {
            "id": row_ids(len(ids)),
            "table_name": picked(("sales_sale",), np.zeros(len(ids), dtype=np.int64)),
            "row_key": ids,
            "created_at": instants(deleted_at),
            "updated_at": instants(deleted_at),
            "deleted_at": instants(deleted_at),
        }
    )


def _deleted_at(plan: ShopPlan, blocks: Blocks, block: int, lost: Ints) -> Ints:
    first, last = (blocks.starts[block : block + 2] * DAY).tolist()
    share = (lost - int(blocks.first_id[block])) / max(int(blocks.rows[block]) + len(lost), 1)
    arrived = first + (share * (last - first)).astype(np.int64)
    left = instant_of(plan.as_of) - arrived
    return arrived + (random_for(plan, "lost at", block).random(len(lost)) * left).astype(np.int64)
