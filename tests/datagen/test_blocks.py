"""Sales cut into many blocks: each follows from the plan, and together they are one shop."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from datagen.carried import CarriedInMemory, nothing_carried
from datagen.plan import ShopPlan
from datagen.sales import make_sales, sales_table
from datagen.world import make_world, plan_sales

PLAN = ShopPlan(sales=30_000, years=1, until=date(2025, 6, 30))
BLOCK_LINES = 2_500


@pytest.fixture(scope="module")
def planned():
    return plan_sales(make_world(PLAN), BLOCK_LINES)


@pytest.fixture(scope="module")
def blocks(planned):
    """The rows of each block, as columns."""
    carried = CarriedInMemory()
    return [make_sales(planned, block, carried) for block in range(len(planned.blocks))]


@pytest.fixture(scope="module")
def rows(blocks):
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def test_blocks_hold_the_planned_rows_together_and_each_the_ones_foreseen(planned, blocks):
    assert [len(block["id"]) for block in blocks] == planned.blocks.rows.tolist()
    assert planned.blocks.rows.sum() == PLAN.sales
    assert len(blocks) == 12


def test_ids_and_arrivals_ascend_over_all_blocks(rows):
    assert (np.diff(rows["id"]) > 0).all()
    assert (np.diff(rows["created"]) >= 0).all()


def test_order_ids_are_used_once_over_all_blocks(rows):
    lines = Counter(zip(rows["order"].tolist(), rows["number"].tolist(), strict=True))

    assert max(lines.values()) == 1


def test_rows_arrive_in_the_days_of_their_block(planned, blocks):
    for number, block in enumerate(blocks):
        arrived_on = np.unique(block["created"] // (24 * 3600 * 1_000_000))
        assert planned.blocks.starts[number] <= arrived_on.min() <= arrived_on.max() < planned.blocks.starts[number + 1]


def test_a_return_finds_its_line_whichever_block_that_lies_in(rows):
    returned = np.flatnonzero(rows["quantity"] < 0)
    line = np.searchsorted(rows["id"], rows["original"][returned])
    block_of = returned - line

    assert (rows["id"][line] == rows["original"][returned]).all()
    assert block_of.max() > BLOCK_LINES  # some lie far apart
    for name in ("book", "customer", "promotion", "unit_price", "currency"):
        assert (rows[name][line] == rows[name][returned]).all(), name
    assert (rows["quantity"][line] >= -rows["quantity"][returned]).all()
    assert (rows["created"][line] <= rows["created"][returned]).all()
    assert (rows["created"][line] <= rows["sold_at"][returned]).all()
    assert len(np.unique(line)) == len(line)


def test_no_returned_line_was_deleted(rows):
    originals = rows["original"][rows["original"] > 0]

    assert not rows["is_deleted"][np.searchsorted(rows["id"], originals)].any()


def test_a_block_is_the_same_whatever_was_made_before_but_for_what_it_was_left(planned, blocks):
    class Left(CarriedInMemory):
        def take(self, target):
            return left

    carried = CarriedInMemory()
    for block in range(5):
        make_sales(planned, block, carried)
    left = carried.take(5)

    alone = make_sales(planned, 5, Left())

    assert len(left) > len(nothing_carried())
    assert all((alone[name] == blocks[5][name]).all() for name in alone)


def test_the_last_blocks_carry_nothing_beyond_the_plan(planned):
    assert np.tril(planned.blocks.returned, -1).sum() == 0
    assert planned.blocks.returned.sum() == round(PLAN.sales * 0.06)


def test_columns_of_all_blocks_make_one_table(blocks):
    table = pa.concat_tables(chunk for block in blocks for chunk in sales_table(block))

    assert table.num_rows == PLAN.sales
    assert table.column("id").null_count == 0


@pytest.mark.parametrize("sales", [1, 2, 7, 50])
def test_the_smallest_shops_have_their_lines_too(sales):
    planned = plan_sales(make_world(replace(PLAN, sales=sales)), BLOCK_LINES)

    assert len(make_sales(planned, 0, CarriedInMemory())["id"]) == sales
