"""What moved, against the two windows asked for one by one."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from small_star import FIRST_DAY, LAST_DAY

from warehouse.movement import plan_movement
from warehouse.planner import Question, plan
from warehouse.ranking import BOOK_DIMENSIONS
from warehouse.semantic import load_model

MODEL = load_model()
WITHOUT_ROLLUPS = MODEL.model_copy(update={"rollups": {}, "recurrences": {}})
MOST = 3


def windows(random):
    """A window, and another one that need not lie before it."""
    for _ in range(2):
        first = FIRST_DAY + timedelta(random.randrange((LAST_DAY - FIRST_DAY).days))
        yield first, first + timedelta(random.choice((1, 7, 30, 31, 45, 92, 180)))


def sums(generation, question, metric):
    planned = plan(replace(question, limit=None), WITHOUT_ROLLUPS)
    rows = generation.rows(planned.sql, planned.parameters)
    return {tuple(row[name] for name in question.dimensions): row[metric] for row in rows}


@pytest.mark.parametrize("metric", ["net_revenue", "net_units", "margin"])
@pytest.mark.parametrize("dimensions", [BOOK_DIMENSIONS, ("genre",), ("publisher",), ("region", "channel")])
def test_the_largest_gains_and_losses_are_those_of_the_two_windows_by_themselves(generation, dimensions, metric):
    random = Random(f"{dimensions} {metric}")
    for _ in range(20):
        filters = random.choice([{}, {"format": ["ebook"]}, {"country": ["Germany"]}])
        now, then = (Question((metric,), *days, dimensions, filters, limit=MOST) for days in windows(random))
        planned = plan_movement(now, then, MODEL)

        rows = generation.rows(planned.sql, planned.parameters)

        current, previous = (sums(generation, question, metric) for question in (now, then))
        changes = {key: current.get(key, 0) - previous.get(key, 0) for key in {**current, **previous}}
        told = {tuple(row[name] for name in dimensions): row for row in rows}
        assert {key: changes[key] for key in told} == {key: row["change"] for key, row in told.items()}
        assert all(row["current"] - row["previous"] == row["change"] for row in rows)
        assert {row["member_count"] for row in rows} <= {len(changes)}
        found = sorted((row["change"] for row in rows), reverse=True)
        gains = sorted((change for change in changes.values() if change > 0), reverse=True)[:MOST]
        losses = sorted(change for change in changes.values() if change < 0)[:MOST]
        assert found == gains + losses[::-1]
        assert [row["change"] for row in rows] == found


def test_two_spans_of_days_are_read_one_by_one(generation):
    """DuckDB skips what lies outside one span, and would read the whole table for two that an `or` joins."""
    first = FIRST_DAY.replace(day=15)
    question = Question(("net_revenue",), first, first + timedelta(100), BOOK_DIMENSIONS)

    planned = plan(question, MODEL)

    assert planned.sql.count("from analytics.rollup_book_daily") == 2
    assert " or " not in planned.sql
    begin = first.replace(day=1)
    whole = plan(Question(("net_revenue",), begin, begin.replace(year=begin.year + 1), BOOK_DIMENSIONS), MODEL)
    assert whole.tables == ("rollup_book_monthly",)
